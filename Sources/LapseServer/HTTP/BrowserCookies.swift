import Hummingbird
import LapseRules
import LapseService

extension Site {
    /// The cookies that name the browser.
    func cookies(of request: Request) -> BrowserCookies {
        let cookies = request.cookies
        return BrowserSession.Cookie.allCases.reduce(into: [:]) { found, cookie in
            if let value = cookies[cookie.rawValue]?.value, !value.isEmpty, value.utf8.count <= 128 { found[cookie] = value }
        }
    }

    /// Sets the cookies. Over HTTPS they go into hidden frames of other sites, as single sign-on needs; over plain HTTP no
    /// browser would take that.
    func set(_ cookies: BrowserCookies, on response: inout Response) {
        for (cookie, value) in cookies.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let age = cookie == .persistent ? 90 * 86_400 : nil
            response.headers.append(.init(name: .setCookie, value: setCookie(cookie.rawValue, value, age: age)))
        }
    }

    func clearCookies(on response: inout Response) {
        for cookie in BrowserSession.Cookie.allCases {
            response.headers.append(.init(name: .setCookie, value: setCookie(cookie.rawValue, "", age: 0)))
        }
    }

    /// Written here, because Hummingbird's `Cookie` keeps its attributes in a dictionary: their order would change from run to run.
    private func setCookie(_ name: String, _ value: String, age: Int?) -> String {
        let lifetime = age.map { "; Max-Age=\($0)" } ?? ""
        let reach = isReachedOverTLS ? "; Secure; HttpOnly; SameSite=None" : "; HttpOnly; SameSite=Lax"
        return "\(name)=\(value); Path=/\(lifetime)\(reach)"
    }
}

/// Did a form of our own pages come from our own page? Browsers say so; scripts, which say nothing, are let through.
enum OwnForm {
    /// - Throws: `EntraError` for a form that another site's page sent.
    static func check(_ request: Request, origin: String) throws(EntraError) {
        guard !isForged(request, origin: origin) else {
            throw .lapse("invalid_request", "This form was sent by a page of another site.", status: 403)
        }
    }

    static func isForged(_ request: Request, origin: String) -> Bool {
        if let site = request.headers[.fetchSite] { return site != "same-origin" && site != "none" }
        if let sent = request.headers[.origin] { return sent.lowercased() != origin }
        return false
    }
}
