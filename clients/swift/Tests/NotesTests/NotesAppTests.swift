import LapseTesting
import Testing

@Suite("An app that is tested with the kit", .lapse)
struct NotesAppTests {
    /// An app that ran before the revocation, and comes back when its access token has ended.
    private func revoked(_ habit: NotesApp.Habit) async throws -> (LapseTenant, NotesApp) {
        let tenant = try LapseTenant.current
        let app = NotesApp(tenant.environment, refreshToken: try await tenant.signIn().refreshToken, habit, show: look)
        #expect(try await app.name() == tenant.user("adele"))
        try await tenant.revoke("adele")
        #expect(try await app.name() == tenant.user("adele"), "Its access token is good until it ends.")
        try await tenant.advance(by: .seconds(2 * 3600))
        #expect(try await app.name() == nil)
        return (tenant, app)
    }

    @Test("One that asks its user to sign in again passes")
    func good() async throws {
        let (tenant, _) = try await revoked(.asksAgain)
        let judged = try await tenant.expect("native").reauthorizes(within: .seconds(5), retriesAtMost: 0)
        #expect(judged["outcomes"][0]["status"] == "passed")
        #expect(try await tenant.report(client: "native")["verdict"] == "good")
    }

    @Test("One that presents the dead token again fails, at once, and the issue says what it did")
    func bad() async throws {
        let (tenant, app) = try await revoked(.presentsTheDeadToken)
        #expect(try await app.name() == nil)
        try await withKnownIssue {
            try await tenant.expect("native", user: "adele").reauthorizes(within: .milliseconds(100), retriesAtMost: 1)
        } matching: { issue in
            let said = issue.comments.map(\.rawValue).joined()
            return said.contains("Lapse Native was expected to re-authorize within 0.1 s after a revoke")
                && said.contains("it has not re-authorized") && said.contains("it sent the same request")
        }
        #expect(try await tenant.call("GET", "expectations")["items"].items.isEmpty)
        #expect(try await tenant.report()["verdict"] == "bad")
    }

    @Test("One that met nothing fails when the time is over")
    func untested() async throws {
        let tenant = try LapseTenant.current
        try await withKnownIssue {
            try await tenant.expect("web", after: .outage).recovers(within: .milliseconds(50))
        } matching: { issue in
            issue.comments.map(\.rawValue).joined().contains(
                "Lapse Web was expected to recover within 0.1 s after an outage, and met nothing")
        }
    }

    @Test("One that waits for an outage to end keeps its token")
    func outage() async throws {
        let tenant = try LapseTenant.current
        let signIn = try await tenant.signIn()
        try await tenant.fault(match: ["endpoint": "token"], effect: ["status": 503, "retryAfter": "1s"], times: 1)
        let token = try #require(signIn.refreshToken)
        #expect(try await tenant.refresh(token).status == 503)
        #expect(try await tenant.refresh(token).isAccepted)
        try await tenant.expect(after: .outage).recovers(within: .seconds(5))
    }
}
