import Foundation
import LapseClient
import LapseRules
import Testing

@testable import lapse

@Suite("A page as a person without a screen reads it")
struct WebPageTests {
    @Test(
        "Its words are what a reader sees, in one line",
        arguments: [
            ("<html><head><title>No</title><style>a{}</style></head><body><p>One<p>two<br>three</body>", "One two three"),
            ("a &lt;b&gt; &amp; &#39;c&#x27; &eacute; &#1114112;", "a <b> & 'c' &eacute; \u{FFFD}"),
            ("<script>if (1 < 2) { '<p>' }</script><!-- <p>no</p> -->yes", "yes"),
            ("1 < 2 and 3 > 2 <", "1 < 2 and 3 > 2 <"), ("<p", ""), ("<a href='", ""), ("<script>never closed", ""), ("", ""),
        ])
    func words(html: String, text: String) {
        #expect(WebPage(html: html).text == text)
    }

    @Test("A form has its fields as a browser would send them")
    func form() {
        let page = WebPage(
            html: """
                <FORM ACTION=/in method='POST'><input type=hidden name=a value="1&quot;"><input name=b value=2><input type=checkbox name=c>
                <input type=checkbox name=d checked><input type=hidden name=e value=3 disabled><button type=button name=f>no</button>
                <button name="g" value=4>Go <b>on</b></button></form><button>outside</button>
                """)
        #expect(page.forms.count == 1)
        #expect(page.forms[0].fields.map { "\($0.name)=\($0.value)" } == ["a=1\"", "b=2", "d=on"])
        #expect(page.forms[0].buttons.map { "\($0.name ?? "")=\($0.value)" } == ["g=4"])
        #expect(WebPage.folded(page.forms[0].buttons[0].words) == "Go on")
        #expect(page.forms[0].isPost && page.forms[0].action == "/in" && page.forms[0].asksForText)
    }

    @Test(
        "What leads to signing in is marked as such, reads like it, or is addressed like it; never on a page that offers to sign out",
        arguments: [
            ("<a href=/x>Sign in</a>", "/x"), ("<a href=/x>Log on with Microsoft</a>", "/x"),
            ("<a href=/auth/login>Go</a>", "/auth/login"),
            ("<a href=/a>About</a><a href='/b' data-testid=sign-in>Start</a>", "/b"),
            ("<form action=/go><button>Sign in</button></form>", "/go"),
            ("<form action=/go><input type=submit value='Log in'></form>", "/go"),
            // The app's own password page is not Lapse's business.
            ("<form action=/go><input name=user><button>Sign in</button></form>", nil),
            ("<a href=/x>Sign in</a><a href=/logout>Bye</a>", nil),
            ("<a href=/x>Sign in as somebody else</a><a href=/y>Sign out</a>", nil),
            ("<a href=/x>Signing</a>", nil), ("<a href=/logistics>Goods</a>", nil), ("<a href=/blog-index>Blog</a>", nil),
            ("Sign in", nil),
        ] as [(String, String?)])
    func signIn(html: String, target: String?) {
        let found: String? =
            switch WebPage(html: html).signInControl {
            case .link(let link): link.address
            case .button(let form, _): form.action
            case nil: nil
            }
        #expect(found == target)
    }

    @Test("A form that begins within a button, or within another form, is read without a fault")
    func careless() {
        let page = WebPage(html: "<form action=/a><button>Go<form action=/b>x<input name=n>")
        #expect(page.forms.map(\.action) == ["/a", "/b"])
        #expect(page.forms.first?.buttons.map(\.words) == ["Go"])
        #expect(page.forms.last?.buttons.isEmpty == true)
    }

    @Test(
        "A page that passes its reader on at once leads on; one that loads itself anew after a while does not",
        arguments: [("0;url=/next", "/next"), ("5; URL='/next'", "/next"), ("60;url=/", nil), ("1.2.3;url=/", nil)]
            as [(String, String?)])
    func passing(content: String, next: String?) {
        #expect(WebPage(html: "<meta http-equiv=refresh content=\"\(content)\">").next == next)
    }

    @Test("A page of many megabytes is read as far as a person reads")
    func long() {
        let page = WebPage(html: String(repeating: "<a href=x>y</a>", count: 1_000_000))
        #expect(page.links.count < 100_000)
    }
}

