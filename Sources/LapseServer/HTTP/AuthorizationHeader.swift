import Hummingbird

/// `Authorization: SCHEME CREDENTIALS`.
struct AuthorizationHeader {
    /// As it is written: clients write it in any case.
    let scheme: Substring
    let credentials: Substring

    /// Nil for a value without a scheme or without credentials.
    init?(_ value: String) {
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        (scheme, credentials) = (parts[0], parts[1])
    }
}

extension Request {
    /// The token of `Authorization: Bearer`; nil without that header and for another scheme.
    var bearerToken: String? {
        guard let header = headers[.authorization].flatMap(AuthorizationHeader.init), header.scheme.lowercased() == "bearer"
        else { return nil }
        let isText = { (byte: UInt8) in byte != UInt8(ascii: " ") && byte != UInt8(ascii: "\t") }
        let text = header.credentials.utf8
        guard let first = text.firstIndex(where: isText), let last = text.lastIndex(where: isText) else { return "" }
        return String(header.credentials[first...last])
    }
}
