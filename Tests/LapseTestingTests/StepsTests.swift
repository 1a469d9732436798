import Foundation
import LapseRules
import LapseTesting
import Testing

@Suite("The steps that every test kit plays")
struct StepsTests {
    struct Story: CustomTestStringConvertible, Sendable {
        let name: String
        let steps: [LapseJSON]
        var testDescription: String { name }
    }

    /// All stories of `clients/steps.json`; none when the file cannot be read.
    static let stories: [Story] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../clients/steps.json")
        let whole = (try? String(contentsOf: file, encoding: .utf8)).flatMap { LapseJSON(parsing: $0) } ?? nil
        return whole["stories"].items.map { Story(name: $0["name"].string ?? "", steps: $0["steps"].items) }
    }()

    @Test("There are stories, and each has steps and a name of its own")
    func read() {
        #expect(!Self.stories.isEmpty)
        #expect(Set(Self.stories.map(\.name)).count == Self.stories.count)
        #expect(Self.stories.allSatisfy { !$0.name.isEmpty && !$0.steps.isEmpty })
    }

    @Test("A story", .lapse, arguments: stories)
    func play(_ story: Story) async throws {
        var player = try StepPlayer(tenant: LapseTenant.current)
        for (index, step) in story.steps.enumerated() {
            try await player.play(step, "step \(index + 1) of \(story.name): \(step)")
        }
    }
}

/// Plays steps in a sandbox. Text values may name earlier answers (`{name.path}`), users, clients and the domain.
struct StepPlayer {
    let tenant: LapseTenant
    private var answers: [String: LapseJSON] = [:]

    init(tenant: LapseTenant) { self.tenant = tenant }

