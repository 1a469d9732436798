import HTTPTypes
import LapseRules
import Testing

@testable import LapseServer

@Suite("Hosts")
struct HostTests {
    @Test(
        "A host is a name or an address as a whole, with a port that there is",
        arguments: [
            ("localhost", "localhost"), ("LocalHost:8080", "localhost"), ("a.b-c.localhost:65535", "a.b-c.localhost"),
            ("127.0.0.1:1", "127.0.0.1"), ("[::1]", "[::1]"), ("[::1]:8443", "[::1]"), ("[2001:DB8::1]", "[2001:db8::1]"),
            ("", nil), (":80", nil), ("localhost:", nil), ("localhost:0", nil), ("localhost:080", nil), ("localhost:65536", nil),
            ("localhost:99999999", nil), ("localhost:8x", nil), ("localhost:80:80", nil), ("[::1].evil.example", nil),
            ("[::1]evil.example", nil), ("[::1", nil), ("[]", nil), ("[localhost]", nil), ("[127.0.0.1]", nil), ("::1", nil),
            ("evil.example]", nil), (".localhost", nil), ("a..localhost", nil), ("localhost@evil.example", nil),
            ("local host", nil), ("localhost/x", nil), ("löcalhost", nil), (String(repeating: "a", count: 256), nil),
        ] as [(String, String?)])
    func parts(written: String, host: String?) {
        #expect(HostAndPort(written)?.host.description == host)
        #expect(HostAndPort(written)?.text == host.map { _ in written.lowercased() })
    }

    @Test("A host that is none is not Lapse's own, and never in an address that it hands out")
    func foreign() async throws {
        try await Lab.run { lab async throws in
            let site = Site(
                authority: lab.authority, scheme: .http, certificatePEM: "", version: "test", systemTime: { Lab.start },
                logger: .init(label: "test"))
            for host in ["[::1].evil.example", "[::1]evil.example", "localhost:99999999", "localhost:0", "127.0.0.1:"] {
                #expect(!site.isOwnHost(host), "\(host)")
            }
            for host in ["localhost", "localhost:8080", "foo.localhost:1", "127.8.9.10", "[::1]:8443"] {
                #expect(site.isOwnHost(host), "\(host)")
            }
        }
    }
}
