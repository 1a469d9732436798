import Foundation
import LapseInstance
import LapseRules
import LapseService

/// What a person reads when Lapse is up: which page to open, whom to sign in as, what to type next.
enum Banner {
    /// - Parameter sample: names that exist; nil: there is no tenant, and nothing to type.
    /// - Parameter program: as the person called it.
    static func text(
        _ addresses: Instance.Addresses, certificate: String, isReissued: Bool, migration: String?,
        seeding: Authority.Seeding, settings: Settings, sample: SampleSignIn?, program: String
    ) -> String {
        let base = addresses.https ?? addresses.http ?? ""
        var facts = [
            ("Dashboard", "\(base)/_lapse/    start page: \(base)/"),
            ("Sample app", "\(base)/_lapse/app/"),
            (
                "Authority",
                [addresses.https, addresses.http].compactMap { $0.map { "\($0)/\(sample?.tenant ?? "TENANT")" } }
                    .joined(separator: "  ")
            ),
        ]
        if let app = sample?.app { facts.append(("Client id", "\(app.id)  (\(app.name))")) }
        if let user = sample?.user {
            // A file that was not applied says nothing of who is there.
            var file = settings.seed
            if case .notApplied = seeding { file = nil }
            let password = sample?.password.map { "password \($0)" } ?? file.map { "password as in \($0)" }
            facts.append(("User", [user.userPrincipalName, password].compactMap { $0 }.joined(separator: ", ")))
        }
        if addresses.https != nil {
            let names = settings.tlsNames.isEmpty ? "localhost only" : "localhost and \(settings.tlsNames.joined(separator: ", "))"
            let reissue = isReissued ? ", issued again with its old key" : ""
            facts.append(("Local CA", "\(certificate), for \(names)\(reissue)"))
            if settings.tlsNames.isEmpty, !settings.isEphemeral {
                facts.append(("", "browsers trust it after: \(shellWord(program)) trust --ca \(shellWord(certificate))"))
            }
        }
        if let migration { facts.append(("Database", migration)) }
        let next = sample.map { steps(base, certificate: certificate, settings: settings, $0, program: program) } ?? []
        return """
            Lapse \(Instance.version) - a local identity provider for tests. It is not a production identity provider.

            \(facts.map { "  " + $0.0.padding(toLength: 12, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n"))
            \(next.isEmpty ? "" : "\nTry next, in another terminal:\n\(next.map { "  \($0)" }.joined(separator: "\n"))\n")
            Stop with Ctrl-C.
            """
    }

    /// Commands that can be pasted as they stand.
    private static func steps(
        _ base: String, certificate: String, settings: Settings, _ sample: SampleSignIn, program: String
    ) -> [String] {
        let isSecure = base.hasPrefix("https:")
        let token = settings.controlToken == nil ? "" : " -H \"Authorization: Bearer $LAPSE_CONTROL_TOKEN\""
        let program = shellWord(program)
        let curl = (isSecure ? "curl -s --cacert \(shellWord(certificate))" : "curl -s") + token
        var flags = base == "https://localhost:8443" ? "" : " --server \(base)"
        // Where no flag says it, a command takes the CA of the folder that it is started in.
        if isSecure, certificate != ".lapse/ca.pem" { flags += " --ca \(shellWord(certificate))" }
        let tenant = sample.tenant == BuiltInLab.domain ? "" : " --tenant \(sample.tenant)"
        // Another terminal has no token.
        var steps = settings.controlToken == nil ? [] : ["export LAPSE_CONTROL_TOKEN=…   # the control token"]
        if let user = sample.user {
            if let app = sample.app {
                let body: JSON = [
                    "user": .string(user.userPrincipalName), "client_id": .string(app.id.description),
                    "scope": "openid offline_access",
                ]
                steps.append(
                    "\(curl) \(base)/_lapse/api/tenants/\(sample.tenant)/grants -H 'Content-Type: application/json' "
                        + "-d \(shellWord(body.encodedText))")
            }
            steps.append("\(program) revoke \(shellWord(user.userPrincipalName))\(tenant)\(flags)")
        }
        return steps + ["\(program) events\(tenant)\(flags)"]
    }
}
