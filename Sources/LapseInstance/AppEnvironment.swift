import Foundation

/// What an app is told in its environment to find a Lapse, and to trust it as libraries are told to.
package struct AppEnvironment: Sendable {
    static let bundleName = "bundle.pem"

    private let addresses: Instance.Addresses
    private let authority: String
    private let bundle: String

    /// Writes into the folder what the machine trusts together with the folder's CA, unless it is there.
    ///
    /// - Throws: what reading the CA's certificate and writing the bundle throws.
    package init(_ addresses: Instance.Addresses, _ folder: DataFolder) throws {
        self.addresses = addresses
        authority = folder.path(of: .authority)
        bundle = "\(folder.path)/\(Self.bundleName)"
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

    /// Where this Lapse and a tenant of it are, and whom to trust there, under the names that libraries look for.
    ///
    /// - Parameter domain: the tenant's.
    package func variables(domain: String) -> [String: String] {
        let (https, own) = (addresses.https ?? "", ProcessInfo.processInfo.environment)
        let direct = [own["NO_PROXY"] ?? own["no_proxy"], "localhost"].compactMap { $0 }.joined(separator: ",")
        return [
            "LAPSE_SERVER": https, "LAPSE_HTTP": addresses.http ?? "", "LAPSE_AUTHORITY": "\(https)/\(domain)",
            "LAPSE_GRAPH": https, "LAPSE_CA": authority, "LAPSE_TENANT": domain,
            "REQUESTS_CA_BUNDLE": bundle, "CURL_CA_BUNDLE": bundle, "SSL_CERT_FILE": bundle, "NODE_EXTRA_CA_CERTS": authority,
            "NO_PROXY": direct, "no_proxy": direct,
        ]
    }
}
