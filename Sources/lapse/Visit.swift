import ArgumentParser
import Foundation
import LapseRules

/// `lapse visit URL`: the browser of whoever has none. Signs in on Lapse's own pages and goes where they lead; `lapse check` hands it
/// to the command it runs, as the browser that libraries open.
struct Visit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Signs in at an address of Lapse as a person's browser would, and follows to the app.")

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

    func validate() throws {
        guard let address = URL(string: url), ["http", "https"].contains(address.scheme?.lowercased()),
            address.host?.isEmpty == false
        else { throw ValidationError("'\(url)' is not an address such as http://localhost:5000/") }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let person = Person(
            user: user ?? environment["LAPSE_USER"] ?? BuiltInLab.adele,
            password: password ?? environment["LAPSE_PASSWORD"] ?? BuiltInLab.password, code: code)
        try await options.run { client in
            var browser = PlainBrowser(client: client.web, cookies: CookieJar(file: cookies ?? environment["LAPSE_COOKIES"]))
            defer { browser.cookies.keep() }
            // The app's own page is where the way ends.
            if let app = try await browser.signIn(at: url, as: person) { _ = try await browser.go(app) }
        }
    }
}
