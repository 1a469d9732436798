import Foundation
import LapseRules
import LapseTesting
import Synchronization
import Testing

@Suite("A sandbox for each test", .lapse)
struct SandboxTests {
    static let many = 50

    @Test("Fifty tests side by side: each has its own clock, revocations and log", .timeLimit(.minutes(5)), arguments: 1...many)
    func apart(minutes: Int) async throws {
        let tenant = try LapseTenant.current
        let begin = try await clock()
        #expect(Fifty.enter(tenant), "No other test has this sandbox.")
        let first = try #require(try await tenant.signIn().refreshToken)
        // Nobody goes on before all are here: fifty sandboxes at one time.
        await Fifty.arrivals.arrive()
        try await tenant.propagation(["planes": ["refresh": ["fixed": "PT\(minutes)M"]]])
        try await tenant.revoke("adele")
        #expect(try await tenant.refresh(first).isAccepted, "It takes effect in \(minutes) minutes.")
        try await tenant.advance(by: .seconds(60 * minutes) - .milliseconds(1))
        #expect(try await tenant.refresh(first).isAccepted)
        let advanced = try await tenant.advance(by: .milliseconds(1))
        #expect(advanced.tookEffect.count == 1)
        #expect(try await tenant.refresh(first).code == 50173)
        // Nobody goes before all have moved their clocks.
        await Fifty.departures.arrive()
        #expect(try await clock() == begin + .seconds(60 * minutes))
        let events = try await tenant.events()
        #expect(events.filter { $0.type == "revoked" }.count == 1)
        #expect(events.filter { $0.type == "refreshRefused" }.count == 1)
        #expect(events.filter { $0.type == "tokenRefreshed" }.count == 2)
        #expect(try await tenant.call("GET", "revocations")["items"].items.count == 1)
        // A sign-in after the revocation is untouched by the others' revocations.
        let second = try #require(try await tenant.signIn().refreshToken)
        #expect(try await tenant.refresh(second).isAccepted)
    }

    private func clock() async throws -> Timestamp {
        let clock = try await LapseTenant.current.call("GET", "clock")
        #expect(clock["mode"] == "frozen")
        return try #require(clock["now"].string.flatMap { Timestamp($0) })
    }

    @Test(
        "The trait of a test stands in place of its suite's, and takes a seed tenant",
        .lapse(Self.tailspin, propagation: "documented"))
    func ownSeed() async throws {
        let tenant = try LapseTenant.current
        let environment = tenant.environment
        #expect(environment["LAPSE_USER"] == "wren@\(tenant.domain)")
        #expect(environment["LAPSE_PASSWORD"] == "Quill-and-ink1")
        #expect(environment["LAPSE_CLIENT_ID"] == "dddddddd-0004-4000-8000-000000000001")
        #expect(environment["LAPSE_CLIENT_SECRET"] == "tailspin-web-secret")
        let client = environment["LAPSE_CLIENT_ID"]!
        let signIn = try await tenant.signIn("wren", client: client, scope: "offline_access User.Read")
        #expect(try await tenant.refresh(try #require(signIn.refreshToken), client: client).isAccepted)
        #expect(try await tenant.call("GET", "propagation")["planes"]["refresh"]["fixed"] == "PT3M")
    }

    static let tailspin: LapseJSON = [
        "users": [["userPrincipalName": "wren", "displayName": "Wren Otter", "password": "Quill-and-ink1"]],
        "apps": [
            [
                "id": "dddddddd-0004-4000-8000-000000000001", "name": "Tailspin Web", "kind": "confidential",
                "secrets": ["tailspin-web-secret"], "delegated": ["User.Read", "offline_access"],
            ]
        ],
    ]

    @Test("Its environment is the one that lapse check gives an app")
    func environment() throws {
        let tenant = try LapseTenant.current
        let environment = tenant.environment
        #expect(environment["LAPSE_AUTHORITY"] == tenant.authority.absoluteString)
        #expect(environment["LAPSE_AUTHORITY"] == "\(tenant.lapse.https.absoluteString)/\(tenant.domain)")
        #expect(environment["LAPSE_HTTP"] == tenant.lapse.http.absoluteString)
        #expect(environment["LAPSE_USER"] == "adele@\(tenant.domain)")
        #expect(environment["LAPSE_CLIENT_SECRET"] == "")
        #expect(tenant.environment(user: "alex", client: "web")["LAPSE_CLIENT_SECRET"] == "lapse-web-secret")
        #expect(tenant.environment(user: "alex", client: "web")["LAPSE_USER"] == "alex@\(tenant.domain)")
        for name in ["LAPSE_CA", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
            let text = try String(contentsOfFile: try #require(environment[name]), encoding: .utf8)
            #expect(text.contains("BEGIN CERTIFICATE"), "\(name)")
        }
    }

    @Test(
        "Names of users and clients",
        arguments: [
            ("adele", "adele@DOMAIN"), ("adele@contoso.example", "adele@DOMAIN"), ("x@other.example", "x@other.example"),
        ])
    func names(given: String, full: String) throws {
        let tenant = try LapseTenant.current
        #expect(tenant.user(given) == full.replacing("DOMAIN", with: tenant.domain))
        #expect(tenant.client("native") == "bbbbbbbb-0002-4000-8000-000000000001")
        #expect(tenant.client("6f1c") == "6f1c")
    }

    @Test("A sandbox is removed when its scope ends, also when that throws")
    func removed() async throws {
        struct Broken: Error {}
        let outer = try LapseTenant.current
        let kept = Mutex<[LapseTenant]>([])
        await #expect(throws: Broken.self) {
            try await Lapse.shared.withSandbox { inner in
                kept.withLock { $0.append(inner) }
                #expect(try LapseTenant.current.domain == inner.domain)
                throw Broken()
            }
        }
        #expect(try LapseTenant.current.domain == outer.domain)
        let removed = kept.withLock(\.first)
        let gone = try #require(removed)
        await #expect(throws: LapseError.self) { try await gone.events() }
        await #expect { try await gone.remove() } throws: { ($0 as? LapseError)?.status == 404 }
    }

    @Test("A detached task has no sandbox, and is told how to get one")
    func detached() async throws {
        let refusal = await Task.detached { () -> String in
            do { return try LapseTenant.current.domain } catch { return "\(error)" }
        }.value
        #expect(refusal.contains(".lapse"))
    }
}

/// Where the fifty meet.
private enum Fifty {
    static let arrivals = Meeting(of: SandboxTests.many)
    static let departures = Meeting(of: SandboxTests.many)
    private static let seen = Mutex<Set<String>>([])

    /// - Returns: whether nobody has been in this sandbox.
    static func enter(_ tenant: LapseTenant) -> Bool { seen.withLock { $0.insert(tenant.id).inserted } }
}

/// Where so many wait for each other.
private actor Meeting {
    private let size: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(of size: Int) { self.size = size }

    func arrive() async {
        guard waiting.count + 1 < size else {
            for one in waiting { one.resume() }
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }
}
