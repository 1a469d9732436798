import Foundation
import LapseInstance

/// What a command needs to find a Lapse, and to trust it as libraries are told to.
struct CheckEnvironment {
    private let addresses: Instance.Addresses
    private let authority: String
    private let bundle: String

    /// - Throws: what writing the bundle of certificates throws.
    init(_ addresses: Instance.Addresses, _ folder: DataFolder) throws {
        self.addresses = addresses
        authority = folder.path(of: .authority)
        bundle = folder.path + "/bundle.pem"
        guard !FileManager.default.fileExists(atPath: bundle) else { return }
        // Whoever trusts this file trusts what the machine trusts, too.
        let known = [
            ProcessInfo.processInfo.environment["SSL_CERT_FILE"], "/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/cert.pem",
        ]
        let system = known.compactMap { $0.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) } }.first ?? ""
        let own = try String(contentsOfFile: authority, encoding: .utf8)
        try Data((system + own).utf8).write(to: URL(fileURLWithPath: bundle), options: .atomic)
    }

    /// - Parameter cookies: the file that keeps what BROWSER is given from one visit to the next.
    func variables(for cast: Cast, cookies: String) -> [String: String] {
        let (https, own) = (addresses.https ?? "", ProcessInfo.processInfo.environment)
        let name = CommandLine.arguments[0]
        let path = name.contains("/") ? URL(fileURLWithPath: name).path : name
        let direct = [own["NO_PROXY"] ?? own["no_proxy"], "localhost"].compactMap { $0 }.joined(separator: ",")
        let program = path.contains(" ") ? "'\(path)'" : path
        var variables = [
            "LAPSE_SERVER": https, "LAPSE_HTTP": addresses.http ?? "", "LAPSE_AUTHORITY": "\(https)/\(cast.domain)",
            "LAPSE_GRAPH": https, "LAPSE_CA": authority, "LAPSE_TENANT": cast.domain, "LAPSE_COOKIES": cookies,
            // As Python reads it: in the background, for the app has to hear what the browser brings.
            "BROWSER": "\(program) visit %s &", "REQUESTS_CA_BUNDLE": bundle, "CURL_CA_BUNDLE": bundle, "SSL_CERT_FILE": bundle,
            "NODE_EXTRA_CA_CERTS": authority, "NO_PROXY": direct, "no_proxy": direct,
        ]
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
