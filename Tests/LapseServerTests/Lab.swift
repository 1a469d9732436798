import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LapseRules
import LapseService
import LapseStore
import Logging
import NIOCore
import Synchronization
import Testing

@testable import LapseServer

/// A whole Lapse in memory: real SQLite, seeded chance, and a machine clock that only the test moves.
struct Lab: Sendable {
    static let start = Timestamp("2026-03-01T12:00:00.1234567Z")!
    static let native = "bbbbbbbb-0002-4000-8000-000000000001"
    static let web = "bbbbbbbb-0002-4000-8000-000000000002"
    static let spa = "bbbbbbbb-0002-4000-8000-000000000003"
    static let daemon = "bbbbbbbb-0002-4000-8000-000000000004"
    static let api = "bbbbbbbb-0002-4000-8000-000000000005"
    static let adele = "aaaaaaaa-0001-4000-8000-000000000001"
    static let scope = "openid profile offline_access User.Read User.RevokeSessions.All"

    let authority: Authority
    let client: any TestClientProtocol
    let exchanges: ExchangeLog
    private let clock: WallClock

    /// Runs the test against a fresh lab whose machine clock stands still at ``start``.
    ///
    /// - Parameter database: the file of a lab that may have been run before; nil: in memory.
    static func run(
        seed: [TenantSeed] = BuiltInLab.seed, isRegistrationOpen: Bool = false, scheme: Site.Scheme = .https,
        publicURL: String? = nil, backChannel: Settings.BackChannel = .public, controlToken: String? = nil, database: String? = nil,
        start: Timestamp = start,
        log: ServerLog? = nil,
        _ test: @Sendable (Lab) async throws -> Void
    ) async throws {
        let clock = WallClock(start)
        let store =
            try database.map { try Store(path: $0, machineClock: { clock.now }) }
            ?? Store.inMemory(machineClock: { clock.now })
        let authority = Authority(
            store: store, signer: try await TestKeys.signer.value, random: .seeded(1),
            systemTime: { clock.now },
            isRegistrationOpen: isRegistrationOpen)
        try authority.seed(seed)
        log?.ask(authority)
        let exchanges = ExchangeLog(systemTime: { clock.now }, toldTo: log)
        let site = Site(
            authority: authority, scheme: scheme, certificatePEM: "CA", publicURL: publicURL, backChannel: backChannel,
            controlToken: controlToken,
            exchanges: exchanges, log: log, version: "test",
            systemTime: { clock.now }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await buildApplication(site).test(.router) { client in
            try await test(Lab(authority: authority, client: client, exchanges: exchanges, clock: clock))
        }
    }

    /// Moves the machine's clock; every tenant whose clock runs moves along.
    func pass(_ duration: Duration) { clock.advance(by: duration) }

    // MARK: Requests

    func send(
        _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields = [:], body: String? = nil
    ) async throws -> Answer {
        try await client.execute(uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }) {
            Answer($0)
        }
    }

    func form(
        _ path: String, _ parameters: KeyValuePairs<String, String>, headers: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = headers
        headers[.contentType] = "application/x-www-form-urlencoded"
        return try await send(.post, path, headers: headers, body: Self.encoded(parameters))
    }

    static func encoded(_ parameters: KeyValuePairs<String, String>) -> String {
        parameters.map { "\(FormParameters.encode($0))=\(FormParameters.encode($1))" }.joined(separator: "&")
    }

    func control(_ method: HTTPRequest.Method, _ path: String, _ body: JSON? = nil) async throws -> Answer {
        try await send(
            method, "/_lapse/api/\(path)", headers: body == nil ? [:] : [.contentType: "application/json"],
            body: body?.encodedText)
    }

    @discardableResult
    func contoso(_ method: HTTPRequest.Method, _ path: String, _ body: JSON? = nil) async throws -> Answer {
        let answer = try await control(method, "tenants/contoso.example/\(path)", body)
        #expect((200..<300).contains(answer.status), "\(method) \(path): \(answer.text)")
        return answer
    }

    // MARK: The steps of the stories

    func delay(_ duration: String) async throws {
        try await contoso(
            .put, "propagation", ["planes": ["refresh": ["fixed": .string(duration)], "session": ["fixed": .string(duration)]]])
    }

    func revoke(_ user: String = "adele@contoso.example", cause: String = "adminRevoke") async throws -> Answer {
        try await contoso(.post, "revocations", ["user": .string(user), "cause": .string(cause)])
    }

    /// A grant made without a browser.
    func grant(
        user: String = "adele@contoso.example", client: String = native, scope: String = scope, method: String = "password",
        tenant: String = "contoso.example"
    ) async throws -> Answer {
        let answer = try await control(
            .post, "tenants/\(tenant)/grants",
            ["user": .string(user), "client_id": .string(client), "scope": .string(scope), "method": .string(method)])
        #expect(answer.status == 201, "\(answer.text)")
        return answer
    }

