import Foundation
import Testing

@testable import LapseRules

/// A history that was recorded of a real client against a running Lapse, and what is to be said of it: `Tests/Clients/generators/histories.py`
/// records them.
struct History: Sendable, CustomTestStringConvertible {
    struct Expected: Equatable {
        let verdict: String
        let rules: [String]
        /// What has to be noted besides.
        var notes: Set<String> = []
    }

    let name: String
    let expected: [String: Expected]
    let events: [LoggedEvent]

    var testDescription: String { name }

    static let files: [URL] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../Golden/histories")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
    }()

    static let all: [History] = files.compactMap { try? History($0) }

    private init(_ file: URL) throws {
        let json = JSON(parsing: Array(try Data(contentsOf: file))) ?? .null
        name = json["name"]?.text ?? file.lastPathComponent
        guard case .object(let clients)? = json["expected"], case .array(let events)? = json["events"] else {
            throw CocoaError(.fileReadCorruptFile)
        }
        var expected: [String: Expected] = [:]
        for client in clients {
            guard case .array(let rules)? = client.value["rules"] else { throw CocoaError(.fileReadCorruptFile) }
            var due = Expected(verdict: client.value["verdict"]?.text ?? "", rules: rules.compactMap(\.text).sorted())
            if case .array(let notes)? = client.value["notes"] { due.notes = Set(notes.compactMap(\.text)) }
            expected[client.name] = due
        }
        self.expected = expected
        self.events = try events.map { try LoggedEvent($0) }
    }
}

extension LoggedEvent {
    /// Reads what `GET events?detail=true` showed.
    fileprivate init(_ value: JSON) throws(FieldError) {
        var reader = try ObjectReader(value)
        guard let id = try reader.integer("id", in: 0...Int64.max), let at = try reader.instant("at"),
            let kind = try reader.choice("type", of: Event.Kind.self), let writtenAt = try reader.instant("writtenAt")
        else { throw FieldError("", "must have id, at, type and writtenAt") }
        var event = Event(
            tenant: Tenant.noID, at: at, kind: kind, user: try reader.guid("user"),
            client: try reader.string("client").map { ClientID($0) }, grant: try reader.guid("grant"),
            revocation: try reader.guid("revocation"), region: try reader.string("region").flatMap { Region($0) },
            code: try reader.integer("code", in: 0...Int64(Int32.max)).flatMap { AADSTS(rawValue: Int($0)) },
            requestID: try reader.guid("requestId"))
        _ = try reader.guid("fault")
        event.presented = try reader.string("presented")
        if let notes = reader.value("notes") { event.notes = try Event.Notes(notes) }
        try reader.finish()
        self.init(id: id, event: event, writtenAt: writtenAt)
    }
}

extension Event.Notes {
    fileprivate init(_ value: JSON) throws(FieldError) {
        self.init()
        var reader = try ObjectReader(value, path: "notes")
        prompt = try reader.string("prompt")
        answersChallenge = try reader.bool("answersChallenge") ?? false
        demandsClaims = try reader.bool("demandsClaims") ?? false
        fault = try reader.guid("fault")
        endpoint = try reader.choice("endpoint", of: Fault.Endpoint.self)
        status = try reader.integer("status", in: 100...599).map { Int($0) }
        responseFault = try reader.choice("answer", of: FaultEffect.ResponseFault.self)
        retryAfter = try reader.duration("retryAfter")
        try reader.finish()
    }
}

@Suite("The judge")
struct JudgeTests {
    @Test("Each recorded history has its verdict, for the right reasons and no others", arguments: History.all)
    func recorded(history: History) {
        let reactions = Judge.reactions(in: history.events)
        for (client, expected) in history.expected {
            let reaction = reactions.first { $0.client.description == client }
            let broken = Set(reaction?.findings.filter { $0.rule.severity == .fail }.map(\.rule.rawValue) ?? [])
            let noted = Set(reaction?.findings.filter { $0.rule.severity == .note }.map(\.rule.rawValue) ?? [])
            let found = History.Expected(
                verdict: (reaction?.verdict ?? .untested).rawValue, rules: broken.sorted(),
                notes: noted.intersection(expected.notes))
            #expect(found == expected)
        }
    }

    @Test("There are more than thirty histories, of good clients, of bad ones, and of libraries as they are")
    func enough() {
        #expect(History.all.count >= 30)
        // None that cannot be read is passed over.
        #expect(History.all.count == History.files.count)
        let verdicts = Set(History.all.flatMap { $0.expected.values.map(\.verdict) })
        #expect(verdicts == ["good", "bad", "untested"])
        for library in ["msal-python", "azure-identity", "msgraph-sdk"] {
            #expect(History.all.contains { $0.name.hasPrefix(library) }, "\(library)")
        }
    }

