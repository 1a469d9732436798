import ArgumentParser
import Foundation
import LapseClient
import LapseInstance
import LapseRules
import LapseService

/// `lapse status`: is a Lapse running, where is what it has, and does it do what it is for?
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Says whether a Lapse is running, where, and whether it works.",
        discussion: """
            It asks the server and looks into this machine's certificate stores. Then it signs somebody in, refreshes, revokes, and is refused, in
            its own tenant, which it then removes. With --tenant it also looks at the metadata of that tenant.

            Exit status: 0 when all is well, 1 when nothing answers, 2 when something is wrong.
            """, aliases: ["doctor"])

    @OptionGroup var options: ServerOptions

    func run() async throws {
        do {
            let client = try Self.client(options)
            let isNamed = options.tenant != nil || ProcessInfo.processInfo.environment["LAPSE_TENANT"] != nil
            let checkup = Checkup(client: client, tenant: isNamed ? client.tenant : "organizations")
            try await checkup.reach()
            let status = try await checkup.status()
            let authority = try await checkup.authority()
            let trusting = authority.map(TrustStores.trusting) ?? []
            var checks = Checkup.certificate(status, now: Machine.now())
            checks += try await StopSignals.cancelling { await checkup.run() }
            StandardStream.output.say(
                options.json
                    ? Self.json(status, trusting, checks).encodedText
                    : Self.lines(status, authority, trusting, checks, server: client.server).joined(separator: "\n"))
            if checks.contains(where: { !$0.isOK }) { throw ExitCode(2) }
        } catch let failure as Checkup.Failure {
            StandardStream.complain(failure.message)
            throw ExitCode(failure.isSilence ? 1 : 2)
        }
    }

    private static func client(_ options: ServerOptions) throws -> ControlClient {
        do { return try ControlClient(options.connection, tenant: options.tenant) } catch let error as StartError {
            throw UsageError(error.description)
        }
    }

    static func json(_ status: JSON, _ trusting: [any TrustStore], _ checks: [Checkup.Check]) -> JSON {
        let (addresses, folder, certificate) = (status["addresses"], status["dataFolder"], status["certificate"])
        let stores = JSON.array(trusting.map { ["store": .string($0.name), "path": .string($0.path)] })
        return [
            "version": status["version"] ?? .null,
            "addresses": ["https": addresses?["https"] ?? .null, "http": addresses?["http"] ?? .null],
            "dataFolder": ["path": folder?["path"] ?? .null, "bytes": folder?["bytes"] ?? .null],
            "certificate": [
                "names": certificate?["names"] ?? .null, "endsAt": certificate?["endsAt"] ?? .null, "trustedBy": stores,
            ],
            "checks": .array(
                checks.map { ["name": .string($0.name), "ok": .bool($0.isOK), "detail": .string($0.detail)] }),
        ]
    }

    private static func lines(
        _ status: JSON, _ authority: AuthorityCertificate?, _ trusting: [any TrustStore], _ checks: [Checkup.Check], server: String
    ) -> [String] {
        let addresses = ["https", "http"].compactMap { status["addresses"]?[$0]?.text }
        let names = status["certificate"]?["names"]?.elements.compactMap(\.text) ?? []
        let bytes = if case .integer(let bytes)? = status["dataFolder"]?["bytes"] { bytes } else { Int64(0) }
        let unread = TrustStores.all().first { $0.isThere && $0 is NSSDatabase && $0.obstacle != nil }?.obstacle
        let trust = trusting.map { "\($0.name) (\($0.path))" }.joined(separator: ", ")
        let certificate =
            [
                [
                    "  Certificate",
                    "for \(names.joined(separator: ", ")), until \(status["certificate"]?.shown("endsAt").prefix(10) ?? "")",
                ],
                ["  Local CA", authority?.name ?? "not shown"],
                ["  Trusted by", trust.isEmpty ? "no store here; lapse trust changes that" : trust],
            ] + (unread.map { [["", "The browsers' databases were not read: \($0)"]] } ?? [])
        return ["Lapse \(status.shown("version")) answers at \(server)"]
            + table(
                [
                    ["  Addresses", addresses.joined(separator: "  ")],
                    ["  Data folder", "\(status["dataFolder"]?.shown("path") ?? ""), \(size(bytes))"],
                ] + (isBehindProxy(server, names) ? [["  Certificate", "a proxy's, not Lapse's own"]] : certificate))
            + table(checks.map { ["  \($0.isOK ? "ok" : "WRONG")", $0.name, $0.detail] })
    }

    /// Whether who asks at this address meets another certificate than Lapse's own: over HTTPS, by a name that it has not.
    ///
    /// - Parameter names: those of Lapse's own certificate, besides what is always this machine's.
    static func isBehindProxy(_ server: String, _ names: [String]) -> Bool {
        guard let url = URL(string: server), url.scheme == "https", let host = url.host()?.lowercased() else { return false }
        return !names.contains(host) && !host.hasSuffix(".localhost") && !Settings.isLoopback(host)
    }

    static func size(_ bytes: Int64) -> String {
        let units = ["bytes", "KB", "MB", "GB", "TB"]
        var (amount, unit) = (Double(bytes), 0)
        while amount >= 999.5, unit < units.count - 1 { (amount, unit) = (amount / 1000, unit + 1) }
        return amount < 9.95 && unit > 0
            ? "\((amount * 10).rounded() / 10) \(units[unit])" : "\(Int(amount.rounded())) \(units[unit])"
    }
}

