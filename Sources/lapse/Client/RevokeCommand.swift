import ArgumentParser
import LapseRules

/// `lapse revoke USER`.
struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revokes a user's sign-ins, and says where it takes effect, and when.")

    @Argument(help: "The user, by name or id.")
    var user: String
    @Option(help: "Why: \(Revocation.Cause.allCases.map(\.rawValue).joined(separator: ", ")).")
    var cause = Revocation.Cause.adminRevoke.rawValue
    @Option(help: "Who did it, for the record.")
    var actor: String?
    @Option(help: "Wait until it is effective everywhere, at most this long (PT10S).")
    var wait: String?
    @OptionGroup var options: ServerOptions

    func run() async throws {
        try await options.run { client in
            var revocation = try await client.send(
                "POST", client.path("revocations"), ["user": .string(user), "cause": .string(cause), "actor": JSON(actor)])
            if let wait {
                revocation = try await client.send(
                    "GET", client.path("revocations", revocation.json.shown("id")), query: [("wait", wait)], within: .seconds(90))
            }
            client.show(revocation) {
                ["Revoked \(user) at \($0.shown("at")) (\($0.shown("cause"))), revocation \($0.shown("id"))."]
                    + RevocationText.lines($0)
            }
        }
    }
}

/// A revocation of the control API in words.
enum RevocationText {
    /// One line for each plane and region.
    static func lines(_ revocation: JSON) -> [String] {
        table(
            Plane.allCases.flatMap { plane in
                (revocation["planes"]?[plane.rawValue]?.members ?? []).map { region in
                    ["  " + plane.rawValue, region.name, state(region.value)]
                }
            })
    }

    private static func state(_ arrival: JSON) -> String {
        let visibleAt = arrival.shown("visibleAt")
        if arrival["effective"]?.isTrue == true { return "in effect since \(visibleAt)" }
        if arrival["held"]?.isTrue == true { return "held until it is released" }
        return visibleAt.isEmpty ? "in effect after some requests" : "in effect from \(visibleAt) on"
    }
}