@Suite("The cookies of a person without a screen")
struct CookieJarTests {
    private static let app = URL(string: "http://localhost:5000/shop/cart")!

    /// What a jar that got this from the app sends to another address.
    private func sent(_ cookie: String, to address: String) -> String? {
        var jar = CookieJar()
        jar.take(Answer(cookies: [cookie]), from: Self.app)
        return jar.headers(to: URL(string: address)!).first?.1
    }

    @Test(
        "A cookie goes back to its host, whatever the port, below its path, and to no other",
        arguments: [
            ("a=1", "http://localhost:5000/shop/x", "a=1"), ("a=1", "http://localhost:9/shop/", "a=1"),
            ("a=1", "http://localhost:5000/", nil),
            ("a=1; Path=/", "http://localhost:5000/", "a=1"), ("a=1; Path=/", "http://127.0.0.1:5000/", nil),
            ("a=1; path=/sh", "http://localhost/shop", nil), ("a=b=c; Path=/", "http://localhost/", "a=b=c"),
            ("a=; Path=/", "http://localhost/", "a="),
            ("a=1; Path=/; Secure", "http://localhost/", "a=1"), ("a=1; Path=/; Domain=example.com", "http://localhost/", nil),
            ("a=1; Path=/; Domain=localhost", "http://other.localhost/", nil),
            ("a=1; Path=/; Domain=.localhost", "http://localhost/", "a=1"),
            ("a=1; Path=/; Max-Age=0", "http://localhost/", nil), ("a=1; Path=/; Max-Age=60", "http://localhost/", "a=1"),
            ("a=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://localhost/", nil),
            ("a=1; Path=/; Expires=Wed, 31-Dec-1969 23:59:59 GMT", "http://localhost/", nil),
            ("a=1; Path=/; Expires=Wed, 01-Jan-25 9:00:00 GMT", "http://localhost/", nil),
            ("a=1; Path=/; Expires=Fri, 01 Jan 2100 00:00:00 GMT", "http://localhost/", "a=1"),
            ("a=1; Path=/; Expires=once upon a time in 1970", "http://localhost/", "a=1"),
            ("no sign", "http://localhost/shop/", nil),
            ("=1; Path=/", "http://localhost/", nil),
        ] as [(String, String, String?)])
    func sending(cookie: String, address: String, header: String?) {
        #expect(sent(cookie, to: address) == header)
    }

    @Test("A later cookie of the same name takes the place of the earlier, an end takes it away, and a host's number is bounded")
    func replacing() {
        var jar = CookieJar()
        jar.take(Answer(cookies: ["a=1; Path=/", "b=2; Path=/", "a=3; Path=/"]), from: Self.app)
        #expect(jar.headers(to: Self.app).map(\.1) == ["a=3; b=2"])
        jar.take(Answer(cookies: ["a=; Path=/; Max-Age=-1"]), from: Self.app)
        #expect(jar.headers(to: Self.app).map(\.1) == ["b=2"])
        jar.take(Answer(cookies: (0..<2_000).map { "c\($0)=1" }), from: Self.app)
        #expect(jar.cookies.count == 500)
    }

    @Test("A domain's cookie goes to the hosts below it, a secure one over TLS alone")
    func domains() {
        var jar = CookieJar()
        jar.take(
            Answer(cookies: ["a=1; Domain=example.com; Path=/", "b=2; Path=/; Secure"]),
            from: URL(string: "https://app.example.com/")!)
        #expect(jar.headers(to: URL(string: "https://app.example.com/")!).map(\.1) == ["a=1; b=2"])
        #expect(jar.headers(to: URL(string: "http://app.example.com/")!).map(\.1) == ["a=1"])
        #expect(jar.headers(to: URL(string: "https://other.example.com/")!).map(\.1) == ["a=1"])
        #expect(jar.headers(to: URL(string: "https://badexample.com/")!).isEmpty)
    }

    @Test("A file keeps them; one that is none is as good as no file")
    func file() throws {
        let path = NSTemporaryDirectory() + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        var jar = CookieJar(file: path)
        jar.take(Answer(cookies: ["a=1; Path=/; Secure"]), from: Self.app)
        jar.keep()
        #expect(CookieJar(file: path).cookies == jar.cookies)
        try Data("[1, {\"name\": 2}, \"x\"".utf8).write(to: URL(fileURLWithPath: path))
        #expect(CookieJar(file: path).cookies.isEmpty)
    }
}