/// What `lapse status` asks of a server, one thing after the other.
struct Checkup: Sendable {
    /// One thing, and whether it is as it has to be.
    struct Check: Equatable, Sendable {
        let name: String
        let isOK: Bool
        /// What was seen, or what is wrong.
        let detail: String
    }

    /// Why nothing more can be asked.
    struct Failure: Error {
        let message: String
        /// Whether nothing answers at all.
        let isSilence: Bool
    }

    let client: ControlClient
    /// Whose metadata are looked at.
    let tenant: String

    private static let patience = Duration.seconds(10)

    /// Looks whether a Lapse answers.
    func reach() async throws {
        let answer: Answer
        do {
            answer = try await client.web.send(
                "GET", "\(client.server)/_lapse/api/health", headers: client.authorization, within: Self.patience)
        } catch let error as Unreachable {
            throw Failure(
                message: error.sentence(ofLapseAt: client.server), isSilence: error.isSilent)
        }
        guard answer.status != 200 || answer.json["status"] != "ok" else { return }
        let reason = answer.json["error"]?["message"]?.text ?? "it is not a Lapse"
        throw Failure(message: "\(client.server) answers, but \(reason)", isSilence: false)
    }

    /// What only the server knows.
    func status() async throws -> JSON {
        do { return try await client.send("GET", "status", within: Self.patience).json } catch {
            try Task.checkCancellation()
            // It answered until here.
            throw Failure(
                message: "\(client.server) does not tell its status: \(Ending(error).sentence ?? "there is no answer")",
                isSilence: false)
        }
    }

    /// The CA that the server has.
    func authority() async throws -> AuthorityCertificate? {
        let answer = try? await client.web.send("GET", "\(client.server)/_lapse/ca.pem", within: Self.patience)
        return answer.flatMap { AuthorityCertificate.all(in: $0.text).first }
    }

    /// Whether the certificate can be shown to anybody. Without HTTPS none is.
    static func certificate(_ status: JSON, now: Timestamp) -> [Check] {
        guard status["addresses"]?["https"]?.text != nil else { return [] }
        let end = status["certificate"]?["endsAt"]?.text.flatMap { Timestamp($0) }
        let isGood = end.map { $0 > now } ?? false
        return [
            Check(
                name: "certificate", isOK: isGood,
                detail: "\(isGood ? "until" : "ended on") \(end?.day ?? "an unknown day")\(isGood ? "" : "; start Lapse again")")
        ]
    }

    /// All that a client meets, from discovery to a refusal.
    func run() async -> [Check] {
        var checks: [Check] = []
        func check(_ name: String, _ look: () async throws -> String) async {
            do {
                checks.append(Check(name: name, isOK: true, detail: try await look()))
            } catch {
                checks.append(Check(name: name, isOK: false, detail: Ending(error).sentence ?? "there is no answer"))
            }
        }
        await check("discovery", discovery)
        await check("keys") { "\(try await keys(of: tenant).count) to check signatures with" }
        let domain = "status-\(Machine.random.guid().description.prefix(8)).example"
        let sandbox = ControlClient(
            server: client.server, tenant: domain, controlToken: client.controlToken, web: client.web)
        await check("sandbox") { try await make(domain) }
        if checks.last?.isOK == true {
            var token: String?
            await check("mint") {
                let minted = try await mint(sandbox)
                token = minted.token
                return "signed with the key \(minted.key)"
            }
            if let token { await check("refusedRefresh") { try await refuse(token, sandbox) } }
        }
        // Made or not: an answer may have been lost.
        await check("cleanup") { try await remove(sandbox) }
        return checks
    }

