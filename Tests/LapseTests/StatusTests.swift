import LapseRules
import LapseService
import Testing

@testable import lapse

@Suite("What lapse status says")
struct StatusTests {
    private static let told: JSON = [
        "version": "1.2", "addresses": ["https": "https://localhost:8443", "http": .null],
        "dataFolder": ["path": "/data", "bytes": 42],
        "certificate": ["names": ["localhost"], "endsAt": "2028-01-01T00:00:00.0000000Z"],
    ]

    @Test("For scripts: what the server tells, who trusts it here, and the checks")
    func json() {
        let store = DebianStore(path: "/store", bundle: "/bundle", update: nil)
        let said = StatusCommand.json(Self.told, [store], [.init(name: "keys", isOK: false, detail: "there is none")])
        #expect(
            said.encodedText
                == #"{"version":"1.2","addresses":{"https":"https://localhost:8443","http":null},"dataFolder":{"path":"/data","bytes":42},"#
                + #""certificate":{"names":["localhost"],"endsAt":"2028-01-01T00:00:00.0000000Z","trustedBy":[{"store":"Debian","path":"/store"}]},"#
                + #""checks":[{"name":"keys","ok":false,"detail":"there is none"}]}"#)
    }

    @Test(
        "A size is told in the unit that fits",
        arguments: [
            (0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 KB"), (9949, "9.9 KB"), (9950, "10 KB"), (999_499, "999 KB"),
            (999_500, "1.0 MB"), (203_456_789, "203 MB"), (5_000_000_000, "5.0 GB"), (4_000_000_000_000_000, "4000 TB"),
        ])
    func size(_ bytes: Int64, _ text: String) { #expect(StatusCommand.size(bytes) == text) }

    @Test(
        "By a name that Lapse's certificate has not, another is shown: a proxy's",
        arguments: [
            ("https://lapse.team.example", [], true), ("https://lapse.team.example:8443", ["other.example"], true),
            ("https://Lapse.team.example", ["lapse.team.example"], false), ("https://localhost:8443", [], false),
            ("https://a.localhost", [], false), ("https://127.0.0.1:1", [], false), ("https://[::1]:8443", [], false),
            ("http://lapse.team.example", [], false),
        ] as [(String, [String], Bool)])
    func proxy(server: String, names: [String], isThere: Bool) {
        #expect(StatusCommand.isBehindProxy(server, names + ["localhost"]) == isThere)
    }

    @Test("A certificate that has ended is wrong; without HTTPS nobody is shown one")
    func certificate() {
        let (before, after) = (Timestamp("2027-12-31T23:59:59Z")!, Timestamp("2028-01-01T00:00:00Z")!)
        #expect(Checkup.certificate(Self.told, now: before).map(\.isOK) == [true])
        #expect(Checkup.certificate(Self.told, now: after).map(\.isOK) == [false])
        #expect(Checkup.certificate(["addresses": ["https": .null]], now: after) == [])
    }
}
