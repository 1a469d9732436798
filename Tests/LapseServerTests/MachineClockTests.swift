import Foundation
import HTTPTypes
import LapseRules
import LapseStore
import Synchronization
import Testing

@Suite("The machine's clock steps back")
struct MachineClockTests {
    private static let steps: [Duration] = [.seconds(2), .seconds(10), .seconds(3600)]

    private func stamp(_ lab: Lab, _ token: String) async throws -> String {
        let path = "/v1.0/me?$select=signInSessionsValidFromDateTime"
        let answer = try await lab.send(.get, path, headers: [.authorization: "Bearer \(token)"])
        #expect(answer.status == 200, "\(answer.text)")
        return answer["signInSessionsValidFromDateTime"]
    }

    private func now(_ lab: Lab) async throws -> Timestamp? { Timestamp(try await lab.contoso(.get, "clock")["now"]) }

    @Test("While it runs: no revoked token is accepted, no stamp moves back, no fresh sign-in dies", arguments: steps)
    func running(_ step: Duration) async throws {
        try await Lab.run { lab async throws in
            lab.pass(.seconds(7200))
            let grant = try await lab.grant()
            let (dead, owner) = (grant["refresh_token"], grant["access_token"])
            lab.pass(.seconds(1))
            _ = try await lab.revoke()
            let (before, shown) = (try await stamp(lab, owner), try #require(try await now(lab)))
            #expect(try await lab.refresh(dead).code == 50173)
            lab.pass(.zero - step)
            #expect(try await lab.refresh(dead).code == 50173)
            #expect(try await stamp(lab, owner) == before)
            #expect(try #require(try await now(lab)) >= shown)
            let fresh = try await lab.grant()
            let child = try await lab.refresh(fresh["refresh_token"])
            #expect(child.status == 200)
            // The clock is right again.
            lab.pass(step + .seconds(1))
            #expect(try await lab.refresh(fresh["refresh_token"]).status == 200)
            #expect(try await lab.refresh(child["refresh_token"]).status == 200)
            #expect(try await lab.refresh(dead).code == 50173)
            let me = try await lab.send(.get, "/v1.0/me", headers: [.authorization: "Bearer \(child["access_token"])"])
            #expect(me.status == 200)
        }
    }

    @Test("What takes effect later is in effect for good, in every region", arguments: steps)
    func delayed(_ step: Duration) async throws {
        try await Lab.run { lab async throws in
            try await lab.delay("PT1M")
            let token = try await lab.grant()["refresh_token"]
            _ = try await lab.revoke()
            #expect(try await lab.refresh(token).status == 200)
            lab.pass(.seconds(60))
            #expect(try await lab.refresh(token).code == 50173)
            lab.pass(.zero - step)
            #expect(try await lab.refresh(token).code == 50173)
        }
    }

    @Test("Across a restart, whether the run before it said goodbye or not", arguments: steps, [true, false])
    func restarted(_ step: Duration, _ isClosed: Bool) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapse-clock-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("lapse.sqlite3").path
        let memory = Memory()
        try await Lab.run(database: path, start: Lab.start + .seconds(7200)) { lab async throws in
            let dead = try await lab.grant()["refresh_token"]
            lab.pass(.milliseconds(300))
            _ = try await lab.revoke()
            let shown = try #require(try await now(lab))
            memory.set(dead, shown)
            if isClosed { try lab.authority.store.close() }
        }
        let (dead, shown) = memory.get()
        try await Lab.run(database: path, start: Lab.start + .seconds(7200) - step) { lab async throws in
            #expect(try await lab.refresh(dead).code == 50173)
            let now = try #require(try await now(lab))
            #expect(now >= shown)
            // It stands still for a second at most: what is stored runs ahead of what was shown.
            #expect(now - shown <= .seconds(1))
            if isClosed { #expect(now == shown) }
            let fresh = try await lab.grant()
            #expect(try await lab.refresh(fresh["refresh_token"]).status == 200)
            lab.pass(step + .seconds(2))
            #expect(try await lab.refresh(fresh["refresh_token"]).status == 200)
        }
    }

    @Test("A person who sets the clock sets it back, and it runs from there; so does a reset")
    func set() async throws {
        try await Lab.run { lab async throws in
            try await lab.delay("PT1M")
            let token = try await lab.grant()["refresh_token"]
            _ = try await lab.revoke()
            lab.pass(.seconds(60))
            #expect(try await lab.refresh(token).code == 50173)
            try await lab.contoso(.put, "clock", ["now": "2026-03-01T12:00:30Z"])
            #expect(try await lab.refresh(token).status == 200, "what a person sets back takes effect again later")
            lab.pass(.seconds(10))
            #expect(try await now(lab) == Timestamp("2026-03-01T12:00:40Z"))
            lab.pass(.zero - .seconds(3600))
            #expect(try await now(lab) == Timestamp("2026-03-01T12:00:40Z"))
            // The person need not wait for the machine: a clock that was set runs.
            try await lab.contoso(.put, "clock", ["mode": "running", "now": "2026-03-01T12:00:50Z"])
            lab.pass(.seconds(5))
            #expect(try await now(lab) == Timestamp("2026-03-01T12:00:55Z"))
            lab.pass(.zero - .seconds(3600))
            try await lab.contoso(.post, "reset")
            #expect(try await now(lab) == Lab.start + .seconds(75 - 7200))
        }
    }
}

/// What one run tells the next.
private final class Memory: Sendable {
    private let state = Mutex(("", Timestamp.epoch))

    func set(_ token: String, _ shown: Timestamp) { state.withLock { $0 = (token, shown) } }
    func get() -> (String, Timestamp) { state.withLock { $0 } }
}
