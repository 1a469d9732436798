/// A JSON batch: several requests to Graph in one. Entra: json-batching.md.
package struct GraphBatch: Sendable {
    package struct Part: Sendable {
        package let id: String
        package let method: String
        /// Behind the version, with its query.
        package let path: String
        package let query: String
        package let headers: [String: String]
        /// Null: none.
        package let body: JSON
        package let dependsOn: [String]
    }

    package let parts: [Part]

    private static let most = 20
    private static let writing: Set = ["POST", "PATCH", "PUT"]

    /// - Throws: `GraphError` for a batch that is none, in Graph's words where they are known.
    package init(_ body: JSON) throws(GraphError) {
        guard case .array(let requests) = body["requests"] ?? .null, !requests.isEmpty else {
            throw .badBatch("Invalid batch payload format.")
        }
        guard requests.count <= Self.most else {
            // Entra: recorded.
            throw GraphError(
                400, "MaximumValueExceeded", "Number of batch request steps exceeds the maximum value of \(Self.most).")
        }
        var parts: [Part] = []
        for request in requests {
            let part = try Self.part(request)
            guard !parts.contains(where: { $0.id == part.id }) else {
                throw .badBatch("Request Id : \(part.id) has to be unique in a batch.")
            }
            guard part.dependsOn.allSatisfy({ id in parts.contains { $0.id == id } }) else {
                throw .badBatch("Request Id : \(part.id) depends on a request that does not come before it.")
            }
            // Entra: recorded by those who fell over it, a write without a body needs the header all the same.
            let isBare = part.body == .null && part.headers["content-type"] == nil
            guard !isBare || !Self.writing.contains(part.method) else {
                throw .badBatch("Write request id : \(part.id) does not contain Content-Type header or body.")
            }
            parts.append(part)
        }
        self.parts = parts
    }

    private static func part(_ request: JSON) throws(GraphError) -> Part {
        guard let id = request["id"]?.text, !id.isEmpty, id.utf8.count <= 100 else {
            throw .badBatch("Invalid batch payload format: a request needs an id.")
        }
        guard let method = request["method"]?.text, let url = request["url"]?.text, !url.isEmpty else {
            throw .badBatch("Request Id : \(id) needs a method and a url.")
        }
        let address = url.drop { $0 == "/" }.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var headers: [String: String] = [:]
        if case .object(let members) = request["headers"] ?? .null {
            for member in members { headers[member.name.lowercased()] = member.value.text }
        }
        var dependsOn: [String] = []
        if case .array(let ids) = request["dependsOn"] ?? .null { dependsOn = ids.compactMap(\.text) }
        return Part(
            id: id, method: method.uppercased(), path: address.first.map(String.init) ?? "",
            query: address.count > 1 ? String(address[1]) : "", headers: headers, body: request["body"] ?? .null,
            dependsOn: dependsOn)
    }
}

extension GraphError {
    static func badBatch(_ message: String) -> GraphError { GraphError(400, "BadRequest", message) }

    /// Entra: json-batching.md, a part whose dependency failed.
    package static let failedDependency = GraphError(424, "FailedDependency", "FailedDependency")
}
