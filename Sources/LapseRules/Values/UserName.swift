/// A user principal name: a name, an `@`, a domain.
package enum UserName {
    /// What stands behind the last `@`, in lower case; nil when there is none, or nothing behind it.
    package static func domain(of text: String) -> String? {
        guard let at = text.lastIndex(of: "@") else { return nil }
        let domain = text[text.index(after: at)...].lowercased()
        return domain.isEmpty ? nil : domain
    }
}
