import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import LapseServer

@Suite("The Authorization header")
struct AuthorizationHeaderTests {
    @Test(
        "A bearer token is what follows the scheme, which may be written in any case",
        arguments: [
            ("Bearer x.y", "x.y"), ("bearer x.y", "x.y"), ("BEARER   x.y\t", "x.y"), ("Bearer x y", "x y"), ("x.y", nil),
            ("Bearer", nil), ("Bearer ", nil), ("Basic x.y", nil), ("", nil), (nil, nil),
        ])
    func bearer(_ value: String?, _ token: String?) {
        var head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/")
        head.headerFields[.authorization] = value
        #expect(Request(head: head, body: .init(buffer: ByteBuffer())).bearerToken == token)
    }
}
