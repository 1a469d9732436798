import Foundation
import LapseInstance

/// Who signs in.
struct Person {
    let user: String
    let password: String
    /// The code that a device shows; nil: there is no device.
    var code: String?
}

/// A browser without a screen: follows redirects, keeps cookies, fills in the first form of a page of Lapse.
struct PlainBrowser {
    let client: WebClient
    var cookies = CookieJar()
    /// More pages than this are a circle.
    private static let mostPages = 12

    /// Where to go next, and the form to bring along.
    struct Step {
        let url: URL
        var form: [(String, String)]?
    }

    /// Signs in from this address on, for as long as the pages are of its server.
    ///
    /// - Returns: the step that leads to the app; nil when the last page is the server's own.
    mutating func signIn(at address: String, as person: Person) async throws -> Step? {
        guard let start = URL(string: address) else { throw StartError("'\(address)' is not an address") }
        var step = Step(url: start)
        for _ in 0..<Self.mostPages {
            let answer = try await go(step)
            if let location = answer.location, let next = URL(string: location, relativeTo: step.url)?.absoluteURL {
                step = Step(url: next)
            } else if answer.status == 200 {
                let page = Page(html: answer.text)
                guard let fields = page.fields(filledInBy: person, isFirst: step.form == nil) else {
                    guard page.showsRefusal else { return nil }
                    throw StartError("the sign-in was refused: \(page.reason)")
                }
                step = Step(url: URL(string: page.action, relativeTo: step.url)?.absoluteURL ?? step.url, form: fields)
            } else {
                throw StartError("\(step.url.path) was answered \(answer.status): \(Page(html: answer.text).reason)")
            }
            guard step.url.host == start.host, step.url.port == start.port else { return step }
        }
        throw StartError("the sign-in goes round in circles")
    }

    mutating func go(_ step: Step) async throws -> Answer {
        let url = step.url.absoluteString
        let answer =
            if let form = step.form { try await client.send(url, form: form, headers: cookies.headers) } else {
                try await client.send("GET", url, headers: cookies.headers)
            }
        cookies.take(answer)
        return answer
    }
}

/// A page of Lapse, as far as somebody who signs in reads it.
///
/// It is read by its text here, because a parser of HTML would be a dependency for a handful of pages that this repository writes
/// itself.
private struct Page {
    let html: String

    var showsRefusal: Bool { html.contains("role=\"alert\"") }

    /// What the page says is wrong.
    var reason: String {
        html.firstMatch(of: /(?:AADSTS[0-9]+|Lapse): [^<]*/).map { Self.unescaped($0.0) } ?? "the page says no more"
    }

    private var form: Substring? { html.firstMatch(of: /<form[^>]*>[\s\S]*?<\/form>/)?.0 }

    /// Where the first form goes; empty: to the page's own address.
    var action: String { form?.firstMatch(of: /action="([^"]*)"/).map { Self.unescaped($0.1) } ?? "" }

    /// What a person puts into the first form; nil: there is none to fill in, or it was filled in before in vain.
    func fields(filledInBy person: Person, isFirst: Bool) -> [(String, String)]? {
        guard let form else { return nil }
        var fields = form.matches(of: /<input type="hidden" name="([^"]*)" value="([^"]*)"/).map {
            (Self.unescaped($0.1), Self.unescaped($0.2))
        }
        if form.contains("name=\"passwd\"") {
            guard !showsRefusal || isFirst else { return nil }
            fields += [("login", person.user), ("passwd", person.password)]
        } else if form.contains("type=\"text\" name=\"otc\"") {
            guard let code = person.code else { return nil }
            fields.append(("otc", code))
        } else if form.contains("value=\"consent\"") {
            fields.append(("step", "consent"))
        }
        return fields
    }

    private static func unescaped(_ text: Substring) -> String {
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")]
            .reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
    }
}
