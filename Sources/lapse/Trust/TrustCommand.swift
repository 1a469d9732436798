import ArgumentParser
import Foundation
import LapseInstance
import LapseRules
import LapseService

/// `lapse trust`: makes the browsers and programs of this machine trust the CA of a Lapse.
struct TrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Makes this machine's browsers and programs trust Lapse's certificate.",
        discussion: """
            The CA goes to Chromium's database and those of Firefox's profiles, and, for root, to Debian's store. Lapse's CA may speak for
            localhost only. One that may speak for more names is refused without --wide.

            Exit status: 0 when it is trusted, 1 when a store could not be changed, 64 when nobody can be asked and --yes is missing.
            """)

    @OptionGroup var options: AuthorityOptions
    @Flag(help: "Also trust a CA that may speak for more than localhost.")
    var wide = false
    @Flag(help: "Do not ask first.")
    var yes = false

    func run() async throws {
        guard yes || isatty(0) != 0 else {
            throw UsageError("--yes: is required where nobody can be asked")
        }
        let source = try await options.find()
        let authority = source.authority
        guard authority.endsAt > Machine.now() else {
            throw StartError("\(authority.name) ended on \(authority.endsAt.day); `lapse serve` issues it again")
        }
        let beyond = authority.reach.beyondLoopback
        guard beyond.isEmpty || wide else {
            throw StartError(
                "\(authority.name) may speak for \(beyond.joined(separator: ", ")), and its key lies in the data folder. Whoever "
                    + "reads the key can pretend to be them to every program that trusts it. Trust it in one shell, or insist with --wide"
            )
        }
        let stores = TrustStores.all()
        describe(source, stores)
        guard yes || Self.isWanted() else { throw StartError("nothing was done") }
        try trust(source, in: stores)
    }

    private func describe(_ source: AuthoritySource, _ stores: [any TrustStore]) {
        let authority = source.authority
        let names = ["localhost"] + authority.reach.beyondLoopback
        StandardStream.output.say(
            """
            \(authority.name), for \(names.joined(separator: ", "))\(names.count == 1 ? " only" : ""), until \(authority.endsAt.day)
              from     \(source.file ?? source.reading)
              SHA-256  \(authority.fingerprint)

            """)
        guard !yes else { return }
        StandardStream.output.say((["It goes to:"] + table(stores.map { ["  \($0.name)", $0.path] })).joined(separator: "\n"))
    }

    private static func isWanted() -> Bool {
        _ = StandardStream.write("Trust it? [y/N] ", to: StandardStream.output.rawValue)
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }

    private func trust(_ source: AuthoritySource, in stores: [any TrustStore]) throws {
        var trusting = 0, hasFailed = false
        for store in stores {
            let outcome: String
            if let obstacle = store.obstacle {
                // Nothing that is there goes without it: a browser may never have run here, and root's store is a choice.
                hasFailed = hasFailed || (store is NSSDatabase && store.isThere)
                outcome = obstacle
            } else {
                do {
                    outcome = try store.trust(source.authority)
                    trusting += 1
                } catch let error as StartError {
                    hasFailed = true
                    outcome = "could not be changed: \(error.description)"
                }
            }
            StandardStream.output.say("\(store.name), \(store.path): \(outcome)")
            if let debian = store as? DebianStore, debian.obstacle != nil {
                StandardStream.output.say("  \(Self.asRoot(source, debian))")
            }
        }
        StandardStream.output.say(Self.elsewhere(source))
        guard trusting > 0, !hasFailed else { throw ExitCode(1) }
    }

    private static func asRoot(_ source: AuthoritySource, _ store: DebianStore) -> String {
        "\(source.reading) | sudo tee \(store.file(of: source.authority)) >/dev/null && sudo update-ca-certificates"
    }

    /// What a person does on systems whose stores are not Lapse's to change.
    private static func elsewhere(_ source: AuthoritySource) -> String {
        let file = source.file.map(shellWord) ?? "ca.pem"
        return """

            A browser that runs already may have to be started again. On other systems, with \(source.file == nil ? "what \(source.reading) gives" : "a copy of the file"):
              macOS    security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db \(file)
              Windows  certutil -user -addstore Root ca.pem
            """
    }
}

/// `lapse untrust`: takes the CA of a Lapse out of every store.
struct UntrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "untrust", abstract: "Takes Lapse's CA out of this machine's stores again.",
        discussion: """
            A CA is found by the fingerprint of its key, whatever its name: certificates that Lapse issued earlier with this key are taken out
            too. With --all the CAs of all Lapses are taken out, for one whose data folder is gone.
            """)

    @OptionGroup var options: AuthorityOptions
    @Flag(help: "Take out the CA of every Lapse.")
    var all = false

    func run() async throws {
        let authority = all ? nil : try await options.find().authority
        let name = authority?.name ?? "the CA of any Lapse"
        var isFound = false, hasFailed = false
        for store in TrustStores.all() where store.isThere {
            do {
                let own = try store.entries().filter { all || $0.authority.keyFingerprint == authority?.keyFingerprint }
                guard !own.isEmpty else { continue }
                isFound = true
                if let obstacle = store.obstacle {
                    hasFailed = true
                    StandardStream.output.say("\(store.name), \(store.path): still trusts it, and \(obstacle)")
                    let files = own.map { shellWord($0.place) }.joined(separator: " ")
                    StandardStream.output.say("  sudo rm \(files) && sudo update-ca-certificates")
                    continue
                }
                try store.remove(own)
                for entry in own {
                    StandardStream.output.say("\(store.name), \(store.path): \(entry.authority.name) is taken out")
                }
            } catch let error as StartError {
                hasFailed = true
                StandardStream.output.say("\(store.name), \(store.path): could not be changed: \(error.description)")
            }
        }
        if !isFound, !hasFailed { StandardStream.output.say("No store here has \(name).") }
        if let authority { StandardStream.output.say(Self.elsewhere(authority)) }
        if hasFailed { throw ExitCode(1) }
    }

    private static func elsewhere(_ authority: AuthorityCertificate) -> String {
        let hash = authority.shortFingerprint.replacing(":", with: "")
        return """

            On other systems, where it was trusted by hand:
              macOS    security delete-certificate -Z \(hash) ~/Library/Keychains/login.keychain-db
              Windows  certutil -user -delstore Root \(hash)
            """
    }
}

extension Timestamp {
    /// The day, as a person reads it.
    var day: String { String(description.prefix(10)) }
}
