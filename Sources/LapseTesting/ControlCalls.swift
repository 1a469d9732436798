internal import Foundation
internal import LapseClient
internal import LapseRules

/// Asks the control API without TLS, and the token endpoint as an app does. What is refused is thrown as ``LapseError``.
struct ControlCalls: Sendable {
    private let http: String
    private let https: String
    /// Trusts the CA.
    private let web: WebClient

    init(http: URL, https: URL, caFile: String) throws {
        (self.http, self.https) = (http.absoluteString, https.absoluteString)
        let anchors = try WebClient.anchors(inPEM: try String(contentsOfFile: caFile, encoding: .utf8))
        // A test process may be busy with everything else, and the server is in it.
        web = WebClient(trusting: anchors, patience: .seconds(30))
    }

    /// - Parameters:
    ///   - path: below `/_lapse/api`.
    ///   - wait: how long the answer may wait for what it is asked about.
    /// - Returns: what was answered; null for an empty answer.
    /// - Throws: ``LapseError``.
    @discardableResult
    func send(
        _ method: String, _ path: String, query: [(String, String?)] = [], body: JSON? = nil, waiting wait: Duration? = nil
    ) async throws -> JSON {
        try await answer(method, path, query: query, body: body, waiting: wait).json
    }

    /// ``send(_:_:query:body:waiting:)`` with an answer that need not be JSON.
    func answer(
        _ method: String, _ path: String, query: [(String, String?)] = [], body: JSON? = nil, waiting wait: Duration? = nil
    ) async throws -> Answer {
        let fields = (query + [("wait", wait?.iso8601)]).compactMap { name, value in value.map { (name, $0) } }
        let separator = path.contains("?") ? "&" : "?"
        let address = "\(http)/_lapse/api/\(path)" + (fields.isEmpty ? "" : separator + FormParameters.encoded(fields))
        let answer = try await asking {
            try await web.send(
                method, address, headers: body == nil ? [] : [("Content-Type", "application/json")], body: body?.encoded ?? [],
                within: .seconds(60) + (wait ?? .zero))
        }
        guard (200..<300).contains(answer.status) else { throw LapseError(answer) }
        return answer
    }

    /// - Returns: the items of a list, of all its parts.
    func all(_ path: String, query: [(String, String?)] = []) async throws -> [JSON] {
        var (items, after): ([JSON], String?) = ([], nil)
        repeat {
            let page = try await send("GET", path, query: query + [("after", after)])
            if case .array(let elements)? = page["items"] { items += elements }
            after = page["next"]?.text
        } while after != nil
        return items
    }

    /// Asks a tenant's token endpoint.
    func redeem(in domain: String, _ form: [(String, String)], headers: [(String, String)]) async throws -> Answer {
        try await asking { try await web.send("\(https)/\(domain)/oauth2/v2.0/token", form: form, headers: headers) }
    }

    private func asking(_ ask: () async throws -> Answer) async throws -> Answer {
        do { return try await ask() } catch let error as Unreachable {
            throw LapseError("\(error)")
        } catch let error as BadAddress {
            throw LapseError("\(error)")
        }
    }
}
