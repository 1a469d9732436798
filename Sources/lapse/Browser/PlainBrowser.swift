import Foundation
import LapseClient
import LapseInstance
import LapseRules

/// Who signs in.
struct Person: Equatable {
    let user: String
    let password: String
    /// The code that a device shows; nil: there is no device.
    var code: String?
}

/// A person's browser without a screen: follows redirects from host to host, keeps cookies, fills in Lapse's pages, and presses the
/// link or button by which an app signs its users in. It runs no scripts.
struct PlainBrowser {
    let client: WebClient
    var cookies = CookieJar()
    /// More pages than this, one after the other, are a circle.
    static let mostPages = 25

    /// Where to go next, and the form to bring along.
    struct Step {
        let url: URL
        /// Nil: nothing is sent but the address.
        var form: [(String, String)]?

        /// The address without what may be secret.
        var place: String { WebPage.place(of: url) }
    }

    /// The page that a person ended on.
    struct Sight {
        let url: URL
        let status: Int
        let page: WebPage
        /// Whether the person typed a password on the way, or a code.
        var hasSignedIn = false
        /// The app that Lapse's pages were about on the way, by its client id.
        var client: String?

        /// Whether it is one of Lapse's own.
        var isOfLapse: Bool { page.isOfLapse }
        var place: String { WebPage.place(of: url) }
    }

    /// Goes to an address and on to where a page is shown that leads nowhere by itself.
    ///
    /// - Parameter isOver: whether to stop before a step; the step is returned then.
    /// - Throws: `StartError` in one line when the sign-in is refused, the way is a circle, or a page needs what a person without a screen
    ///   has not; `Unreachable` when a server gives no answer.
    mutating func go(to address: String, as person: Person, until isOver: (Step) -> Bool = { _ in false }) async throws -> (
        Sight?, Step
    ) {
        guard let start = URL(string: address) else { throw UsageError("'\(address)' is not an address") }
        var (step, trip) = (Step(url: start), Trip(person: person))
        for _ in 0..<Self.mostPages {
            guard !isOver(step) else { return (nil, step) }
            trip.note(step)
            let answer = try await send(step)
            guard let next = try trip.next(after: step, answer) else {
                let page = WebPage(html: answer.isMarkup ? answer.text : "")
                var sight = Sight(url: step.url, status: answer.status, page: answer.isMarkup ? page : page.saying(answer.text))
                (sight.hasSignedIn, sight.client) = (trip.hasSignedIn, trip.client)
                return (sight, step)
            }
            step = next
        }
        let first = WebPage.place(of: start)
        throw StartError("\(first) leads from page to page and never to one that stays; the last was \(step.place)")
    }

    /// Signs in from this address on, for as long as the pages are of its server.
    ///
    /// - Returns: the step that leads to the app; nil when the last page is the server's own.
    mutating func signIn(at address: String, as person: Person) async throws -> Step? {
        let start = URL(string: address)
        let (sight, step) = try await go(to: address, as: person) { $0.url.host != start?.host || $0.url.port != start?.port }
        return sight == nil ? step : nil
    }

    private mutating func send(_ step: Step) async throws -> Answer {
        let headers = cookies.headers(to: step.url) + [("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")]
        let url = step.url.absoluteString
        let answer =
            if let form = step.form { try await client.send(url, form: form, headers: headers) } else {
                try await client.send("GET", url, headers: headers)
            }
        cookies.take(answer, from: step.url)
        return answer
    }
}

// MARK: What a person does on a page

extension PlainBrowser {
    /// What has been done on the way.
    private struct Trip {
        let person: Person
        var client: String?
        var hasSignedIn = false
        private var hasTypedPassword = false
        private var hasTypedCode = false
        private var hasPressedSignIn = false

        init(person: Person) { self.person = person }

        /// Which app it is about stands in the address of authorize.
        mutating func note(_ step: Step) {
            guard step.url.path.lowercased().hasSuffix("/authorize"), let query = step.url.query(percentEncoded: true),
                let client = (try? FormParameters(Array(query.utf8)))?["client_id"]
            else { return }
            self.client = client
        }

        /// - Returns: nil when the page is where the way ends.
        mutating func next(after step: Step, _ answer: Answer) throws -> Step? {
            if (300..<400).contains(answer.status), let location = answer.location {
                guard let url = step.url.following(location) else {
                    throw StartError("\(step.place) leads to '\(location.prefix(200))', which is not an address of HTTP")
                }
                // RFC 9110, sections 15.4.8 and 15.4.9: these two repeat the request.
                return Step(url: url, form: [307, 308].contains(answer.status) ? step.form : nil)
            }
            guard answer.isMarkup else { return nil }
            let page = WebPage(html: answer.text)
            if let form = page.lapseForm { return try onLapse(page, form, step) }
            if page.isOfLapse {
                guard page.marked["lapse-error"] == nil else { throw StartError("the sign-in was refused: \(page.refusal)") }
                return nil
            }
            return onApp(page, step)
        }