    // MARK: The steps

    private func discovery() async throws -> String {
        let answer = try await client.web.send(
            "GET", "\(client.server)/\(tenant)/v2.0/.well-known/openid-configuration", within: Self.patience)
        guard answer.status == 200 else { throw StartError("it is answered with \(answer.status)") }
        for name in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] where answer.json[name]?.text == nil {
            throw StartError("it has no \(name)")
        }
        return answer.json.shown("token_endpoint")
    }

    /// The names of the keys.
    private func keys(of tenant: String) async throws -> [String] {
        let answer = try await client.web.send("GET", "\(client.server)/\(tenant)/discovery/v2.0/keys", within: Self.patience)
        guard answer.status == 200 else { throw StartError("they are answered with \(answer.status)") }
        let names = (answer.json["keys"]?.elements ?? []).compactMap { $0["kid"]?.text }
        guard !names.isEmpty else { throw StartError("there is none") }
        return names
    }

    private static let app = "status-app"

    /// Makes a tenant with one user and one app. It is made to the end even when somebody stops the command: what is half made could not be removed.
    private func make(_ domain: String) async throws -> String {
        let seed: JSON = [
            "name": "lapse status", "domains": [.string(domain)], "propagation": "instant",
            "users": [["userPrincipalName": .string("user@\(domain)"), "displayName": "lapse status"]],
            "apps": [["id": .string(Self.app), "name": "lapse status", "kind": "public", "delegated": ["User.Read"]]],
        ]
        _ = try await Task { try await client.send("POST", "tenants", seed, within: Self.patience) }.value
        return domain
    }

    /// Signs the user in, and refreshes at the token endpoint.
    private func mint(_ sandbox: ControlClient) async throws -> (token: String, key: String) {
        let grant = try await sandbox.send(
            "POST", sandbox.path("grants"),
            [
                "user": .string("user@\(sandbox.tenant)"), "client_id": .string(Self.app),
                "scope": "openid offline_access User.Read",
            ],
            within: Self.patience)
        let answer = try await refresh(grant.json.shown("refresh_token"), sandbox)
        guard answer.status == 200, let token = answer.json["refresh_token"]?.text, let access = answer.json["access_token"]?.text
        else { throw StartError("a refresh is answered with \(answer.status) \(Self.summary(answer))") }
        let header = Base64URL.decode(String(access.prefix { $0 != "." })).flatMap { JSON(parsing: $0) }
        let key = header?["kid"]?.text ?? ""
        guard try await keys(of: sandbox.tenant).contains(key) else {
            throw StartError("a token is signed with the key \(key), which is not listed")
        }
        return (token, key)
    }

    private func refuse(_ token: String, _ sandbox: ControlClient) async throws -> String {
        try await sandbox.send(
            "POST", sandbox.path("revocations"), ["user": .string("user@\(sandbox.tenant)"), "cause": "adminRevoke"],
            within: Self.patience)
        let answer = try await refresh(token, sandbox)
        let expected = Int64(AADSTS.grantRevoked.rawValue)
        guard answer.status == 400, answer.json["error_codes"] == [.integer(expected)] else {
            throw StartError("after a revocation it is answered with \(answer.status) \(Self.summary(answer))")
        }
        return "\(answer.json.shown("error")), \(expected)"
    }

    private func refresh(_ token: String, _ sandbox: ControlClient) async throws -> Answer {
        try await client.web.send(
            "\(client.server)/\(sandbox.tenant)/oauth2/v2.0/token",
            form: [("grant_type", "refresh_token"), ("client_id", Self.app), ("refresh_token", token)])
    }

    /// What an error says, without what differs each time.
    private static func summary(_ answer: Answer) -> String {
        String(answer.json.shown("error_description").prefix { $0 != "." && $0 != "\r" })
    }

    /// Removes the tenant, also when somebody stops the command.
    private func remove(_ sandbox: ControlClient) async throws -> String {
        let answer = try await Task {
            try await sandbox.web.send(
                "DELETE", "\(sandbox.server)/_lapse/api/\(sandbox.path())", headers: sandbox.authorization, within: Self.patience)
        }.value
        guard [204, 404].contains(answer.status) else {
            throw StartError("\(sandbox.tenant) stays: \(answer.json["error"]?.shown("message") ?? "\(answer.status)")")
        }
        return "the sandbox is removed"
    }
}
