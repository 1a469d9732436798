import ArgumentParser
import AsyncHTTPClient
import Foundation
import LapseInstance
import LapseRules

/// `lapse visit URL`: the browser of whoever has none. Signs in on Lapse's own pages and goes where they lead; `lapse check` hands it
/// to the command it runs, as the browser that libraries open.
struct Visit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Signs in at an address of Lapse as a person's browser would, and follows to the app.", shouldDisplay: false)

    @Argument(help: "The address that an app sends its user to.")
    var url: String
    @Argument(help: "Ignored: programs that open browsers may hand over the & of BROWSER.")
    var background: String?
    @Option(help: "Who signs in (default: LAPSE_USER, else \(BuiltInLab.adele)).")
    var user: String?
    @Option(help: "The password (default: LAPSE_PASSWORD, else the lab's).")
    var password: String?
    @Option(help: "The code that a device shows.")
    var code: String?
    @Option(help: "A file that keeps the cookies between visits (default: LAPSE_COOKIES, else none).")
    var cookies: String?
    @OptionGroup var options: ServerOptions

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let person = Person(
            user: user ?? environment["LAPSE_USER"] ?? BuiltInLab.adele,
            password: password ?? environment["LAPSE_PASSWORD"] ?? BuiltInLab.password, code: code)
        try await options.run { client in
            var browser = PlainBrowser(configuration: client.configuration, jar: cookies ?? environment["LAPSE_COOKIES"])
            try await browser.visit(url, as: person)
        }
    }
}

/// Who sits before the browser.
private struct Person {
    let user: String
    let password: String
    let code: String?
}

/// A browser without a screen: follows redirects, keeps cookies, fills in the first form of a page.
private struct PlainBrowser {
    let configuration: HTTPClient.Configuration
    /// Where the cookies are kept; nil: nowhere.
    let jar: String?
    private var cookies: [String: String] = [:]
    /// More pages than this are a circle.
    private static let mostPages = 12

    init(configuration: HTTPClient.Configuration, jar: String?) {
        self.configuration = configuration
        self.jar = jar
        guard let jar, let data = FileManager.default.contents(atPath: jar), case .object(let kept)? = JSON(parsing: Array(data))
        else { return }
        for member in kept { cookies[member.name] = member.value.text }
    }

    mutating func visit(_ address: String, as person: Person) async throws {
        guard let start = URL(string: address) else { throw StartError("'\(address)' is no address") }
        defer { keepCookies() }
        var (url, form): (URL, [(String, String)]?) = (start, nil)
        for _ in 0..<Self.mostPages {
            let answer = try await send(url, form)
            if let location = answer.location, let next = URL(string: location, relativeTo: url)?.absoluteURL {
                (url, form) = (next, nil)
            } else if answer.status == 200 {
                guard let (action, fields) = Self.form(answer.text, person, isFirst: form == nil) else {
                    guard answer.text.contains("role=\"alert\"") else { return }
                    throw StartError("the sign-in was refused: \(Self.reason(answer.text))")
                }
                (url, form) = (URL(string: action, relativeTo: url)?.absoluteURL ?? url, fields)
            } else {
                throw StartError("\(url.path) was answered \(answer.status): \(Self.reason(answer.text))")
            }
            // The app's own page is where the way ends.
            guard url.host == start.host, url.port == start.port else {
                _ = try await send(url, form)
                return
            }
        }
        throw StartError("the sign-in goes round in circles")
    }

    /// What a page says is wrong.
    private static func reason(_ html: String) -> String {
        html.firstMatch(of: /(?:AADSTS[0-9]+|Lapse): [^<]*/).map { unescaped($0.0) } ?? "the page says no more"
    }

    private func keepCookies() {
        guard let jar else { return }
        let kept = JSON.object(cookies.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) })
        try? Data(kept.encoded).write(to: URL(fileURLWithPath: jar), options: .atomic)
    }

    private static func unescaped(_ text: Substring) -> String {
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")]
            .reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
    }

    /// Where the first form of the page goes, and what a person puts into it; nil: there is none to fill in, or it was filled in
    /// before in vain.
    private static func form(_ html: String, _ person: Person, isFirst: Bool) -> (action: String, fields: [(String, String)])? {
        guard let form = html.firstMatch(of: /<form[^>]*>[\s\S]*?<\/form>/)?.0 else { return nil }
        let action = form.firstMatch(of: /action="([^"]*)"/).map { unescaped($0.1) } ?? ""
        var fields = form.matches(of: /<input type="hidden" name="([^"]*)" value="([^"]*)"/).map {
            (unescaped($0.1), unescaped($0.2))
        }
        if form.contains("name=\"passwd\"") {
            guard !html.contains("role=\"alert\"") || isFirst else { return nil }
            fields += [("login", person.user), ("passwd", person.password)]
        } else if form.contains("type=\"text\" name=\"otc\"") {
            guard let code = person.code else { return nil }
            fields.append(("otc", code))
        } else if form.contains("value=\"consent\"") {
            fields.append(("step", "consent"))
        }
        return (action, fields)
    }

    private struct Answer {
        let status: Int
        let location: String?
        let text: String
    }

    private mutating func send(_ url: URL, _ form: [(String, String)]?) async throws -> Answer {
        var request = HTTPClientRequest(url: url.absoluteString)
        if !cookies.isEmpty {
            request.headers.add(name: "Cookie", value: cookies.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: "; "))
        }
        if let form {
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            let body = form.map { "\(FormParameters.encode($0.0))=\(FormParameters.encode($0.1))" }.joined(separator: "&")
            request.body = .bytes(Array(body.utf8))
        }
        let outgoing = request
        let (answer, set) = try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            let response = try await client.execute(outgoing, timeout: .seconds(30))
            let body = try await response.body.collect(upTo: 1 << 20)
            return (
                Answer(
                    status: Int(response.status.code), location: response.headers.first(name: "Location"),
                    text: String(buffer: body)), response.headers["Set-Cookie"]
            )
        }
        for cookie in set {
            let parts = cookie.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
            cookies[String(parts[0])] = parts.count == 2 ? String(parts[1]) : nil
        }
        return answer
    }
}