        private mutating func onLapse(_ page: WebPage, _ form: WebPage.Form, _ step: Step) throws -> Step? {
            var typed: [(name: String, value: String)] = []
            switch form.testID {
            case "lapse-sign-in":
                guard !hasTypedPassword else { throw StartError("the sign-in was refused: \(page.refusal)") }
                (hasTypedPassword, hasSignedIn) = (true, true)
                typed = [("login", person.user), ("passwd", person.password)]
            case "lapse-device-code":
                guard let code = person.code else {
                    throw StartError("\(step.place) asks for the code of a device: --code CODE gives it")
                }
                guard !hasTypedCode else {
                    throw StartError("the code was refused: \(page.marked["lapse-refusal"] ?? page.refusal)")
                }
                hasTypedCode = true
                typed = [("otc", code)]
            case "lapse-account", "lapse-other-account":
                let own = page.forms.first {
                    $0.testID == "lapse-account" && $0.buttons.contains { $0.words.lowercased().contains(person.user.lowercased()) }
                }
                let chosen = own ?? page.forms.first { $0.testID == "lapse-other-account" } ?? form
                return step.submitting(chosen, chosen.fields)
            case "lapse-consent": typed = [("step", "consent")]
            // It leads to the app by itself, with a script or without.
            default: break
            }
            return step.submitting(form, form.fields.filter { field in !typed.contains { $0.name == field.name } } + typed)
        }

        private mutating func onApp(_ page: WebPage, _ step: Step) -> Step? {
            // An app may pass its visitor on without a redirect.
            if let next = page.next.flatMap({ step.url.following($0) }), next != step.url { return Step(url: next) }
            guard !hasPressedSignIn, let control = page.signInControl else { return nil }
            hasPressedSignIn = true
            switch control {
            case .link(let link): return step.url.following(link.address).map { Step(url: $0) }
            case .button(let form, let button):
                return step.submitting(form, form.fields + (button.name.map { [($0, button.value)] } ?? []))
            }
        }
    }
}

extension PlainBrowser.Step {
    fileprivate func submitting(_ form: WebPage.Form, _ fields: [(String, String)]) -> Self? {
        guard let target = form.action.isEmpty ? url : url.following(form.action) else { return nil }
        guard !form.isPost else { return Self(url: target, form: fields) }
        var parts = URLComponents(url: target, resolvingAgainstBaseURL: true)
        parts?.percentEncodedQuery = fields.isEmpty ? nil : FormParameters.encoded(fields)
        return parts?.url.map { Self(url: $0) }
    }
}

extension WebPage {
    /// The form of Lapse's own page to fill in, by its test id; nil on any other page, and on Lapse's that end the way.
    fileprivate var lapseForm: Form? { forms.first { $0.testID.hasPrefix("lapse-") } }

    var isOfLapse: Bool { lapseForm != nil || marked["lapse-error"] != nil || marked["lapse-message"] != nil }

    /// What Lapse's page says is wrong.
    fileprivate var refusal: String {
        let said = ["lapse-refusal", "lapse-error-message", "lapse-error"].compactMap { marked[$0] }.map(Self.folded)
        let codes = said.compactMap { $0.firstMatch(of: /AADSTS[0-9]+: .*?(?= Trace ID|$)/)?.0 }
        return String((codes.first ?? said.first?[...] ?? "the page says no more").prefix(300))
    }

    /// A page that is no markup, and says this.
    fileprivate func saying(_ words: String) -> WebPage {
        var page = self
        page.text = Self.folded(String(words.prefix(10_000)))
        return page
    }

    /// An address without its query and fragment, which may be secret.
    static func place(of url: URL) -> String { place(of: url.absoluteString) }

    static func place(of address: String) -> String {
        String(address.prefix { $0 != "?" && $0 != "#" })
    }
}

extension Answer {
    fileprivate var isMarkup: Bool {
        contentType?.lowercased().hasPrefix("text/html") ?? false || contentType?.lowercased().contains("xhtml") ?? false
    }
}

extension URL {
    /// - Returns: nil for what is no address of HTTP.
    fileprivate func following(_ location: String) -> URL? {
        guard let url = URL(string: location.trimmingCharacters(in: .whitespacesAndNewlines), relativeTo: self)?.absoluteURL,
            ["http", "https"].contains(url.scheme?.lowercased()), url.host?.isEmpty == false
        else { return nil }
        return url
    }
}
