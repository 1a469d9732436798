import Foundation
import LapseInstance

/// What a command needs to find a Lapse, and to trust it as libraries are told to, with its cast and a browser.
struct CheckEnvironment {
    private let app: AppEnvironment

    /// - Throws: what writing the bundle of certificates throws.
    init(_ addresses: Instance.Addresses, _ folder: DataFolder) throws { app = try AppEnvironment(addresses, folder) }

    /// - Parameter cookies: the file that keeps what BROWSER is given from one visit to the next.
    func variables(for cast: Cast, cookies: String) -> [String: String] {
        let name = CommandLine.arguments[0]
        let path = name.contains("/") ? URL(fileURLWithPath: name).path : name
        let program = path.contains(" ") ? "'\(path)'" : path
        var variables = app.variables(domain: cast.domain)
        variables["LAPSE_COOKIES"] = cookies
        // As Python reads it: in the background, for the app has to hear what the browser brings.
        variables["BROWSER"] = "\(program) visit %s &"
        for (index, app) in cast.apps.enumerated() {
            variables["LAPSE_CLIENT_ID" + Self.suffix(index)] = app.id
            variables["LAPSE_CLIENT_SECRET" + Self.suffix(index)] = app.secret
        }
        for (index, person) in cast.people.enumerated() {
            variables["LAPSE_USER" + Self.suffix(index)] = person.user
            variables["LAPSE_PASSWORD" + Self.suffix(index)] = person.password
        }
        return variables
    }

    /// The first has none.
    private static func suffix(_ index: Int) -> String { index == 0 ? "" : "_\(index + 1)" }
}
