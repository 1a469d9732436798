import Foundation
import LapseRules
import LapseStore
import Synchronization
import Testing

@testable import LapseService

/// What the workers of a race saw.
private final class Tally: Sendable {
    private let state = Mutex((isRevoked: false, accepted: 0, late: 0))

    var isRevoked: Bool { state.withLock { $0.isRevoked } }
    var counts: (accepted: Int, late: Int) { state.withLock { ($0.accepted, $0.late) } }

    func revoked() { state.withLock { $0.isRevoked = true } }

    func accepted(late: Bool) {
        state.withLock {
            $0.accepted += 1
            if late { $0.late += 1 }
        }
    }
}

@Suite("What HTTP cannot show")
struct RaceTests {
    private static let signer = Task {
        try TokenSigner(
            SigningKey(try LocalCertificateAuthority.makeSigningIdentity(now: Timestamp("2026-03-01T12:00:00Z")!)))
    }

    private func authority() async throws -> Authority {
        let now = Timestamp("2026-03-01T12:00:00Z")!
        let authority = Authority(
            store: try .inMemory(machineClock: { now }), signer: try await Self.signer.value, random: .seeded(5),
            systemTime: { now })
        try authority.seed(BuiltInLab.seed)
        return authority
    }

    private static let trace = RequestTrace(
        requestID: RandomSource.seeded(1).guid(), correlationID: "c", origin: "https://localhost", region: nil)

    private func grant(_ authority: Authority) async throws -> String {
        let signIn = DirectSignIn(
            user: "adele@contoso.example", client: "bbbbbbbb-0002-4000-8000-000000000001", scope: "openid offline_access User.Read")
        let signedIn = try await authority.createGrant(NewGrant(signIn), in: "contoso.example", trace: Self.trace)
        return try #require(signedIn.tokens.refreshToken)
    }

    @discardableResult
    private func revoke(_ cause: Revocation.Cause, _ authority: Authority) async throws -> RevocationStatus {
        try await authority.createRevocation(
            NewRevocation(user: "adele@contoso.example", cause: cause), takenIn: nil, in: "contoso.example")
    }

    private func redeem(_ token: String, _ authority: Authority) async throws -> Int {
        let form = try FormParameters(
            Array("grant_type=refresh_token&client_id=bbbbbbbb-0002-4000-8000-000000000001&refresh_token=\(token)".utf8))
        let outcome = try await authority.answer(
            try TokenRequest(form: form, authorization: nil, origin: nil), at: .domain("contoso.example"), trace: Self.trace)
        return switch outcome.result {
        case .success: 0
        case .failure(let refused): refused.error.code?.rawValue ?? -1
        }
    }

    @Test("Of thousands of concurrent redeems none that begins after a revoke was answered succeeds, the clock standing still")
    func redeemsAndRevokes() async throws {
        let authority = try await authority()
        for _ in 0..<10 {
            let token = try await grant(authority)
            let tally = Tally()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        for round in 0..<40 {
                            if worker == 0, round == 20 {
                                try await revoke(.userRevoke, authority)
                                tally.revoked()
                            }
                            let beganAfter = tally.isRevoked
                            let code = try await redeem(token, authority)
                            #expect(code == 0 || code == 50173)
                            if code == 0 { tally.accepted(late: beganAfter) }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(tally.counts.late == 0)
            #expect(tally.counts.accepted > 0)
        }
    }

    @Test("A refusal is committed: its event stays, with the revocation that decided it")
    func refusalEvent() async throws {
        let authority = try await authority()
        let token = try await grant(authority)
        let revocation = try await revoke(.adminRevoke, authority)
        #expect(try await redeem(token, authority) == 50173)
        let filter = try authority.eventFilter(kind: .refreshRefused, user: "adele@contoso.example", in: "contoso.example")
        let events = try authority.listEvents(filter, after: nil).items
        #expect(events.count == 1)
        #expect(events.first?.event.code == .grantRevoked)
        #expect(events.first?.event.revocation == revocation.id)
    }

    @Test("A token of one Lapse means nothing to another")
    func otherKey() async throws {
        let other = try TokenSigner(
            SigningKey(try LocalCertificateAuthority.makeSigningIdentity(now: Timestamp("2026-03-01T12:00:00Z")!)))
        let token = try other.sign((["aud": "x"] as JSON).encoded)
        guard case .wrongSignature = try await Self.signer.value.check(token) else { return #expect(Bool(false)) }
        guard case .garbage = try await Self.signer.value.check("a.b") else { return #expect(Bool(false)) }
        guard case .payload(let payload) = other.check(token) else { return #expect(Bool(false)) }
        #expect(payload["aud"] == "x")
        // Every byte counts.
        let forged = token.dropLast(2) + (token.hasSuffix("AA") ? "BB" : "AA")
        if case .payload = other.check(String(forged)) { #expect(Bool(false), "a changed signature was accepted") }
    }

    @Test("A token has one text: padding and letters of another alphabet are refused")
    func oneText() async throws {
        let signer = try await Self.signer.value
        let token = try signer.sign((["aud": "x"] as JSON).encoded)
        let (head, tail) = (String(token.prefix { $0 != "." }), String(token.drop { $0 != "." }))
        for other in [
            token + "==", token + "=", head + "=" + tail, token.replacing("-", with: "+").replacing("_", with: "/"), token + "\n",
            " " + token,
        ] {
            guard case .garbage = signer.check(other) else { return #expect(Bool(false), "\(other)") }
        }
        guard case .payload = signer.check(token) else { return #expect(Bool(false)) }
    }

    @Test("The server certificate is good for this machine alone, and for less than what clients refuse")
    func certificates() throws {
        let now = Timestamp("2026-03-01T12:00:00Z")!
        let authority = try LocalCertificateAuthority.makeAuthority(now: now)
        let server = try LocalCertificateAuthority.makeServer(signedBy: authority, now: now)
        #expect(try LocalCertificateAuthority.isFresh(server, now: now))
        #expect(try LocalCertificateAuthority.isFresh(server, now: now + .seconds(760 * 86_400)))
        #expect(try !LocalCertificateAuthority.isFresh(server, now: now + .seconds(780 * 86_400)))
    }
}
