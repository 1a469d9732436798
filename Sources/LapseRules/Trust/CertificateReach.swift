/// What the certificates of a CA may be for, by its name constraints (RFC 5280 section 4.2.1.10): this machine's loopback, or more?
///
/// Only what is permitted counts. What a CA excludes makes its reach smaller, and never as small as loopback.
package struct CertificateReach: Equatable, Sendable {
    /// The permitted DNS names, each with all names below it; empty: every name.
    package let names: [String]
    /// The permitted addresses, each followed by its mask; empty: every address.
    package let addresses: [[UInt8]]

    package init(names: [String], addresses: [[UInt8]]) {
        self.names = names
        self.addresses = addresses
    }

    /// What it reaches besides loopback, in words; empty: nothing.
    package var beyondLoopback: [String] {
        let names = self.names.isEmpty ? ["every DNS name"] : self.names.filter { !Self.isLoopback($0) }
        let addresses =
            self.addresses.isEmpty ? ["every IP address"] : self.addresses.filter { !Self.isLoopback($0) }.map(Self.text)
        return names + addresses
    }

    /// Whether it may speak for a server's name or address, as it stands in a URL. Of IPv6 addresses only the loopback is known.
    package func covers(_ host: String) -> Bool {
        let host = host.lowercased().trimming { $0 == "[" || $0 == "]" }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        let address: [UInt8]? =
            host == "::1"
            ? [UInt8](repeating: 0, count: 15) + [1] : parts.count == 4 && !parts.contains(nil) ? parts.compactMap { $0 } : nil
        if let address {
            return addresses.isEmpty
                || addresses.contains { range in
                    let (base, mask) = (range.prefix(range.count / 2), range.suffix(range.count / 2))
                    return base.count == address.count && zip(zip(address, base), mask).allSatisfy { ($0.0 ^ $0.1) & $1 == 0 }
                }
        }
        guard !host.contains(":") else { return addresses.isEmpty }
        return names.isEmpty
            || names.contains { name in
                let name = name.lowercased()
                return name.isEmpty || host == name || host.hasSuffix(name.hasPrefix(".") ? name : "." + name)
            }
    }

    /// RFC 6761 section 6.3: localhost, and every name below it. A constraint may begin with a dot, which leaves the name itself out.
    private static func isLoopback(_ name: String) -> Bool {
        let name = name.lowercased()
        return name == "localhost" || name.hasSuffix(".localhost")
    }

    /// 127.0.0.0/8 or a part of it, and ::1.
    private static func isLoopback(_ range: [UInt8]) -> Bool {
        switch range.count {
        case 8: range[0] == 127 && range[4] == 255
        case 32: range[..<16] == ([UInt8](repeating: 0, count: 15) + [1])[...] && range[16...].allSatisfy { $0 == 255 }
        default: false
        }
    }

    private static func text(_ range: [UInt8]) -> String {
        let half = range.count / 2
        switch range.count {
        case 8: return [range[..<half], range[half...]].map { $0.map(String.init).joined(separator: ".") }.joined(separator: "/")
        case 32:
            return [range[..<half], range[half...]].map { part in
                stride(from: part.startIndex, to: part.endIndex, by: 2).map { Hex.encode(part[$0...($0 + 1)]) }
                    .joined(separator: ":")
            }.joined(separator: "/")
        default: return "addresses that cannot be read"
        }
    }
}
