import ArgumentParser
import Foundation
import LapseInstance
import LapseRules

/// `lapse init`.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Writes a commented lapse.yaml and a seed file into this folder, for `lapse serve` here.")

    @Flag(help: "Write over files that are there.")
    var force = false

    static let seedFile = "lapse-seed.yaml"
    private static let files = [("lapse.yaml", configurationText), (seedFile, seedText)]

    func run() throws {
        if !force, let there = Self.files.map(\.0).first(where: FileManager.default.fileExists) {
            throw StartError("\(there) is there already, and nothing was written; --force writes over it")
        }
        for (name, text) in Self.files { try write(text, to: name, asked: "init") }
        StandardStream.output.say("Wrote \(Self.files.map(\.0).joined(separator: " and ")). Next: lapse serve")
    }

    /// Every key of `lapse.yaml`, with its default. The seed file is named; all else is a comment.
    static var configurationText: String {
        let keys = Settings.Option.all.map { option in
            option.name == Settings.Option.seed.name
                ? "# \(option.help)\nseed: \(seedFile)\n"
                : "# \(option.help)\n#\(option.name): \(option.kind == .toggle ? "false" : option.defaultText ?? "")".trimmingSpaces
                    + "\n"
        }
        return """
            # How `lapse serve` runs in this folder. A key in a comment has its default. A flag or the environment (LAPSE_HTTPS_PORT) wins
            # over this file.


            """ + keys.joined(separator: "\n")
    }

    static let seedText = """
        # The tenants that `lapse serve` makes in an empty data folder. After a change: `lapse reset --seed \(seedFile)`.
        # docs/control-api.md lists what a seed may say.
        tenants:
          - id: \(BuiltInLab.contoso)
            name: Contoso
            domains: [\(BuiltInLab.domain)]

            # How long a revocation takes: instant, documented, observed, flapping, or a model. Without it: as `lapse serve --propagation`.
            #propagation: documented
            #policies: {tieRule: precise, lifetimes: {accessToken: PT2M}}

            users:
              # Without a password: \(BuiltInLab.password)
              - id: aaaaaaaa-0001-4000-8000-000000000001
                userPrincipalName: \(BuiltInLab.adele)
                displayName: Adele Vance
                #password: "another one"
                #accountEnabled: false
                # Refuses Adele's requests with this code, until it is taken away.
                #challenges: [{code: 50076, on: [refresh]}]
              - id: aaaaaaaa-0001-4000-8000-000000000003
                userPrincipalName: \(BuiltInLab.admin)
                displayName: Ada Admin
                roles: [Global Administrator]

            apps:
              # id is the client id.
              - id: \(BuiltInLab.native)
                name: Native App
                kind: public # or confidential, spa, resource
                redirectUris: ["http://localhost"]
                flows: [code, refresh, device, password]
                delegated: [openid, profile, offline_access, User.Read, User.RevokeSessions.All]
              - id: \(BuiltInLab.web)
                name: Web App
                kind: confidential
                secrets: [\(BuiltInLab.webSecret)]
                redirectUris: ["http://localhost:3000/auth/callback"]
                delegated: [openid, profile, offline_access, User.Read]
                #application: [User.Read.All]
                #lifetimes: {accessToken: PT2M}

            # What goes wrong on purpose.
            #faults:
            #  - {match: {endpoint: token}, effect: {status: 503}, times: 2}

        """
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
