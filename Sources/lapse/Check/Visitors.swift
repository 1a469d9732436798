import Foundation
import LapseClient
import LapseInstance
import LapseRules
import Synchronization

/// The people who use an app that waits for them, while a scenario plays: each comes again and again with a browser of their own.
final class Visitors: Sendable {
    private let url: String
    private let pause: Duration
    private let people: [Person]
    /// The app that pages are of while nobody has passed Lapse's pages on the way; nil: it may be one of several.
    private let client: String?
    private let web: WebClient
    private let control: ControlClient
    private let process: AppProcess
    private let complain: @Sendable (String) -> Void

    private struct State {
        var rounds = 0
        var isAnswered = false
        /// What went wrong, so that it is said once.
        var said: Set<String> = []
        /// Why the app did not answer, while it has answered nobody.
        var silence: String?
    }

    private let state = Mutex(State())
    /// A person who was refused so often, one time after the other, gives up.
    private static let patience = 3

    init(
        url: String, every pause: Duration, people: [Person], client: String? = nil, control: ControlClient, web: WebClient,
        process: AppProcess,
        complain: @escaping @Sendable (String) -> Void
    ) {
        (self.url, self.pause, self.people, self.client, self.process) = (url, pause, people, client, process)
        (self.control, self.web, self.complain) = (control, web, complain)
    }

    /// How often everybody has been there.
    var rounds: Int { state.withLock { $0.rounds } }
    /// Whether the app has answered anybody.
    var isAnswered: Bool { state.withLock { $0.isAnswered } }

    /// Comes again and again until it is cancelled, or the app has ended, or everybody has given up.
    func run() async {
        var visitors = people.map { Visitor(person: $0, browser: PlainBrowser(client: web), client: client) }
        while !Task.isCancelled, process.isRunning, visitors.contains(where: { $0.refusals < Self.patience }) {
            visitors = await withTaskGroup(of: (Int, Visitor).self) { group in
                for (index, visitor) in visitors.enumerated() {
                    group.addTask { (index, visitor.refusals < Self.patience ? await self.visit(visitor) : visitor) }
                }
                var next = visitors
                for await (index, visitor) in group { next[index] = visitor }
                return next
            }
            if isAnswered { state.withLock { $0.rounds += 1 } }
            try? await Task.sleep(for: pause)
        }
        // Who is on the way up may be silent; who was silent to the end is at another address.
        if !isAnswered, let silence = state.withLock({ $0.silence }) { say("--visit: nobody was ever answered: \(silence)") }
    }

    private struct Visitor: Sendable {
        let person: Person
        var browser: PlainBrowser
        var refusals = 0
        /// The app that Lapse's pages were about when the person signed in last.
        var client: String?
    }

    private func visit(_ visitor: Visitor) async -> Visitor {
        var visitor = visitor
        do {
            guard let sight = try await visitor.browser.go(to: url, as: visitor.person).0 else { return visitor }
            state.withLock { $0.isAnswered = true }
            visitor.refusals = 0
            visitor.client = sight.client ?? visitor.client
            if !sight.isOfLapse { await report(sight.place, sight.status, sight.page.text, visitor) }
        } catch let error as StartError {
            // Lapse's own page said no, or the way led nowhere.
            state.withLock { $0.isAnswered = true }
            visitor.refusals += 1
            say("\(visitor.person.user): \(error)")
        } catch {
            // Before its first answer the app is on its way up; when it has ended there is nobody to answer.
            guard isAnswered, process.isRunning, !Task.isCancelled else {
                if !Task.isCancelled { state.withLock { $0.silence = "\(error)" } }
                return visitor
            }
            say("\(visitor.person.user): \(error)")
            await report(WebPage.place(of: url), nil, "\(error)", visitor)
        }
        return visitor
    }

    /// What the person saw goes into the log, for the judge.
    private func report(_ place: String, _ status: Int?, _ text: String, _ visitor: Visitor) async {
        let page: JSON = [
            "user": .string(visitor.person.user), "client": JSON(visitor.client), "url": .string(place),
            "status": status.map { .integer(Int64($0)) } ?? .null, "text": .string(String(text.prefix(Event.Page.mostText))),
        ]
        do { try await control.send("POST", control.path("visits"), page) } catch { say("a page could not be told: \(error)") }
    }

    private func say(_ text: String) {
        let isNew = state.withLock { $0.said.insert(text).inserted }
        if isNew { complain(text) }
    }
}
