import ArgumentParser
import LapseClient
import LapseRules

/// `lapse revoke USER`.
struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revokes a user's sign-ins, and shows when each region will enforce it.")

    @Argument(help: "The user, by name or id; what stands before the @ will do where it fits one user.")
    var user: String
    @Option(
        help: "Why: \(Revocation.Cause.allCases.map(\.rawValue).joined(separator: ", ")) (default: adminRevoke).",
        transform: Given.oneOf(Revocation.Cause.allCases.map(\.rawValue)))
    var cause: String?
    @Option(help: "Who did it, for the record.")
    var actor: String?
    @Option(
        help: "Wait until it is in effect everywhere, at most this long, such as 10s; exit status 4 when it is not by then.",
        transform: Given.duration)
    var wait: Duration?
    @OptionGroup var instants: InstantOptions
    @OptionGroup var options: ServerOptions

    func run() async throws {
        try await options.run(["user": "<user>", "actor": "--actor"]) { client in
            let name = try await client.user(user)
            var revocation = try await client.send(
                "POST", client.path("revocations"),
                ["user": .string(name), "cause": .string(cause ?? Revocation.Cause.adminRevoke.rawValue), "actor": JSON(actor)])
            if let wait { revocation = try await Self.wait(wait, for: revocation.json.shown("id"), client) }
            let text = instants.text(on: revocation.json.shown("at"))
            client.show(revocation) { revocation in
                let at = InstantText(isPrecise: text.isPrecise, day: nil)(revocation.shown("at"))
                return ["Revoked \(name) at \(at) (\(revocation.shown("cause"))), revocation \(revocation.shown("id"))."]
                    + RevocationText.lines(revocation).map { text($0) }
            }
            let ahead = RevocationText.ahead(revocation.json)
            guard let wait, !ahead.isEmpty else { return }
            StandardStream.complain(
                "not in effect everywhere after \(InstantText.words(wait)): \(ahead.map { text($0) }.joined(separator: "; "))")
            throw ExitCode.timeIsUp
        }
    }

    /// - Returns: the revocation as soon as it is in effect everywhere, or as it stands when the time is over.
    private static func wait(_ time: Duration, for id: String, _ client: ControlClient) async throws -> Answer {
        let end = ContinuousClock.now + time
        while true {
            // The server waits a minute at most.
            let left = max(.zero, min(end - ContinuousClock.now, .seconds(60)))
            let answer = try await client.send(
                "GET", client.path("revocations", id), query: [("wait", left.iso8601)], within: .seconds(90))
            guard ContinuousClock.now < end, !RevocationText.ahead(answer.json).isEmpty else { return answer }
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

    /// Where it is not in effect, and until when.
    static func ahead(_ revocation: JSON) -> [String] {
        Plane.allCases.flatMap { plane in
            (revocation["planes"]?[plane.rawValue]?.members ?? []).filter { $0.value["effective"]?.isTrue == false }.map { region in
                let visibleAt = region.value.shown("visibleAt")
                let when = visibleAt.isEmpty ? "is \(state(region.value))" : "takes effect at \(visibleAt)"
                return "\(plane.rawValue) in \(region.name) \(when)"
            }
        }
    }

    private static func state(_ arrival: JSON) -> String {
        let visibleAt = arrival.shown("visibleAt")
        if arrival["effective"]?.isTrue == true { return "in effect since \(visibleAt)" }
        if arrival["held"]?.isTrue == true { return "held until it is released" }
        return visibleAt.isEmpty ? "in effect after some requests" : "in effect from \(visibleAt) on"
    }
}
