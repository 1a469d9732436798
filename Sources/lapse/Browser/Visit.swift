import ArgumentParser
import Foundation
import LapseClient
import LapseInstance
import LapseRules

/// `lapse visit URL`: a person with a browser, for whoever has neither. `lapse check` hands it to the command it runs, as the browser that
/// libraries open.
struct Visit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "visit", abstract: "Goes to an app as a person with a browser would, and signs in on the way.",
        discussion: """
            Follows redirects from host to host, keeps cookies, fills in Lapse's pages, presses the link or button by which an app signs its
            users in, and stops at the first page that leads nowhere by itself. It runs no scripts.

            Exit status: 0 when a page was shown, with --expect the right one; 1 when there was none, an error page or another one; 4 when
            --every and --times ran out before --expect was seen.
            """)

    @Argument(help: "The address of an app, or one that an app sends its user to.")
    var url: String
    @Argument(help: ArgumentHelp("Ignored: programs that open browsers may hand over the & of BROWSER.", visibility: .private))
    var background: String?
    @Option(help: "How long to wait between two visits (default with --times: 1s).", transform: Given.duration)
    var every: Duration?
    @Option(help: "How many visits (default: 1; with --every: until it is stopped).")
    var times: Int?
    @Option(help: "A text that the page has to show. With --every or --times: come again until it does.")
    var expect: String?
    @Option(help: "Who signs in (default: LAPSE_USER, else \(BuiltInLab.adele)).")
    var user: String?
    @Option(help: "The password (default: LAPSE_PASSWORD, else the lab's).")
    var password: String?
    @Option(help: "The code that a device shows.")
    var code: String?
    @Option(help: "A file that keeps the cookies from one command to the next (default: LAPSE_COOKIES, else none).")
    var cookies: String?
    @OptionGroup var options: ServerOptions

    func validate() throws {
        guard let address = URL(string: url), ["http", "https"].contains(address.scheme?.lowercased()),
            address.host?.isEmpty == false
        else { throw ValidationError("'\(url)' is not an address such as http://localhost:5000/") }
        guard times.map({ $0 > 0 }) ?? true else { throw ValidationError("--times must be at least 1") }
        guard expect?.isEmpty != true else { throw ValidationError("--expect must not be empty") }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let person = Person(
            user: user ?? environment["LAPSE_USER"] ?? BuiltInLab.adele,
            password: password ?? environment["LAPSE_PASSWORD"] ?? BuiltInLab.password, code: code)
        let jar = cookies ?? environment["LAPSE_COOKIES"]
        // A browser that an app has opened may not write between the app's own lines.
        let stream: StandardStream = environment["LAPSE_COOKIES"] != nil && cookies == nil ? .error : .output
        try await options.run { client in
            var browser = PlainBrowser(client: client.web.trustingTheMachineToo, cookies: CookieJar(file: jar))
            defer { browser.cookies.keep() }
            guard every != nil || times != nil else { return try await once(&browser, person, stream) }
            try await again(&browser, person, stream)
        }
    }

    private func once(_ browser: inout PlainBrowser, _ person: Person, _ stream: StandardStream) async throws {
        let seen = Seen(try await browser.go(to: url, as: person).0, person)
        guard let complaint = seen.complaint(expecting: expect) else {
            stream.say(plain(seen.sentence))
            return
        }
        throw StartError(plain(complaint))
    }

    private func again(_ browser: inout PlainBrowser, _ person: Person, _ stream: StandardStream) async throws {
        var isLastGood = false
        for visit in 1...(times ?? .max) {
            if visit > 1 { try await Task.sleep(for: every ?? .seconds(1)) }
            do {
                let seen = Seen(try await browser.go(to: url, as: person).0, person)
                let complaint = seen.complaint(expecting: expect)
                isLastGood = complaint == nil
                stream.say(plain(complaint ?? seen.sentence))
            } catch let error where error is StartError || error is Unreachable {
                isLastGood = false
                stream.say(plain("\(error)"))
            }
            browser.cookies.keep()
            if isLastGood, expect != nil { return }
        }
        guard expect == nil else { throw ExitCode.timeIsUp }
        guard isLastGood else { throw ExitCode.failure }
    }
}

/// What a person saw at the end of a visit, in words.
struct Seen {
    private let sight: PlainBrowser.Sight?
    private let person: Person

    /// How much of a page is quoted.
    static let mostWords = 160

    init(_ sight: PlainBrowser.Sight?, _ person: Person) { (self.sight, self.person) = (sight, person) }

    private var words: String {
        let text = sight?.page.text ?? ""
        guard !text.isEmpty else { return "an empty page" }
        return "\"\(text.prefix(Self.mostWords))\(text.count > Self.mostWords ? "…" : "")\""
    }

    /// What happened, and where it ended.
    var sentence: String {
        guard let sight else { return "" }
        let way =
            sight.hasSignedIn ? "\(person.user) signed in and sees" : person.code == nil ? "\(person.user) sees" : "The page is"
        return "\(way) \(sight.place) (\(sight.status)): \(words)"
    }

    /// What is not as it should be; nil: nothing.
    func complaint(expecting text: String?) -> String? {
        guard let sight else { return nil }
        if sight.status >= 400 { return "\(sight.place) was answered \(sight.status): \(words)" }
        guard let text, !sight.page.text.contains(WebPage.folded(text)) else { return nil }
        return "\(sight.place) (\(sight.status)) does not say \"\(text)\" but \(words)"
    }
}
