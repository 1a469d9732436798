import HTTPTypes
import Hummingbird
import LapseRules
import LapseService
import Testing

@testable import LapseServer

/// The request inspector: what it keeps, and what it never shows.
@Suite("Exchanges")
struct ExchangeTests {
    @Test("What came in is shown with its answer, also to whoever looks later")
    func kept() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            let answer = try await lab.refresh(token)
            let denied = try await lab.send(.get, "/v1.0/me", headers: [.authorization: "Bearer \(answer["access_token"])x"])
            _ = try await lab.contoso(.get, "users")
            _ = try await lab.send(.get, "/_lapse/site.css")
            let items = try await lab.control(.get, "exchanges").items
            #expect(items.map { $0["path"]?.text } == ["/v1.0/me", "/contoso.example/oauth2/v2.0/token"])
            #expect(items.map { $0["status"]?.int } == [Int64(denied.status), 200])
            let shown = items[1]["request"]?.text ?? ""
            #expect(shown.contains("grant_type=refresh_token"))
            #expect(items[1]["response"]?.text?.contains("\"token_type\":\"Bearer\"") == true)
            for secret in [token, answer["refresh_token"], answer["access_token"], answer["id_token"]] {
                #expect(!items.contains { $0.encodedText.contains(secret) })
            }
        }
    }

    @Test("No password, secret, token, code or cookie is shown, wherever it stands")
    func masked() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.control(.get, "exchanges")
            let path = Lab.authorizePath(["response_mode": "form_post"])
            let cookies = try await lab.signIn(path, password: "Wr0ng-secret").cookies
            let page = try await lab.signIn(path, cookies: cookies)
            let code = try #require(page.text.firstMatch(of: /name="code" value="([^"]+)"/)).1
            _ = try await lab.redeem(code: String(code), secret: "a-client-secret")
            let redirected = try await lab.signIn()
            _ = try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: redirected.cookies)
            let device = try await lab.form(
                "/contoso.example/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": "openid"])
            var shown = try await lab.control(.get, "exchanges").items.map(\.encodedText).joined()
            shown += try await lab.contoso(.get, "exchanges").text
            shown += try await lab.contoso(.get, "exchanges.har").text
            var secrets = [
                "Wr0ng-secret", BuiltInLab.password, String(code), "a-client-secret", device["device_code"], device["user_code"],
                try #require(redirected.redirect?["code"]),
            ]
            secrets += (page.cookies + "; " + redirected.cookies).split(separator: "; ").compactMap {
                $0.split(separator: "=").last.map(String.init)
            }
            for secret in secrets where secret.count > 3 { #expect(!shown.contains(secret), "\(secret)") }
            #expect(shown.contains("passwd=***"))
        }
    }

    @Test("A secret in an odd place or spelling is masked too")
    func odd() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.control(.get, "exchanges")
            let form = "grant_type=client_credentials&client_id=x&client%5Fsecret=Ab'cd<e f&scope=y"
            _ = try await lab.send(
                .post, "/contoso.example/oauth2/v2.0/token", headers: [.contentType: "application/x-www-form-urlencoded"],
                body: form)
            _ = try await lab.send(.get, "/v1.0/me", headers: [.authorization: "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"])
            _ = try await lab.send(.get, "/v1.0/me", headers: [.authorization: "Basic bGFwc2U6c2VjcmV0"])
            let long = String(repeating: "x", count: 16_000)
            _ = try await lab.send(
                .post, "/v1.0/me/changePassword", headers: [.contentType: "application/json"],
                body: #"{"pad":"\#(long)","newPassword":"\#(String(repeating: "S3cret", count: 200))"}"#)
            let shown = try await lab.control(.get, "exchanges").items.map(\.encodedText).joined()
            for secret in ["Ab'cd", "e f&", "eyJhbGci", "bGFwc2U6", "S3cretS3cret"] {
                #expect(!shown.contains(secret), "\(secret)")
            }
            #expect(shown.contains("Basic ***"))
        }
    }

    private static let token = "/contoso.example/oauth2/v2.0/token"

    @Test(
        "A secret in other clothes is not shown: in a body of another type, in a query within a query, under another spelling of its name",
        arguments: [
            (
                token, "multipart/form-data; boundary=b",
                "--b\r\nContent-Disposition: form-data; name=\"client_secret\"\r\n\r\nS3cret-x\r\n--b--"
            ),
            (token, "application/xml", "<password>S3cret-x</password>"),
            (token, "text/plain", "client_secret=S3cret-x"),
            (token, "application/x-www-form-urlencoded", "x=1;password=S3cret-x"),
            (token, "application/x-www-form-urlencoded; charset=utf-8", "x=1&Client-Secret=S3cret-x"),
            (token, "application/x-www-form-urlencoded", "x=%zz&pass%zzword=S3cret-x"),
            (token, "application/x-www-form-urlencoded", "redirect_uri=http%3A%2F%2Fa%2Fcb%3Fcode%3DS3cret-x"),
            (token, "application/x-www-form-urlencoded", "state=http%253A%252F%252Fa%253Fpassword%253DS3cret-x"),
            (token, "application/x-www-form-urlencoded", "state=%7B%22password%22%3A%22S3cret-x%22%7D"),
            (token, "application/x-www-form-urlencoded", "password%3DS3cret-x=1&b"),
            (token, "application/x-www-form-urlencoded", "username=S3cret-x&password=S3cret-x"),
            (token, "application/x-www-form-urlencoded", "client_secret=\u{301}S3cret-x&a=b&\u{301}client_secret=S3cret-x"),
            (token, "application/x-www-form-urlencoded", "user[password]=S3cret-x&client_secret[]=S3cret-x&password%0A=S3cret-x"),
            (token, "application/x-www-form-urlencoded", "pass\u{200B}word=S3cret-x&x=user%5Bpassword%5D%3DS3cret-x"),
            (token + "?x=1;password=S3cret-x", "application/json", "{}"),
            (token + "?refresh_token=S3cret-x#code=S3cret-x", "application/json", "{}"),
            ("/v1.0/me;password=S3cret-x", "application/json", "{}"),
            ("/v1.0/me", "application/json", #"{"pass\u0077ord":"S3cret-x","a":["S3cret-x"]}"#),
            ("/v1.0/me", "application/json", #"{"password":["S3cret-x"],"x":{"secretText":{"y":"S3cret-x"}}}"#),
            ("/v1.0/me", "application/json", #"{"password":"S3cret-x""#),
            ("/v1.0/me", "application/json", #"{"note":"{\"password\": \"S3cret-x\"}","error":{"code":"S3cret-x"}}"#),
            ("/v1.0/me", "application/json", #"{"password=S3cret-x":1}"#),
            ("/v1.0/me", "application/password=S3cret-x", "{}"),
        ])
    func otherClothes(_ path: String, _ type: String, _ body: String) async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.control(.get, "exchanges")
            _ = try await lab.send(.post, path, headers: [.contentType: type], body: body)
            let items = try await lab.control(.get, "exchanges").items
            #expect(items.count == 1)
            #expect(!(items.first?.encodedText.contains("S3cret-x") ?? true), "\(items)")
            let ofTenant = try await lab.contoso(.get, "exchanges")
            #expect(ofTenant.items.count == (path.hasPrefix(Self.token) ? 1 : 0))
            let archive = try await lab.contoso(.get, "exchanges.har")
            for answer in [ofTenant, archive] { #expect(!answer.text.lowercased().contains("s3cret-x"), "\(answer.text)") }
        }
    }

    @Test("A secret in a header is masked by the header's name, and in an address that a header has")
    func headers() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.control(.get, "exchanges")
            for (name, value) in [
                ("X-Api-Key", "S3cret-x"), ("x-client-secret", "S3cret-x"), ("Proxy-Authorization", "Basic S3cret-x"),
                ("X-Original-Authorization", "S3cret-x"), ("x-auth-token", "S3cret-x"),
                ("Referer", "http://localhost/cb?code=S3cret-x&state=1"), ("X-Original-URL", "/cb?state=1&code=S3cret-x"),
            ] {
                _ = try await lab.send(.get, "/v1.0/me", headers: [try #require(.init(name)): value])
            }
            let items = try await lab.control(.get, "exchanges").items
            #expect(items.count == 7)
            for item in items { #expect(!item.encodedText.contains("S3cret-x"), "\(item)") }
        }
    }

    @Test(
        "What is no secret is shown: names and values, claims that are asked for, the codes of errors, length and type of other bodies"
    )
    func told() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.control(.get, "exchanges")
            _ = try await lab.send(
                .post, Self.token, headers: [.contentType: "application/x-www-form-urlencoded"],
                body:
                    #"grant_type=refresh_token&scope=openid+User.Read&claims={"access_token":{"nbf":{"value":"17"}}}&client_secret="#
            )
            _ = try await lab.send(.post, Self.token + "?a=b%20c", headers: [.contentType: "text/xml"], body: "<a>1234</a>")
            _ = try await lab.send(.get, "/v1.0/me")
            let items = try await lab.control(.get, "exchanges").items
            let form = try #require(items[2]["request"]?.text)
            #expect(
                form.contains(#"grant_type=refresh_token&scope=openid+User.Read&claims={"access_token":{"nbf":{"value":"17"}}}"#))
            #expect(items[1]["path"]?.text == Self.token + "?a=b%20c")
            #expect(items[1]["request"]?.text?.hasSuffix("(11 bytes of text/xml, not shown)") == true)
            #expect(items[0]["response"]?.text?.contains(#""code":"InvalidAuthenticationToken""#) == true)
        }
    }

    @Test("What went wrong is shown as well, and only what came after an id")
    func errors() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.control(.get, "exchanges")
            _ = try await lab.send(.get, "/contoso.example/oauth2/v3.0/token")
            _ = try await lab.send(.head, "/contoso.example/v2.0/.well-known/openid-configuration")
            let items = try await lab.control(.get, "exchanges").items
            #expect(items.map { $0["status"]?.int } == [200, 404])
            #expect(items.first?["response"]?.text?.contains("x-lapse-region: local") == true)
            let last = items.first?["id"]?.int ?? 0
            #expect(try await lab.control(.get, "exchanges?after=\(last)").items.isEmpty)
        }
    }

    @Test("A body that is too large is refused as ever, and one that nobody reads as well")
    func bounded() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.control(.get, "exchanges")
            let unread = try await lab.send(
                .post, "/v1.0/me/revokeSignInSessions",
                headers: [.authorization: "Bearer \(try await lab.grant()["access_token"])"],
                body: String(repeating: "a", count: 200_000))
            #expect(unread.status == 200)
            let answer = try await lab.form("/contoso.example/oauth2/v2.0/token", ["x": String(repeating: "a", count: 200_000)])
            #expect(answer.status == 413)
            #expect(answer["error"] == "invalid_request")
        }
    }

    @Test("The dashboard is for this machine's names, and takes nothing from elsewhere")
    func dashboard() async throws {
        try await Lab.run { lab async throws in
            for path in ["/_lapse", "/_lapse/", "/_Lapse/"] {
                let page = try await lab.send(.get, path)
                #expect(page.status == 200)
                let policy = try #require(page.headers[.contentSecurityPolicy])
                #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
                #expect(!page.text.contains("style=") && !page.text.contains("onclick"))
            }
            for name in ["dashboard.css", "dashboard.js", "lab.js", "story.js"] {
                #expect(try await lab.send(.get, "/_lapse/\(name)").status == 200)
            }
        }
    }
}
