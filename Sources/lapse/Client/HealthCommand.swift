import ArgumentParser

/// `lapse health`: whether the control API of a server answers; for the image's health check, in which there is no other program to ask.
struct Health: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Says whether a server answers.", shouldDisplay: false)

    @OptionGroup var options: ServerOptions

    func run() async throws {
        try await options.run { client in
            let answer = try await client.send("GET", "health", within: .seconds(5))
            client.show(answer) { ["\($0.shown("status")), Lapse \($0.shown("version"))"] }
        }
    }
}
