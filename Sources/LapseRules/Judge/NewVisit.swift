/// What a person says of a visit to an app, for the judge.
package struct NewVisit: Equatable, Sendable {
    /// By id or name.
    package let user: String?
    package let client: ClientID?
    package let page: Event.Page

    /// Reads `{"url","status","text"?,"user"?,"client"?}`; `status` null: there was no answer.
    package init(_ value: JSON) throws(FieldError) {
        var reader = try ObjectReader(value)
        user = try reader.string("user")
        client = try reader.string("client").map { ClientID($0) }
        let url: String = try reader.required("url")
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw FieldError("url", "must be an address such as http://localhost:5000/")
        }
        // What stands behind may be a secret.
        let place = String(url.prefix { $0 != "?" && $0 != "#" }.prefix(Self.mostURL))
        let status = try reader.integer("status", in: 100...599)
        let text = (try reader.string("text") ?? "").split { $0.isWhitespace }.joined(separator: " ")
        page = Event.Page(url: place, status: status.map { Int($0) }, text: String(text.prefix(Event.Page.mostText)))
        try reader.finish()
    }

    private static let mostURL = 500
}