    mutating func play(_ step: LapseJSON, _ place: String) async throws {
        let expected = step["answers"].members.mapValues { filled($0) }
        let refusal = step["fails"]
        let known: Set = ["do", "with", "as", "answers", "fails"]
        #expect(known.isSuperset(of: step.members.keys), "\(place)")
        if let says = refusal["says"].string {
            let verb = try #require(step["do"].string)
            let given = Given(filled(step["with"]))
            try await withKnownIssue("\(place)") {
                _ = try await perform(verb, given)
            } matching: { issue in
                issue.comments.map(\.rawValue).joined(separator: "\n").contains(says)
            }
            return
        }
        let answer: LapseJSON
        do {
            let done = try await perform(try #require(step["do"].string), Given(filled(step["with"])))
            answer = try #require(done, "no such verb or argument: \(place)")
        } catch let error as LapseError where !refusal.isNull {
            let said: [String: LapseJSON] = [
                "status": error.status.map { LapseJSON($0) } ?? nil, "code": error.code.map { LapseJSON($0) } ?? nil,
                "field": error.field.map { LapseJSON($0) } ?? nil,
            ]
            for (name, value) in refusal.members { #expect(said[name] == value, "\(name) of \(place): \(error)") }
            return
        }
        #expect(refusal.isNull, "it was not refused: \(place)")
        if let name = step["as"].string { answers[name] = answer }
        for (path, value) in expected { #expect(answer.at(path) == value, "\(path) of \(place): \(answer)") }
    }

    /// - Returns: the answer as the control API says it; nil for a verb or an argument that the kit does not have.
    private func perform(_ verb: String, _ given: consuming Given) async throws -> LapseJSON? {
        var given = given
        var answer: LapseJSON?
        switch verb {
        case "signIn":
            let (user, client, scope) = (given.text("user"), given.text("client"), given.text("scope"))
            let (authTime, method) = (given.text("authTime"), given.text("method").map(LapseTenant.Method.init))
            guard given.isUsed else { return nil }
            answer = try await tenant.signIn(
                user ?? "adele", client: client ?? "native", scope: scope ?? "openid profile offline_access User.Read",
                authTime: authTime, method: method ?? nil
            ).json
        case "refresh":
            let (token, client) = (given.text("refreshToken") ?? "", given.text("client") ?? "native")
            let (scope, region, claims) = (given.text("scope"), given.text("region"), given.text("claims"))
            let secret = given.text("secret")
            guard given.isUsed else { return nil }
            answer = try await tenant.refresh(
                token, client: client, scope: scope, region: region, claims: claims, secret: secret
            ).json
        case "revoke":
            let (user, cause, wait) = (given.text("user"), given.text("cause"), given.duration("wait"))
            guard given.isUsed else { return nil }
            guard let known = LapseTenant.Cause(rawValue: cause ?? "adminRevoke") else {
                return try await tenant.call(
                    "POST", "revocations",
                    ["user": LapseJSON(tenant.user(user ?? "adele")), "cause": cause.map { LapseJSON($0) } ?? nil])
            }
            answer = try await tenant.revoke(user ?? "adele", cause: known, wait: wait).json
        case "propagation":
            let model = given.value("model")
            guard given.isUsed else { return nil }
            answer = try await tenant.propagation(model)
        case "advance":
            let by = given.value("by")
            guard given.isUsed else { return nil }
            // What is no duration in Swift is put to the control API as it is.
            guard let duration = by.string.flatMap({ Duration(written: $0) }) else {
                return try await tenant.call("POST", "clock/advance", ["by": by])
            }
            answer = try await tenant.advance(by: duration).json
        case "until":
            let what = given.value("what")
            guard given.isUsed else { return nil }
            guard let moment = what.string.flatMap(LapseTenant.Moment.init) else {
                return try await tenant.call("POST", "clock/advance", ["until": what])
            }
            answer = try await tenant.until(moment).json
        case "fault":
            let (match, effect) = (given.value("match"), given.value("effect"))
            let (times, probability, name) = (given.value("times").int, given.value("probability").double, given.text("name"))
            guard given.isUsed else { return nil }
            answer = try await tenant.fault(
                match: match.isNull ? [:] : match, effect: effect, times: times, probability: probability, name: name)
        case "clearFaults":
            let name = given.text("name")
            guard given.isUsed else { return nil }
            try await tenant.clearFaults(named: name)
            answer = .some(nil)
        case "forge":
            let (user, client, scope) = (given.text("user"), given.text("client"), given.text("scope"))
            let word = given.value("defect")
            guard given.isUsed else { return nil }
            guard let defect = word.string.flatMap(LapseTenant.Defect.init) else {
                return try await tenant.call(
                    "POST", "tokens/forge",
                    [
                        "user": LapseJSON(tenant.user(user ?? "adele")), "client_id": LapseJSON(tenant.client(client ?? "native")),
                        "scope": LapseJSON(scope ?? "User.Read"), "defect": word,
                    ])
            }
            answer = try await tenant.forge(
                user ?? "adele", client: client ?? "native", scope: scope ?? "User.Read", defect: defect
            ).json
        case "explain":
            let (at, region) = (given.text("at"), given.text("region"))
            let (token, session, access) = (given.text("refreshToken"), given.text("session"), given.text("accessToken"))
            guard given.isUsed else { return nil }
            switch (token, session, access) {
            case (let token?, nil, nil): answer = try await tenant.explain(refreshToken: token, at: at, region: region)
            case (nil, let session?, nil): answer = try await tenant.explain(session: session, at: at, region: region)
            case (nil, nil, let access?): answer = try await tenant.explain(accessToken: access, at: at, region: region)
            default: return nil
            }
        case "expect":
            let (client, user, after) = (given.text("client") ?? "native", given.text("user"), given.value("after"))
            let (reauthorizes, recovers) = (given.duration("reauthorizesWithin"), given.duration("recoversWithin"))
            let retries = given.value("retriesAtMost").int
            guard given.isUsed else { return nil }
            guard let occasion = LapseTenant.Occasion(rawValue: after.string ?? "revoke") else {
                return try await tenant.call("POST", "expectations", ["after": after, "reauthorizesWithin": "1s"])
            }
            let expectation = tenant.expect(client, after: occasion, user: user)
            switch (reauthorizes, recovers) {
            case (let time?, nil): answer = try await expectation.reauthorizes(within: time, retriesAtMost: retries)
            case (nil, let time?): answer = try await expectation.recovers(within: time)
            default: return nil
            }
        case "events":
            let (type, user, after) = (given.text("type"), given.text("user"), given.value("after").int)
            guard given.isUsed else { return nil }
            answer = LapseJSON(try await tenant.events(type: type, user: user, after: after).map(\.json))
        case "exchanges":
            let (client, user, endpoint) = (given.text("client"), given.text("user"), given.text("endpoint"))
            let (after, wait) = (given.value("after").int, given.duration("wait"))
            guard given.isUsed else { return nil }
            answer = LapseJSON(
                try await tenant.exchanges(client: client, user: user, endpoint: endpoint, after: after, wait: wait))
        case "har":
            guard given.isUsed else { return nil }
            answer = try await tenant.har()
        case "report":
            let client = given.text("client")
            guard given.isUsed else { return nil }
            answer = try await tenant.report(client: client)
        case "call":
            let (method, path, body) = (given.text("method") ?? "GET", given.text("path") ?? "", given.value("body"))
            guard given.isUsed else { return nil }
            answer = try await tenant.call(method, path, body.isNull ? nil : body)
        default: return nil
        }
        return answer
    }

    /// The value with what its texts name.
    private func filled(_ value: LapseJSON) -> LapseJSON {
        if let text = value.string { return filled(text) }
        if !value.members.isEmpty {
            return LapseJSON(value.members.mapValues { filled($0) })
        }
        return value.items.isEmpty ? value : LapseJSON(value.items.map { filled($0) })
    }

    private func filled(_ text: String) -> LapseJSON {
        // A text that is nothing but a name stands for the value, whatever it is.
        if let whole = text.wholeMatch(of: /\{([^{}"]+)\}/), let value = named(String(whole.1)) { return value }
        return LapseJSON(
            text.replacing(/\{([^{}"]+)\}/) { match in
                named(String(match.1)).map { $0.string ?? $0.description } ?? String(match.0)
            })
    }

    private func named(_ name: String) -> LapseJSON? {
        if name == "domain" { return LapseJSON(tenant.domain) }
        if name.hasPrefix("user:") { return LapseJSON(tenant.user(String(name.dropFirst(5)))) }
        if name.hasPrefix("client:") { return LapseJSON(tenant.client(String(name.dropFirst(7)))) }
        let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        guard let answer = parts.first.flatMap({ answers[$0] }) else { return nil }
        return parts.count == 1 ? answer : answer.at(parts[1])
    }
}

/// The arguments of a step; one that nobody takes is a mistake.
private struct Given {
    private var rest: [String: LapseJSON]

    init(_ arguments: LapseJSON) { rest = arguments.members }

    var isUsed: Bool { rest.isEmpty }

    mutating func value(_ name: String) -> LapseJSON { rest.removeValue(forKey: name) ?? nil }
    mutating func text(_ name: String) -> String? { value(name).string }
    mutating func duration(_ name: String) -> Duration? { text(name).flatMap { Duration(written: $0) } }
}

extension LapseJSON {
    /// The value at a dotted path, whose numbers count elements of lists, and whose `length` is that of a list.
    fileprivate func at(_ path: String) -> LapseJSON {
        path.split(separator: ".").reduce(self) { value, part in
            guard value.members.isEmpty else { return value[String(part)] }
            return part == "length" ? LapseJSON(value.items.count) : Int(part).map { value[$0] } ?? nil
        }
    }
}
