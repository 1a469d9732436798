import ArgumentParser
import Foundation
import LapseInstance
import LapseRules

/// `lapse export`.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes the tenants as they are now to a seed file.",
        discussion: """
            All tenants but sandboxes, or the one that --tenant names, with users, apps, policies, propagation and faults. `lapse serve --seed`,
            `lapse import` and `lapse reset --seed` read the file. Passwords and client secrets are in it only with --with-secrets, as
            hashes; keep such a file as you keep a file of passwords.
            """)

    @Flag(help: "Add the hashes of passwords and client secrets.")
    var withSecrets = false
    @Flag(help: "Write over a file that is there.")
    var force = false
    @OptionGroup var options: ServerOptions
    @Argument(help: "The file (default: standard output).")
    var file: String?

    func run() async throws {
        if let file, !force, FileManager.default.fileExists(atPath: file) {
            throw UsageError("\(file) is there already; --force writes over it")
        }
        try await options.run { client in
            let query = [("tenant", options.namedTenant), ("secrets", withSecrets ? "true" : nil)]
            let answer = try await client.send("GET", "export", query: query)
            let text: String
            if client.printsJSON {
                text = answer.text + "\n"
            } else {
                // What is read by name has no order: written anew it has the one that people know.
                text = YAML.text(TenantSeed.file(try TenantSeed.read(answer.json), withSecrets: true), under: comment)
            }
            guard let file else {
                StandardStream.write(text, to: StandardStream.output.rawValue)
                return
            }
            try write(text, to: file, asked: "export", isSecret: withSecrets)
        }
    }

    private var comment: [String] {
        let secrets =
            withSecrets
            ? [
                "Passwords and client secrets are in here as hashes: keep this file as you keep a file of passwords.",
                "Those of the built-in lab are not secret: a user without a password here has \(BuiltInLab.password)",
            ]
            : [
                "Passwords and client secrets are left out, but for those of the built-in lab: users have the password \(BuiltInLab.password),",
                "and apps have no other secret. With --with-secrets they are written as hashes.",
            ]
        let guests = options.namedTenant == nil ? [] : ["Guests whose home is another tenant are left out."]
        return ["Tenants as `lapse export` found them, for `lapse serve --seed`, `lapse import` and `lapse reset --seed`."]
            + secrets + guests
    }
}
