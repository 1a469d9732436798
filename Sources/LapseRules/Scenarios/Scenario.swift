/// What befalls an app while it runs: what is set up before, and then steps, each of which waits for the app or does something.
package struct Scenario: Equatable, Sendable {
    package enum Step: Equatable, Sendable {
        /// Until so many events of these kinds have happened after those that an earlier step waited for.
        case wait(for: Set<Event.Kind>, count: Int64, within: Duration)
        case pause(Duration)
        /// A call of the control API on the tenant. In the body and path `{user}`, `{client}` and `{revocation}` stand for whoever
        /// the app signed in, the app, and what was revoked last.
        case call(method: String, path: String, body: JSON?)
    }

    /// Which apps it is for.
    package enum Need: String, CaseIterable, Sendable {
        /// Those that sign users in.
        case user
        /// Those of them that declare the client capability cp1, too.
        case cp1
        /// Those that answer programs of others, when somebody tells what they answer.
        case proxy
        /// Those that ask for tokens on their own.
        case application
    }

    package let name: String
    /// What it plays, in a sentence.
    package let about: String
    package let needs: Need
    package let policies: JSON?
    package let propagation: JSON?
    package let steps: [Step]
}

extension Scenario {
    /// How long a step waits for the app that says nothing of it.
    package static let patience = Duration.seconds(60)

    /// Reads `{"name","about"?,"needs"?,"policies"?,"propagation"?,"steps":[…]}`; a step is one of `wait`, `pause`, `call` with `body`.
    package init(_ value: JSON) throws(FieldError) {
        var reader = try ObjectReader(value)
        name = try reader.required("name")
        about = try reader.string("about") ?? ""
        needs = try reader.choice("needs", of: Need.self) ?? .user
        policies = reader.value("policies")
        propagation = reader.value("propagation")
        if let policies { _ = try Policies(policies, path: "policies") }
        if let propagation { _ = try PropagationModel(propagation, path: "propagation") }
        guard let list = try reader.array("steps"), !list.isEmpty else { throw FieldError("steps", "must name at least one step") }
        var steps: [Step] = []
        for (index, step) in list.enumerated() { steps.append(try Step(step, path: "steps[\(index)]")) }
        self.steps = steps
        try reader.finish()
    }
}

extension Scenario.Step {
    init(_ value: JSON, path: String) throws(FieldError) {
        var reader = try ObjectReader(value, path: path)
        if var wait = try reader.object("wait") {
            let names =
                if case .array? = value["wait"]?["type"] { try wait.strings("type") ?? [] } else {
                    [try wait.required("type")]
                }
            var kinds: Set<Event.Kind> = []
            for name in names {
                guard let kind = Event.Kind(rawValue: name) else {
                    throw FieldError(wait.field("type"), "'\(name)' is not a type of event")
                }
                kinds.insert(kind)
            }
            guard !kinds.isEmpty else { throw FieldError(wait.field("type"), "is required") }
            self = .wait(
                for: kinds, count: try wait.integer("count", in: 1...10_000) ?? 1,
                within: try wait.duration("within") ?? Scenario.patience)
            try wait.finish()
        } else if let pause = try reader.duration("pause") {
            self = .pause(pause)
        } else if let call = try reader.string("call") {
            let parts = call.split(separator: " ")
            guard parts.count == 2, Self.methods.contains(String(parts[0])) else {
                throw FieldError(reader.field("call"), "must be a method and a path, such as POST revocations")
            }
            self = .call(method: String(parts[0]), path: String(parts[1]), body: reader.value("body"))
        } else {
            throw FieldError(path, "must be one of wait, pause, call")
        }
        try reader.finish()
    }

    private static var methods: [String] { ["GET", "POST", "PUT", "PATCH", "DELETE"] }
}

// MARK: Those that come along

extension Scenario {
    /// The files of `BuiltIn`, in the order in which they are listed.
    ///
    /// Their access tokens live two minutes, because libraries count a token with five minutes left as over and then refresh whenever
    /// they are asked. Where revocations take a while to take effect, Graph comes last: an app that asks for its tokens anew meets the
    /// refused refresh first in every run, and is not, by chance, challenged between a refresh and the call that it was for. After the
    /// dropped answer two refreshes are waited for, because the first is the one whose answer was dropped.
    private static let files = [
        PackageResources.lost_laptop_json, PackageResources.password_reset_json, PackageResources.offboarding_json,
        PackageResources.flapping_regions_json, PackageResources.cae_json, PackageResources.outage_then_revoke_json,
        PackageResources.dropped_answer_json, PackageResources.mcp_proxy_json, PackageResources.agent_overnight_json,
        PackageResources.daemon_outage_json,
    ]

    /// The scenarios that come along.
    package static func builtIn() throws(FieldError) -> [Scenario] {
        var scenarios: [Scenario] = []
        for file in files {
            guard let value = JSON(parsing: file) else { throw FieldError("", "A built-in scenario is not valid JSON.") }
            scenarios.append(try Scenario(value))
        }
        return scenarios
    }
}
