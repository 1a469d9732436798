import ArgumentParser
import Foundation
import LapseInstance
import LapseRules

/// `lapse lab`: lists the labs, or plays one: a situation, what somebody predicts of it, and what happens.
struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract: "Plays a lab: a situation, your prediction, and what really happens. Without a name it lists them.",
        discussion: """
            A lab is played on a Lapse of its own, or with --server in a new sandbox of a running one. It asks on standard input: a for accepted, \
            r for refused, a duration such as 5m, n for never; an empty line predicts nothing. Nobody waits: the clock is moved.
            """)

    @Argument(help: "The name of a lab, or a file with one (YAML or JSON).")
    var name: String?
    @Flag(help: "Play it to its end without questions.")
    var auto = false
    @Option(help: "The language: en, es or pt (default: en).", transform: Self.language)
    var lang: LabScript.Language?
    @Option(help: "Write what was predicted, what happened and the points to this file.")
    var csv: String?
    @OptionGroup var connection: ConnectionOptions

    static func language(_ text: String) throws -> LabScript.Language {
        LabScript.Language(rawValue: try Given.oneOf(LabScript.Language.allCases.map(\.rawValue))(text)) ?? .english
    }

    func validate() throws {
        guard name == nil else { return }
        guard !auto, csv == nil, connection.server == nil else {
            throw ValidationError("there is no lab to play: lapse lab NAME")
        }
    }

    func run() async throws {
        let language = lang ?? .english
        guard let name else {
            StandardStream.output.say(table(try BuiltInLabs.all().map { [$0.name, $0.title(language)] }).joined(separator: "\n"))
            return
        }
        let session = LabSession(
            script: try Self.script(name), language: language, isAutomatic: auto, printsJSON: connection.json, csv: csv)
        guard connection.server == nil else {
            return try await connection.run(["template": "LAPSE_TENANT"]) { try await session.play(on: $0) }
        }
        var settings = Settings()
        settings.isEphemeral = true
        settings.httpsPort = .off
        settings.httpPort = .number(0)
        settings.logLevel = .quiet
        let instance = try await Instance(settings, log: StandardStream.log)
        defer { instance.folder.remove() }
        do {
            try await instance.run { addresses in
                try await session.play(on: ControlClient(server: addresses.http ?? "", tenant: BuiltInLab.domain))
            }
        } catch is Instance.Interrupted {}
    }

    /// A lab by its name, or from a file.
    ///
    /// - Throws: ``UsageError`` for what is neither, `StartError` for a file that holds no lab.
    static func script(_ name: String) throws -> LabScript {
        let labs = try BuiltInLabs.all()
        if let known = labs.first(where: { $0.name == name }) { return known }
        guard name.contains(".") || name.contains("/") else {
            throw UsageError("lab: '\(name)' is no file and none of: \(labs.map(\.name).joined(separator: ", "))")
        }
        let content = try LabFile(name).content
        do { return try LabScript(content) } catch { throw StartError("\(name): \(error)") }
    }
}