    func refresh(
        _ token: String, client: String = native, at tenant: String = "contoso.example", scope: String? = nil,
        headers: HTTPFields = [:], secret: String? = nil, claims: String? = nil
    ) async throws -> Answer {
        var body = Self.encoded(["grant_type": "refresh_token", "client_id": client, "refresh_token": token])
        if let scope { body += "&" + Self.encoded(["scope": scope]) }
        if let secret { body += "&" + Self.encoded(["client_secret": secret]) }
        if let claims { body += "&" + Self.encoded(["claims": claims]) }
        var headers = headers
        headers[.contentType] = "application/x-www-form-urlencoded"
        return try await send(.post, "/\(tenant)/oauth2/v2.0/token", headers: headers, body: body)
    }

    static func authorizePath(
        client: String = native, redirect: String = "http://localhost/cb", tenant: String = "contoso.example",
        scope: String = scope,
        _ more: KeyValuePairs<String, String> = [:]
    ) -> String {
        let query = encoded([
            "client_id": client, "response_type": "code", "redirect_uri": redirect, "scope": scope, "state": "s t&te",
        ])
        let rest = encoded(more)
        return "/\(tenant)/oauth2/v2.0/authorize?\(query)" + (rest.isEmpty ? "" : "&" + rest)
    }

    /// Signs in through the page's form.
    func signIn(
        _ path: String = authorizePath(), user: String = "adele@contoso.example", password: String = BuiltInLab.password,
        cookies: String? = nil, stay: Bool = false
    ) async throws -> Answer {
        var headers: HTTPFields = [:]
        headers[.cookie] = cookies
        let form: KeyValuePairs<String, String> =
            stay
            ? ["step": "signIn", "login": user, "passwd": password, "kmsi": "1"]
            : ["step": "signIn", "login": user, "passwd": password]
        return try await self.form(path, form, headers: headers)
    }

    func authorize(_ path: String, cookies: String? = nil) async throws -> Answer {
        var headers: HTTPFields = [:]
        headers[.cookie] = cookies
        return try await send(.get, path, headers: headers)
    }

    func redeem(
        code: String, client: String = native, redirect: String = "http://localhost/cb", secret: String? = nil,
        verifier: String? = nil, origin: String? = nil
    ) async throws -> Answer {
        var body = Self.encoded([
            "grant_type": "authorization_code", "client_id": client, "code": code, "redirect_uri": redirect,
        ])
        if let secret { body += "&" + Self.encoded(["client_secret": secret]) }
        if let verifier { body += "&" + Self.encoded(["code_verifier": verifier]) }
        var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        headers[.origin] = origin
        return try await send(.post, "/contoso.example/oauth2/v2.0/token", headers: headers, body: body)
    }
}

/// The machine's clock of a test.
final class WallClock: Sendable {
    private let instant: Mutex<Timestamp>

    init(_ start: Timestamp) { instant = Mutex(start) }

    var now: Timestamp { instant.withLock { $0 } }

    func advance(by duration: Duration) { instant.withLock { $0 = $0 + duration } }
}

/// One signing key for all tests: making one takes longer than a test.
enum TestKeys {
    static let signer = Task {
        try TokenSigner(SigningKey(try LocalCertificateAuthority.makeSigningIdentity(now: Lab.start)))
    }
}

/// An answer as a test reads it.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPFields
    let text: String

    init(_ response: TestResponse) {
        status = response.status.code
        headers = response.headers
        text = String(buffer: response.body)
    }

    var json: JSON { JSON(parsing: Array(text.utf8)) ?? .null }

    subscript(name: String) -> String { json[name]?.text ?? "" }

    /// The AADSTS number of an error.
    var code: Int? {
        guard case .array(let codes)? = json["error_codes"], case .integer(let code)? = codes.first else { return nil }
        return Int(code)
    }

    /// The parameters of the Location, of query or fragment.
    var redirect: FormParameters? {
        guard let location = headers[.location], let mark = location.firstIndex(where: { $0 == "?" || $0 == "#" }) else {
            return nil
        }
        return try? FormParameters(Array(location[location.index(after: mark)...].utf8))
    }

    /// The cookies set here, as a browser would send them back.
    var cookies: String {
        headers[values: .setCookie].compactMap { $0.split(separator: ";").first.map(String.init) }.joined(separator: "; ")
    }

    /// The payload of a token in the answer.
    func claims(_ token: String) -> JSON {
        let parts = self[token].split(separator: ".")
        guard parts.count == 3, let payload = Base64URL.decode(parts[1]) else { return .null }
        return JSON(parsing: payload) ?? .null
    }

    var items: [JSON] {
        guard case .array(let items)? = json["items"] else { return [] }
        return items
    }
}

extension JSON {
    var int: Int64? { if case .integer(let value) = self { value } else { nil } }
    var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }
    var flag: Bool? { if case .bool(let value) = self { value } else { nil } }
}
