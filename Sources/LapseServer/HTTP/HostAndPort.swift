import LapseRules
import NIOCore

/// What a Host header says: a name or an address, and perhaps a port (RFC 3986 section 3.2).
struct HostAndPort {
    /// In lower case.
    let text: String
    private let name: Range<String.Index>

    /// The name without the port, an IPv6 address in its brackets.
    var host: Substring { text[name] }

    /// Nil for what cannot stand in a URL.
    init?(_ written: String?) {
        guard let written, (1...255).contains(written.utf8.count) else { return nil }
        text = written.hasCapitals ? written.lowercased() : written
        let bytes = text.utf8
        let end: String.Index
        if bytes.first == UInt8(ascii: "[") {
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")),
                case .v6? = try? SocketAddress(ipAddress: String(text[..<bracket].dropFirst()), port: 0)
            else { return nil }
            end = bytes.index(after: bracket)
        } else {
            var previous = UInt8(ascii: ".")
            end =
                bytes.firstIndex { byte in
                    defer { previous = byte }
                    switch byte {
                    case 97...122, 48...57, UInt8(ascii: "-"): return false
                    // Each label has a letter.
                    case UInt8(ascii: "."): return previous == UInt8(ascii: ".")
                    default: return true
                    }
                } ?? bytes.endIndex
        }
        name = text.startIndex..<end
        let rest = bytes[end...]
        guard !name.isEmpty, rest.isEmpty || (rest.first == UInt8(ascii: ":") && rest.dropFirst().isPort) else { return nil }
    }
}
