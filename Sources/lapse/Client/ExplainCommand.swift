import ArgumentParser
import Foundation
import LapseClient
import LapseInstance
import LapseRules

/// `lapse explain TOKEN`.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Why a refresh token, session cookie or access token is accepted or refused, where, and when that changes.",
        discussion: "Looks in all tenants when the one that is asked does not know it. Exit status: 3 when nobody knows it.")

    @Argument(help: "The token, or the value of ESTSAUTH or ESTSAUTHPERSISTENT; - reads it from the standard input.")
    var token: String
    @Option(
        help: "Explain another instant than now, such as 2026-11-28, 2026-11-28T10:00 or RFC 3339.", transform: Given.instant)
    var at: Timestamp?
    @Option(help: "Only this region.")
    var region: String?
    @OptionGroup var instants: InstantOptions
    @OptionGroup var options: ServerOptions

    func run() async throws {
        let given = token == "-" ? readLine() ?? "" : token
        let text = given.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else { throw UsageError("<token>: there is nothing to explain") }
        guard let kind = Self.kind(of: text) else {
            StandardStream.complain(
                "this does not look like anything that Lapse issued: neither a refresh token nor an access token, nor a session's cookie "
                    + "or id; is it from another server, or cut off?")
            throw ExitCode.unknown
        }
        try await options.run(["region": "--region", "at": "--at"]) { client in
            guard let (answer, knowing) = try await find(text, kind, client) else {
                let nobody = "no tenant of \(client.server) knows this \(kind.replacing("_", with: " "))"
                StandardStream.complain("\(nobody); it is from another server, or its tenant was reset since")
                throw ExitCode.unknown
            }
            guard !client.printsJSON else { return client.show(answer) { _ in [] } }
            var lines = try await ExplainText(answer.json, knowing, instants, isNow: at == nil).lines()
            if knowing.tenant != client.tenant { lines.insert("\(knowing.tenant) knows it, \(client.tenant) does not.", at: 1) }
            client.show(answer) { _ in lines }
        }
    }

    /// Asks the tenant, and then the others.
    ///
    /// - Returns: the answer, and the client of the tenant that knows it; nil: none does.
    private func find(_ text: String, _ kind: String, _ client: ControlClient) async throws -> (Answer, ControlClient)? {
        func ask(_ client: ControlClient, in region: String?) async throws -> Answer? {
            let body = JSON.object([kind: .string(text), "at": at.map { JSON($0) }, "region": region.map(JSON.string)])
            let answer = try await client.send("POST", client.path("explain"), body)
            return answer.json["known"]?.isTrue == true ? answer : nil
        }
        do {
            if let answer = try await ask(client, in: region) { return (answer, client) }
        } catch let refused as Refused where refused.field == "region" {
            // Another tenant has other regions.
            if try await ask(client, in: nil) != nil { throw refused }
        }
        for tenant in try await client.all("tenants") {
            let domains = tenant["domains"]?.elements.compactMap(\.text) ?? []
            guard tenant.shown("id") != client.tenant.lowercased(), !domains.contains(client.tenant.lowercased()) else { continue }
            let other = client.inTenant(domains.first ?? tenant.shown("id"))
            if try await ask(other, in: nil) != nil { return try await ask(other, in: region).map { ($0, other) } }
        }
        return nil
    }

    /// What the text looks like: a refresh token names its grant, an access token has three parts of which the first is JSON, a
    /// session's cookie holds 32 bytes, and its id is a GUID.
    ///
    /// - Returns: the name of its kind at the control API; nil when it looks like nothing that Lapse issues.
    static func kind(of text: String) -> String? {
        if RefreshToken.origin(of: text) != nil { return "refresh_token" }
        if GUID(text) != nil || Base64URL.decode(text[...])?.count == 32 { return "session" }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), case .object? = JSON(parsing: header) else { return nil }
        return "access_token"
    }
}

/// What became of a token or session, in words: first one sentence that says all.
struct ExplainText {
    private let answer: JSON
    private let client: ControlClient
    private let instants: InstantOptions
    private let isNow: Bool
    private var names: Names

    init(_ answer: JSON, _ client: ControlClient, _ instants: InstantOptions, isNow: Bool) {
        self.answer = answer
        self.client = client
        self.instants = instants
        self.isNow = isNow
        names = Names(client)
    }

    /// The planes that judge it, the one that counts most first.
    private var planes: [Plane] {
        switch answer.shown("kind") {
        case "refresh_token": [.refresh]
        case "session": [.session]
        // As an assertion it is judged at the token endpoint, too.
        default: [.cae, .refresh]
        }
    }

    private func verdicts(on plane: Plane) -> [JSON] {
        (answer["verdicts"]?.elements ?? []).filter { $0.shown("plane") == plane.rawValue }
    }

    func lines() async throws -> [String] {
        var copy = self
        return try await copy.written()
    }

