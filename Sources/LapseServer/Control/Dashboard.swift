import HTTPTypes
import Hummingbird
import HummingbirdCore
import LapsePages
import LapseRules
import NIOCore

/// The start page and the dashboard. They ask the control API, whose rules protect what they show and do.
struct Dashboard {
    let site: Site

    func page(_ request: Request, _ context: LapseContext) -> Response {
        own(PageAssets.dashboard, "The dashboard answers", request)
    }

    /// `/_lapse/lab`: the labs, each in a sandbox.
    func labs(_ request: Request, _ context: LapseContext) -> Response { own(PageAssets.labs, "Labs answer", request) }

    /// `/_lapse/class`: who of a class is where.
    func classroom(_ request: Request, _ context: LapseContext) -> Response {
        own(PageAssets.classroom, "The class answers", request)
    }

    private func own(_ page: [UInt8], _ whatAnswers: String, _ request: Request) -> Response {
        guard site.isOwnHost(request.head.authority) else {
            return PageResponder(site: site).page(
                MessagePage(
                    heading: "Not here", text: "\(whatAnswers) only to loopback names, *.localhost and the public URL.",
                    in: .english), status: .forbidden)
        }
        return unframed(page)
    }

    /// `/`: what runs here, and what to type where. By a name that is not Lapse's own it says only what this is.
    func start(_ request: Request, _ context: LapseContext) -> Response {
        guard site.isOwnHost(request.head.authority) else {
            return PageResponder(site: site).page(
                MessagePage(
                    heading: "Lapse",
                    text: "This is a local identity provider for tests. It is not a production identity provider.", in: .english))
        }
        return unframed(PageAssets.start)
    }

    private func unframed(_ page: [UInt8]) -> Response {
        var response = document(page, "frame-ancestors 'none'")
        response.headers[.frameOptions] = "DENY"
        return response
    }

    /// `/_lapse/app/`: a small relying party in the browser. It comes back to itself in a frame when it signs in silently.
    func app(_ request: Request, _ context: LapseContext) -> Response {
        document(PageAssets.app, "frame-src 'self'; frame-ancestors 'self'")
    }

    private func document(_ bytes: [UInt8], _ frames: String) -> Response {
        var response = Site.asset(bytes, type: "text/html; charset=utf-8")
        response.headers[.cacheControl] = "no-store"
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
            + frames
        response.headers[.referrerPolicy] = "same-origin"
        return response
    }
}

extension Site {
    /// Loopback names, `*.localhost` and the public URL's host: a foreign name that resolves to this machine is refused.
    func isOwnHost(_ authority: String?) -> Bool {
        guard let host = HostAndPort(authority)?.host else { return false }
        if host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" { return true }
        if let publicHost = publicURL.flatMap({ URI($0).host }), host == publicHost.lowercased() { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
