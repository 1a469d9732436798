internal import Foundation
internal import LapseRules
internal import LapseService
internal import Testing

/// What happened in the sandbox of a test that failed, for whoever reads why.
enum WhatHappened {
    /// How many events an issue shows, and an attachment.
    private static let (mostShown, mostAttached) = (20, 2_000)
    /// The longest attachment, in bytes: a longer one is left out.
    private static let longest = 1 << 20

    /// The newest events, a line each, and what Lapse complained of.
    static func text(in tenant: LapseTenant) -> String {
        let (events, count) = tenant.lapse.newestEvents(of: tenant, most: mostShown)
        let heading =
            count == 0
            ? "Nothing happened in \(tenant.domain)."
            : count > events.count
                ? "The last \(events.count) of \(count) events of \(tenant.domain):" : "The events of \(tenant.domain):"
        let complaints = tenant.lapse.complaints
        return ([heading] + events.map { line($0, in: tenant) } + (complaints.isEmpty ? [] : ["Lapse says:"] + complaints))
            .joined(separator: "\n")
    }

    /// `#12  09:30:00  tokenRefused  adele  Lapse Native  local  50173`
    private static func line(_ event: LoggedEvent, in tenant: LapseTenant) -> String {
        let what = event.event
        let parts: [String?] = [
            "#\(event.id)", String(what.at.wholeSecondText.dropFirst(11).prefix(8)), what.kind.rawValue,
            what.user.map { tenant.name(of: $0.description) }, what.client.map { tenant.name(of: $0.description) },
            what.region?.description, what.code.map { String($0.rawValue) },
        ]
        return parts.compactMap(\.self).joined(separator: "  ")
    }

    /// Tells it beside the error that a test threw.
    static func warn(in tenant: LapseTenant, _ place: SourceLocation) {
        #if compiler(>=6.3)
            Issue.record(Comment(rawValue: text(in: tenant)), severity: .warning, sourceLocation: place)
        #endif
    }

    /// Attaches the log, the report, and the timelines of the users who are in the log.
    static func attach(in tenant: LapseTenant, _ place: SourceLocation) async {
        let (events, _) = tenant.lapse.newestEvents(of: tenant, most: mostAttached)
        func attach(_ text: String, _ name: String) {
            guard text.utf8.count <= longest else { return }
            Attachment.record(text, named: "\(tenant.domain)-\(name)", sourceLocation: place)
        }
        attach(events.map { line($0, in: tenant) + "\n" }.joined(), "events.txt")
        if let report = try? await tenant.lapse.control.answer("GET", tenant.path("report.md")) { attach(report.text, "report.md") }
        var users: [String] = []
        for user in events.reversed().compactMap({ $0.event.user?.description }) where !users.contains(user) { users.append(user) }
        for user in users.prefix(3) {
            let timeline = try? await tenant.lapse.control.answer("GET", tenant.path("users/\(user)/timeline.svg"))
            if let timeline { attach(timeline.text, "\(tenant.name(of: user))-timeline.svg") }
        }
    }
}
