import LapseRules
import LapseStore
import Synchronization
import Testing

@testable import LapseService

/// The statements that a store ran.
private final class Statements: Sendable {
    private let state = Mutex<[String]>([])

    func add(_ statement: String) { state.withLock { $0.append(statement) } }

    /// What was run since the last time.
    func take() -> [String] {
        state.withLock { statements in
            defer { statements = [] }
            return statements
        }
    }
}

extension [String] {
    /// How many of the statements begin so.
    fileprivate func count(beginning start: String) -> Int { count { $0.hasPrefix(start) } }
    /// How many of the statements read or write the table.
    fileprivate func count(naming table: String) -> Int {
        count { $0.contains("FROM \(table) ") || $0.contains("FROM \(table)\n") || $0.contains("INTO \(table) ") }
    }
}

@Suite("What an operation asks of the store")
struct StatementTests {
    private let statements = Statements()
    private let authority: Authority

    private static let client = "bbbbbbbb-0002-4000-8000-000000000001"
    private static let start = Timestamp("2026-03-01T12:00:00Z")!
    private static let trace = RequestTrace(
        requestID: RandomSource.seeded(1).guid(), correlationID: "c", origin: "https://localhost", region: nil)

    init() async throws {
        let statements = statements
        let signer = try TokenSigner(
            SigningKey(try LocalCertificateAuthority.makeSigningIdentity(now: Self.start)))
        authority = Authority(
            store: try .inMemory(machineClock: { Self.start }, onStatement: { statements.add($0) }), signer: signer,
            random: .seeded(5), systemTime: { Self.start })
        try authority.seed(BuiltInLab.seed)
    }

    private func form(_ text: String) throws -> FormParameters { try FormParameters(Array(text.utf8)) }

    /// Signs the user in to the lab's public client.
    private func signedIn() async throws -> (refreshToken: String, cookies: BrowserCookies) {
        let target =
            "client_id=\(Self.client)&response_type=code&redirect_uri=http%3A%2F%2Flocalhost&scope=openid%20offline_access%20User.Read"
        let step = BrowserStep.signIn(
            userName: "adele@contoso.example", .password(BuiltInLab.password), newPassword: nil, staySignedIn: false)
        let (answer, cookies) = try await authority.authorize(
            form(target), at: .domain("contoso.example"), version: .v2, step: step, cookies: [:], trace: Self.trace
        ).result.get()
        guard case .redirect(_, let fields, _) = answer, let code = fields.members.first(where: { $0.name == "code" })?.value else {
            Issue.record("no code: \(answer)")
            return ("", cookies)
        }
        let outcome = try await authority.answer(
            try TokenRequest(
                form: form(
                    "grant_type=authorization_code&client_id=\(Self.client)&redirect_uri=http%3A%2F%2Flocalhost&code=\(code)"),
                authorization: nil, origin: nil), at: .domain("contoso.example"), trace: Self.trace)
        return (try #require(try outcome.result.get().refreshToken), cookies)
    }

    private func statementsOfRedeem(_ token: String) async throws -> [String] {
        _ = statements.take()
        let outcome = try await authority.answer(
            try TokenRequest(
                form: form("grant_type=refresh_token&client_id=\(Self.client)&refresh_token=\(token)"), authorization: nil,
                origin: nil), at: .domain("contoso.example"), trace: Self.trace)
        _ = try outcome.result.get()
        return statements.take()
    }

    @Test("A redeem is one transaction: it reads nothing twice, and writes an event and the child")
    func redeem() async throws {
        let (token, _) = try await signedIn()
        for isWarm in [false, true] {
            let run = try await statementsOfRedeem(token)
            #expect(run.count(beginning: "BEGIN") == 1)
            #expect(run.count(beginning: "COMMIT") == 1)
            #expect(run.count(beginning: "INSERT") == 2, "\(run)")
            #expect(run.count(beginning: "UPDATE") == 0)
            #expect(run.count(naming: "refresh_tokens") == 2, "read once, written once: \(run)")
            // What the writer remembers of the directory is not asked for again.
            if isWarm { #expect(run.count(beginning: "SELECT") == 1, "\(run)") }
        }
    }

    @Test("Authorize loads and judges a browser's session once, whatever it decides", arguments: [nil, "none", "login"])
    func authorize(prompt: String?) async throws {
        let (_, cookies) = try await signedIn()
        // A revocation that lets requests pass and counts them: each time a session is judged, its count is read.
        try authority.setPropagation(
            try PropagationModel(["planes": ["session": ["afterAttempts": 5]]]), of: "contoso.example")
        _ = try await authority.createRevocation(
            NewRevocation(user: "adele@contoso.example", cause: .userRevoke), takenIn: nil, in: "contoso.example")
        _ = statements.take()
        let target =
            "client_id=\(Self.client)&response_type=code&redirect_uri=http%3A%2F%2Flocalhost&scope=openid%20User.Read"
            + (prompt.map { "&prompt=\($0)" } ?? "")
        let outcome = try await authority.authorize(
            form(target), at: .domain("contoso.example"), version: .v2, step: .arrived, cookies: cookies, trace: Self.trace)
        _ = try outcome.result.get()
        let run = statements.take()
        #expect(run.count(beginning: "BEGIN") == 1)
        #expect(run.count(naming: "sessions") == 1, "\(run)")
        #expect(run.count { $0.hasPrefix("SELECT") && $0.contains("FROM attempts") } == 1, "\(run)")
        #expect(run.count(beginning: "INSERT INTO attempts") == (prompt == "login" ? 0 : 1), "\(run)")
    }

    @Test("The first redeem after a revoke reads the same, however often the user was revoked before")
    func redeemAfterRevoke() async throws {
        func statementsAfterRevoke() async throws -> [String] {
            _ = try await authority.createRevocation(
                NewRevocation(user: "adele@contoso.example", cause: .userRevoke), takenIn: nil, in: "contoso.example")
            let (token, _) = try await signedIn()
            return try await statementsOfRedeem(token)
        }
        let first = try await statementsAfterRevoke()
        #expect(first.count { $0.contains("revocations") } == 0, "what was added is known: \(first)")
        for _ in 0..<50 {
            _ = try await authority.createRevocation(
                NewRevocation(user: "adele@contoso.example", cause: .userRevoke), takenIn: nil, in: "contoso.example")
        }
        #expect(try await statementsAfterRevoke() == first)
    }

    @Test("A revocation is one transaction and costs the same however many tokens there are")
    func revoke() async throws {
        let (token, _) = try await signedIn()
        func statementsOfRevoke() async throws -> Int {
            _ = statements.take()
            _ = try await authority.createRevocation(
                NewRevocation(user: "adele@contoso.example", cause: .userRevoke), takenIn: nil, in: "contoso.example")
            let run = statements.take()
            #expect(run.count(beginning: "BEGIN") == 1)
            return run.count
        }
        let first = try await statementsOfRevoke()
        _ = token
        for _ in 0..<20 { _ = try await signedIn() }
        #expect(try await statementsOfRevoke() == first)
    }
}
