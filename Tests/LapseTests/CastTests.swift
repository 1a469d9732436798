import Foundation
import LapseInstance
import LapseRules
import Testing

@testable import lapse

@Suite("Who signs in where, under check")
struct CastTests {
    private static func seed(_ text: String) throws -> SeedFile {
        let path = NSTemporaryDirectory() + UUID().uuidString + ".yaml"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try SeedFile(path, option: "--seed")
    }

    @Test("Without a word it is Lapse Native and Adele")
    func lab() throws {
        let cast = try Cast(nil, clients: [], users: [])
        #expect(cast.domain == "contoso.example")
        #expect(cast.apps == [Cast.App(id: BuiltInLab.native.description, secret: "", isDaemon: false)])
        #expect(cast.people == [Person(user: BuiltInLab.adele, password: BuiltInLab.password)])
    }

    @Test("Apps of the lab go by short names, by their names, and by their ids, and bring their secrets")
    func names() throws {
        let cast = try Cast(
            nil, clients: ["web", "Lapse SPA", BuiltInLab.daemon.description], users: ["alex", "ADMIN@contoso.example"])
        #expect(cast.apps.map(\.id) == [BuiltInLab.web, BuiltInLab.spa, BuiltInLab.daemon].map(\.description))
        #expect(cast.apps.map(\.secret) == ["lapse-web-secret", "", "lapse-daemon-secret"])
        #expect(cast.apps.map(\.isDaemon) == [false, false, true])
        #expect(cast.people.map(\.user) == ["alex@contoso.example", "admin@contoso.example"])
    }

    @Test("A seed may leave every id out, and its secrets and passwords are the ones that were written")
    func seedWithoutIDs() throws {
        let file = try Self.seed(
            """
            tenants:
              - name: Tailspin
                domains: [tailspin.example]
                users: [{userPrincipalName: wren@tailspin.example, password: "Wren-2026!"}, {userPrincipalName: finch@tailspin.example}]
                apps:
                  - {name: Feathers API, kind: resource, exposes: {uri: "api://feathers", scopes: [read]}}
                  - {name: Tailspin Web, kind: confidential, secrets: [a-secret-of-tailspin], redirectUris: ["http://localhost/cb"]}
            """)
        let cast = try Cast(file, clients: [], users: [])
        #expect(cast.people == [Person(user: "wren@tailspin.example", password: "Wren-2026!")])
        #expect(cast.apps == [Cast.App(id: file.seeds[0].apps[1].id.description, secret: "a-secret-of-tailspin", isDaemon: false)])
        #expect(cast.tenant == file.seeds[0].tenant.id.description)
        #expect(try Cast(file, clients: ["tailspin web"], users: ["finch"]).people[0].password == BuiltInLab.password)
    }

    @Test(
        "A name that fits nobody is refused with those that would",
        arguments: [
            (["moon"], [], "--client: 'moon' must be one of native, web, spa, daemon, api, or a client id of theirs"),
            ([], ["moon"], "--user: 'moon' must be one of adele@contoso.example, alex@contoso.example, admin@contoso.example"),
        ] as [([String], [String], String)])
    func mistakes(clients: [String], users: [String], says: String) {
        #expect { try Cast(nil, clients: clients, users: users) } throws: { "\($0)" == says }
    }

    @Test("In a sandbox the same people have its names")
    func moved() throws {
        let cast = try Cast(nil, clients: ["web"], users: ["alex"])
        let sandbox = cast.moved(
            to: [
                "id": "33333333-cccc-4ccc-8ccc-333333333333", "domains": ["sbx-1.contoso.example"],
                "users": [
                    ["userPrincipalName": "adele@sbx-1.contoso.example"], ["userPrincipalName": "alex@sbx-1.contoso.example"],
                ],
            ])
        #expect(sandbox.names == ["33333333-cccc-4ccc-8ccc-333333333333", "sbx-1.contoso.example"])
        #expect(sandbox.people == [Person(user: "alex@sbx-1.contoso.example", password: BuiltInLab.password)])
        #expect(sandbox.apps == cast.apps)
    }
}

@Suite("What several scenarios come to")
struct CheckAllTests {
    private static let (good, failed, bad, untested) = (ExitStatus(0), ExitStatus(1), ExitStatus(2), ExitStatus(3))
    typealias ExitStatus = Int32

    @Test(
        "The worst of them, in the order of one",
        arguments: [
            ([good, good], good), ([good, untested], untested), ([untested, failed], failed), ([good, failed, bad], bad),
            ([], untested),
        ] as [([ExitStatus], ExitStatus)])
    func exitCode(codes: [ExitStatus], code: ExitStatus) {
        #expect(Check.exitCode(codes.map { .init($0) }).rawValue == code)
    }
}
