/// What befalls an app while it runs: what is set up before, and then steps, each of which waits for the app or does something.
public struct Scenario: Equatable, Sendable {
    public enum Step: Equatable, Sendable {
        /// Until so many events of these kinds have happened after those that an earlier step waited for.
        case wait(for: Set<Event.Kind>, count: Int64, within: Duration)
        case pause(Duration)
        /// A call of the control API on the tenant. In the body and path `{user}`, `{client}` and `{revocation}` stand for whoever
        /// the app signed in, the app, and what was revoked last.
        case call(method: String, path: String, body: JSON?)
    }

    public let name: String
    /// What it plays, in a sentence.
    public let about: String
    public let policies: JSON?
    public let propagation: JSON?
    public let steps: [Step]
}

extension Scenario {
    /// How long a step waits for the app that says nothing of it.
    public static let patience = Duration.seconds(60)

    /// Reads `{"name","about"?,"policies"?,"propagation"?,"steps":[…]}`; a step is one of `wait`, `pause`, `call` with `body`.
    public init(_ value: JSON) throws(FieldError) {
        var reader = try ObjectReader(value)
        name = try reader.required("name")
        about = try reader.string("about") ?? ""
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
                    throw FieldError(wait.field("type"), "'\(name)' is no type of event")
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
    /// Access tokens so short that every library refreshes when it is asked: they count a token with five minutes left as over.
    private static let short: JSON = ["lifetimes": ["accessToken": "PT2M", "caeAccessToken": "PT2M"]]
    /// It takes effect at Graph last: an app that asks for its tokens anew meets the refused refresh first in every run, and is not, by
    /// chance, challenged between a refresh and the call that it was for.
    private static let aWhile: JSON = [
        "planes": ["refresh": ["fixed": "PT2S"], "session": ["fixed": "PT2S"], "cae": ["fixed": "PT5S"]]
    ]
    private static let revoke: JSON = ["call": "POST revocations", "body": ["user": "{user}", "cause": "adminRevoke"]]
    private static let refreshed: JSON = ["wait": ["type": "tokenRefreshed"]]
    private static let refused: JSON = ["wait": ["type": ["refreshRefused", "accessChallenged"], "within": "PT3M"]]

    private static func fault(_ effect: JSON, times: Int64) -> JSON {
        [
            "call": "POST faults",
            "body": [
                "match": ["endpoint": "token", "grantType": "refresh_token"], "effect": effect, "times": .integer(times),
            ],
        ]
    }

    /// The scenarios by name, as a file of one's own would hold them.
    public static let builtIn: [JSON] = [
        [
            "name": "lost-laptop",
            "about": "An administrator revokes the user's sign-ins; two seconds later that takes effect.",
            "policies": short, "propagation": aWhile, "steps": [refreshed, revoke, refused],
        ],
        [
            "name": "password-reset",
            "about": "An administrator resets the user's password: sign-ins with the old one die.",
            "policies": short, "propagation": aWhile,
            "steps": [
                refreshed, ["call": "POST revocations", "body": ["user": "{user}", "cause": "adminResetEntra"]], refused,
            ],
        ],
        [
            "name": "offboarding", "about": "The account is disabled: nothing of it lives, and no new sign-in helps.",
            "policies": short, "propagation": aWhile,
            "steps": [refreshed, ["call": "PATCH users/{user}", "body": ["accountEnabled": false]], refused],
        ],
        [
            "name": "flapping-regions",
            "about":
                "One of two regions has learned of a revocation, the other has not: the token is accepted here and refused there, until both know.",
            "policies": short,
            "propagation": [
                "regions": ["east", "west"], "routing": "random",
                "planes": ["refresh": ["west": "manual"], "session": ["west": "manual"], "cae": ["west": "manual"]],
            ],
            "steps": [refreshed, revoke, refused, ["pause": "PT2S"], ["call": "POST propagation/release"]],
        ],
        [
            "name": "cae",
            "about": "A client that takes claims challenges loses its user while its access token is good for hours.",
            "steps": [
                ["wait": ["type": ["codeRedeemed", "deviceCodeRedeemed", "tokenRefreshed"]]], ["pause": "PT1S"], revoke,
                ["wait": ["type": ["accessChallenged", "refreshRefused"]]],
            ],
        ],
        [
            "name": "outage-then-revoke",
            "about": "The token endpoint is down for two requests; when it is back, the user is revoked.",
            "policies": short, "propagation": aWhile,
            "steps": [
                refreshed, fault(["status": 503], times: 2), ["wait": ["type": "faultHit", "count": 2, "within": "PT3M"]],
                ["wait": ["type": "tokenRefreshed", "within": "PT3M"]], revoke, refused,
            ],
        ],
        [
            "name": "dropped-answer",
            "about": "A refresh is carried out and its answer never arrives: the token that the app has is still good.",
            "policies": short,
            "steps": [
                refreshed, fault(["answer": "dropped"], times: 1), ["wait": ["type": "faultHit", "within": "PT3M"]],
                // The first of the two is the one whose answer was dropped.
                ["wait": ["type": "tokenRefreshed", "count": 2, "within": "PT3M"]],
            ],
        ],
    ]
}