    @Test("The docs list each rule with its weight and the guidance behind it", arguments: ReactionRule.allCases)
    func listed(rule: ReactionRule) throws {
        let page = try String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
                "../../docs/good-client.md"),
            encoding: .utf8)
        let row = try #require(page.split(separator: "\n").first { $0.hasPrefix("| \(rule.rawValue) |") })
        let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(cells[1] == rule.severity.rawValue)
        #expect(cells[3] == "[\(rule.guidance.title)](\(rule.guidance.url))")
        #expect(rule.advice.hasSuffix(".") && rule.guidance.url.hasPrefix("https://"))
    }

    // MARK: Several users of one client

    /// The other user's sign-in is good; the user's own is refused, and some time later the other one is sent to sign in.
    private func sentToSignIn(after wait: Duration, _ between: [LoggedEvent] = []) -> [Reaction] {
        Judge.reactions(
            in: [
                Rows.event(1, .codeRedeemed, user: Rows.other, grant: Rows.secondGrant),
                Rows.event(2, .refreshRefused, code: .grantRevoked),
            ] + between + [Rows.event(9, .signInRequested, after: wait, user: Rows.other)])
    }

    @Test("Another user sent to sign in within five seconds of a refusal was disturbed by it")
    func disturbed() throws {
        let found = try #require(sentToSignIn(after: .seconds(5)).first?.findings.first { $0.rule == .disturbsOthers })
        #expect(found.user == Rows.other && found.events == [2, 9])
        let late = sentToSignIn(after: .seconds(5) + .milliseconds(1))
        #expect(late.count == 1 && !late[0].findings.contains { $0.rule == .disturbsOthers })
    }

    @Test("A user whose own sign-in was refused was not disturbed by another's")
    func ownRefusal() throws {
        let reaction = try #require(
            sentToSignIn(
                after: .seconds(1),
                [Rows.event(3, .refreshRefused, user: Rows.other, grant: Rows.secondGrant, code: .grantRevoked)]
            ).first)
        #expect(!reaction.findings.contains { $0.rule == .disturbsOthers })
    }

    @Test("A sign-in of nobody in particular is of the user whose incident is open")
    func presumed() throws {
        let reaction = try #require(
            Judge.reactions(in: [
                Rows.event(1, .refreshRefused, code: .grantRevoked), Rows.event(2, .signInRequested, user: nil, grant: nil),
                Rows.event(3, .codeRedeemed, grant: Rows.secondGrant), Rows.event(4, .signInRequested, user: nil, grant: nil),
            ]).first)
        #expect(reaction.incidents.map(\.brief) == ["1, asked 2, recovered 3"])
        #expect(reaction.incidents.map(\.user) == [Rows.user])
        #expect(reaction.findings.map(\.rule) == [.signsInAgain])
    }

    @Test("What a request wrote whose answer did not arrive, the app does not know")
    func lostAnswer() throws {
        let request = GUID("dddddddd-0004-4000-8000-000000000001")!
        let hit = Rows.event(2, .faultHit, request: request) {
            $0.endpoint = .token
            $0.responseFault = .dropped
        }
        let reaction = try #require(
            Judge.reactions(in: [
                Rows.event(1, .refreshRefused, code: .grantRevoked, request: request), hit,
                Rows.event(3, .tokenRefreshed, after: .seconds(1)),
            ]).first)
        #expect(reaction.incidents.map(\.kind) == [.outage])
        #expect(reaction.findings.map(\.rule) == [.outlivesOutage])
    }

    @Test("What has to change comes first, then what is worth a look, then what is good")
    func severity() throws {
        let reaction = try #require(
            Judge.reactions(
                in: [
                    Rows.event(1, .refreshRefused, code: .grantRevoked), Rows.event(2, .signInRequested),
                    Rows.event(3, .codeRedeemed),
                    Rows.event(4, .accessChallenged, presented: "first"), Rows.event(5, .signInRequested),
                    Rows.event(6, .codeRedeemed),
                ] + (7..<11).map { Rows.event($0, .silentSignInRefused) }
            ).first)
        #expect(reaction.findings.map(\.rule) == [.loopsOnSilentSignIn, .forgetsTheDemand, .signsInAgain])
        #expect(reaction.verdict == .bad)
    }
}
