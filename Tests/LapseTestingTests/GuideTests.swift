import Foundation
import LapseTesting
import Testing

// The Swift of docs/swift-testing.md: what stands there stands here, and is compiled and run.

// Stands for the app of whoever reads the page.
private actor MyApp {
    private let kept: String?
    private let tenant: String

    init(environment: [String: String], keeping kept: String?) { (self.kept, tenant) = (kept, environment["LAPSE_TENANT"] ?? "") }

    /// Presents what it kept, and asks its user to sign in when that is refused.
    func work() async throws {
        let lapse = try LapseTenant.current
        #expect(lapse.domain == tenant)
        if try await lapse.refresh(kept ?? "").isAccepted { return }
        // Whoever signs in again leaves the refusal behind.
        _ = try await lapse.signIn()
    }
}

@Test(.lapse) func theUserSignsInAgain() async throws {
    let tenant = try LapseTenant.current
    let app = MyApp(environment: tenant.environment, keeping: try await tenant.signIn("adele").refreshToken)
    try await tenant.revoke("adele")
    try await app.work()
    try await tenant.expect("native").reauthorizes(within: .seconds(5))
}

@Suite("The sandbox of a page's reader", .lapse)
struct RevocationTests {
    @Test func arrivesLate() async throws {
        let tenant = try LapseTenant.current
        try await tenant.propagation(["planes": ["refresh": ["fixed": "PT3M"]]])
        let token = try #require(try await tenant.signIn("alex").refreshToken)
        try await tenant.revoke("alex")
        #expect(try await tenant.refresh(token).isAccepted)
        try await tenant.advance(by: .seconds(180))
        #expect(try await tenant.refresh(token).code == 50173)
    }

    @Test(.lapse(propagation: "documented")) func hasAModel() async throws {
        let revocation = try await LapseTenant.current.revoke("adele")
        #expect(!revocation.isEffective(on: "refresh"))
        try await LapseTenant.current.until(.propagation)
    }

    @Test func anOutageEndsNothing() async throws {
        let tenant = try LapseTenant.current
        let token = try #require(try await tenant.signIn().refreshToken)
        try await tenant.fault(match: ["endpoint": "token"], effect: ["status": 503, "retryAfter": "1s"], times: 1)
        #expect(try await tenant.refresh(token).status == 503)
        #expect(try await tenant.refresh(token).isAccepted)
    }
}

@Test func withoutATrait() async throws {
    try await Lapse.shared.withSandbox { tenant in
        _ = try await tenant.signIn("adele")
    }
}

private let notes: LapseJSON = [
    "users": [["userPrincipalName": "wren", "displayName": "Wren Otter"]],
    "apps": [
        ["id": "my-app", "name": "My app", "kind": "public", "redirectUris": ["myapp://signed-in"], "delegated": ["User.Read"]]
    ],
]

@Test(.lapse(notes)) func anAppOfMyOwn() async throws {
    let tenant = try LapseTenant.current
    _ = try await tenant.signIn("wren", client: "my-app", scope: "User.Read")
}

@Suite("The guide for Swift Testing")
struct GuideTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// The lines without what they are indented by, and without empty ones.
    private static func lines(_ text: some StringProtocol) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    private static func blocks(_ language: String) throws -> [[String]] {
        try text("docs/swift-testing.md").components(separatedBy: "\n```\(language)\n").dropFirst()
            .map { lines($0.components(separatedBy: "\n```")[0]) }
    }

    @Test("Its Swift is compiled here, and its manifest is the example's")
    func compiled() throws {
        let own = Self.lines(try Self.text("Tests/LapseTestingTests/GuideTests.swift"))
        let swift = try Self.blocks("swift")
        #expect(swift.count >= 4)
        for block in swift {
            let isCompiled = own.contains(block)
            #expect(isCompiled, "\(block.joined(separator: "\n"))")
        }
        let manifest = Self.lines(try Self.text("clients/swift/Package.swift"))
        let blocks = try Self.blocks("swift manifest")
        #expect(blocks.count == 1)
        for block in blocks { #expect(manifest.contains(block), "\(block)") }
    }

    @Test("Its verbs are all of the kit's")
    func verbs() throws {
        let code =
            try Self.text("Sources/LapseTesting/LapseTenant+Verbs.swift") + Self.text("Sources/LapseTesting/LapseExpectation.swift")
        let names = Set(code.matches(of: /public func (\w+)/).map { String($0.1) })
        let table = Set(try Self.text("docs/swift-testing.md").matches(of: /`(?:\.)?(\w+)\(/).map { String($0.1) })
        #expect(names.subtracting(table).isEmpty)
    }

    @Test("The example is a package that depends on the product")
    func package() throws {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "swift", "package", "--package-path", Self.root.appendingPathComponent("clients/swift").path, "describe", "--type",
            "json",
        ]
        (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let described = try #require(LapseJSON(parsing: text))
        #expect(described["targets"][0]["product_dependencies"] == ["LapseTesting"])
        #expect(described["targets"][0]["sources"].items.count == 2)
    }
}
