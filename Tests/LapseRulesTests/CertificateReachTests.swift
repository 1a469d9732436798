import LapseRules
import Testing

@Suite("What a CA may speak for")
struct CertificateReachTests {
    private static let loopback: [[UInt8]] = [
        [127, 0, 0, 0, 255, 0, 0, 0], [UInt8](repeating: 0, count: 15) + [1] + [UInt8](repeating: 255, count: 16),
    ]

    @Test(
        "Names beyond localhost are named; a CA that may speak for every name says so",
        arguments: [
            (["localhost"], []),
            (["localhost", "app.localhost", ".localhost", "LocalHost"], []),
            ([], ["every DNS name"]),
            (["localhost", "login.microsoftonline.com"], ["login.microsoftonline.com"]),
            (["example"], ["example"]),
            (["notlocalhost", "localhost.example"], ["notlocalhost", "localhost.example"]),
            ([""], [""]),
        ])
    func names(_ permitted: [String], _ beyond: [String]) {
        #expect(CertificateReach(names: permitted, addresses: Self.loopback).beyondLoopback == beyond)
    }

    @Test(
        "Addresses beyond loopback are named with their masks; a CA that may speak for every address says so",
        arguments: [
            (loopback, []),
            ([[127, 0, 0, 1, 255, 255, 255, 255]], []),
            ([], ["every IP address"]),
            ([[10, 0, 0, 0, 255, 0, 0, 0]], ["10.0.0.0/255.0.0.0"]),
            // Half of all addresses, written so that it begins as loopback does.
            ([[127, 0, 0, 0, 128, 0, 0, 0]], ["127.0.0.0/128.0.0.0"]),
            ([loopback[0], [UInt8](repeating: 0, count: 32)], ["\(zeros)/\(zeros)"]),
            (
                [[UInt8](repeating: 0, count: 15) + [1] + [UInt8](repeating: 255, count: 15) + [254]],
                ["0000:0000:0000:0000:0000:0000:0000:0001/ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"]
            ),
            ([[127, 0, 0, 0]], ["addresses that cannot be read"]),
        ])
    func addresses(_ permitted: [[UInt8]], _ beyond: [String]) {
        #expect(CertificateReach(names: ["localhost"], addresses: permitted).beyondLoopback == beyond)
    }

    private static let zeros = [String](repeating: "0000", count: 8).joined(separator: ":")

    @Test(
        "A name is covered with all names below it, an address by its range",
        arguments: [
            ("localhost", true), ("LocalHost", true), ("a.localhost", true), ("notlocalhost", false),
            ("127.0.0.1", true), ("127.8.9.10", true), ("128.0.0.1", false), ("[::1]", true), ("::1", true), ("[::2]", false),
            ("lapse.team.test", false), ("localhost.test", false), ("below.example", true), ("a.below.example", true),
            ("example", false), ("graph.microsoft.com", true), ("microsoft.com", false), ("", false), ("127.0.0", false),
        ])
    func covers(host: String, isCovered: Bool) {
        let reach = CertificateReach(names: ["localhost", "Graph.microsoft.com", ".example"], addresses: Self.loopback)
        #expect(reach.covers(host) == isCovered)
    }

    @Test("A CA without constraints covers every name and address", arguments: ["a.example", "10.1.2.3", "[2001:db8::1]", "::1"])
    func coversAll(host: String) {
        #expect(CertificateReach(names: [], addresses: []).covers(host))
        #expect(!CertificateReach(names: ["localhost"], addresses: [[9, 9, 9, 9, 255, 255, 255, 255]]).covers(host))
    }

    @Test("A CA without constraints may speak for everything")
    func without() {
        #expect(CertificateReach(names: [], addresses: []).beyondLoopback == ["every DNS name", "every IP address"])
    }
}