    private mutating func written() async throws -> [String] {
        let at = answer.shown("at")
        let (text, dated) = (instants.text(on: at), instants.text())
        let what = answer.shown("kind").replacing("_", with: " ")
        let user = try await names.user(answer.shown("user"))
        let app = answer.shown("client").isEmpty ? "" : " for \(try await names.app(answer.shown("client")))"
        var lines = [
            try await sentence().map { isNow ? $0 : "At \(dated(at)): \($0.prefix(1).lowercased())\($0.dropFirst())" } ?? ""
        ]
        lines.append("")
        lines.append(
            "\(what.first == "a" ? "An" : "A") \(what) of \(user)\(app), signed in at \(dated(answer.shown("authTime"))). "
                + "The clock shows \(dated(at)).")
        for verdict in planes.flatMap(verdicts) {
            let code = verdict.shown("code").isEmpty ? "" : " (\(verdict.shown("code")))"
            let change = verdict.shown("changesAt").isEmpty ? "" : ", changes at \(verdict.shown("changesAt"))"
            let judged = verdict["accepted"]?.isTrue == true ? "accepted" : "refused"
            lines.append("  \(verdict.shown("plane")) in \(verdict.shown("region")): \(judged)\(code)\(change)")
            lines.append("    " + verdict.shown("why"))
        }
        lines.append("What happened:")
        var events = EventText(client, isPrecise: instants.precise)
        for event in answer["history"]?.elements ?? [] { lines.append(try await events.line(event)) }
        return lines.map { text($0) }
    }

    /// - Returns: the verdicts of the plane that counts most, regions with the same one together; nil when there is none.
    private func sentence() async throws -> String? {
        var groups: [(lead: String, reason: String, regions: [String])] = []
        var revocations: [String: JSON] = [:]
        let verdicts = verdicts(on: planes[0])
        for verdict in verdicts {
            let id = verdict.shown("revocation")
            if !id.isEmpty, revocations[id] == nil {
                // A guest's is in another tenant.
                revocations[id] = (try? await client.send("GET", client.path("revocations", id)).json) ?? .null
            }
            let (lead, reason) = phrase(verdict, revocations[id] ?? .null)
            if let known = groups.firstIndex(where: { $0.lead == lead && $0.reason == reason }) {
                groups[known].regions.append(verdict.shown("region"))
            } else {
                groups.append((lead, reason, [verdict.shown("region")]))
            }
        }
        guard let first = groups.first else { return nil }
        guard groups.count > 1 else { return "\(first.lead): \(first.reason)." }
        let parts = groups.enumerated().map { index, group in
            let lead = index == 0 ? group.lead : group.lead.prefix(1).lowercased() + group.lead.dropFirst()
            return "\(lead) in \(group.regions.joined(separator: " and ")): \(group.reason)"
        }
        return parts.joined(separator: "; ") + "."
    }

    /// How it stands, and why, in one region.
    private func phrase(_ verdict: JSON, _ revocation: JSON) -> (lead: String, reason: String) {
        let rule = Explanation.Rule(rawValue: verdict.shown("rule"))
        let arrival = revocation["planes"]?[verdict.shown("plane")]?[verdict.shown("region")] ?? .null
        let changesAt = verdict.shown("changesAt")
        let from = arrival.shown("visibleAt").isEmpty ? changesAt : arrival.shown("visibleAt")
        let cause = Self.cause(revocation) ?? "what was revoked"
        switch rule {
        case .notRevoked:
            return ("Accepted", changesAt.isEmpty ? "nothing revokes it" : "nothing revokes it before it changes at \(changesAt)")
        case .notYetInEffect where arrival["held"]?.isTrue == true || from.isEmpty:
            return ("Still accepted until it is released", "\(Self.endpoint(planes[0])) does not enforce \(cause) yet")
        case .notYetInEffect:
            let what = revocation == .null && verdict.shown("revocation").isEmpty ? "the change of the account" : cause
            return (
                "Still accepted\(Self.left(until: from, at: answer))", "\(Self.endpoint(planes[0])) enforces \(what) from \(from)"
            )
        case .attemptsLeft:
            let left = counted(Int(verdict.shown("attemptsLeft")) ?? 0, "more request", "more requests")
            return ("Still accepted for \(left)", "then \(Self.endpoint(planes[0])) enforces \(cause)")
        case .untilExpiry:
            return (
                "Accepted\(Self.left(until: changesAt, at: answer))",
                "resources take this access token until it ends, whatever is revoked"
            )
        case .revoked:
            let since = arrival.shown("visibleAt").isEmpty ? "" : " since \(arrival.shown("visibleAt"))"
            return (Self.refused(verdict), "\(Self.endpoint(planes[0])) enforces \(cause) of \(verdict.shown("cutOff"))\(since)")
        case .accountDisabled: return (Self.refused(verdict), "the account is disabled")
        case .accountDeleted: return (Self.refused(verdict), "the account is deleted")
        case .expired, .signedOut, .noAccount, .noApp, .appDisabled, .appDeleted, .policy, nil:
            let why = verdict.shown("why")
            return (Self.refused(verdict), String(why.hasSuffix(".") ? why.dropLast() : why[...]))
        }
    }

    private static func refused(_ verdict: JSON) -> String {
        verdict.shown("code").isEmpty ? "Refused" : "Refused (AADSTS\(verdict.shown("code")))"
    }

    private static func left(until instant: String, at answer: JSON) -> String {
        guard let end = Timestamp(instant), let now = Timestamp(answer.shown("at")), end > now else { return "" }
        return " for \(InstantText.words(end - now))"
    }

    private static func endpoint(_ plane: Plane) -> String {
        switch plane {
        case .refresh: "the token endpoint"
        case .session: "the sign-in page"
        case .cae: "the resource"
        case .directory: "the directory"
        }
    }

    private static func cause(_ revocation: JSON) -> String? {
        switch Revocation.Cause(rawValue: revocation.shown("cause")) {
        case .userRevoke: "the user's own revoke"
        case .adminRevoke: "the administrator's revoke"
        case .passwordChange: "the change of the password"
        case .selfServiceReset: "the user's reset of the password"
        case .adminResetAzurePortal, .adminResetEntra: "the administrator's reset of the password"
        case .singleSignOut: "the sign-out"
        case .passwordExpired: "the end of the password"
        case nil: nil
        }
    }
}
