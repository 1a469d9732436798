import AsyncHTTPClient
import LapseRules
import NIOSSL

/// What the commands send over HTTP: to the control API, as a browser, and as the demo's apps. It follows no redirect.
struct WebClient: Sendable {
    private var configuration: HTTPClient.Configuration
    /// More than any answer of Lapse has.
    private static let mostBytes = 64 << 20

    /// - Parameter anchors: the certificates to trust; nil: those that the machine trusts.
    init(trusting anchors: [NIOSSLCertificate]? = nil) {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let anchors { tls.trustRoots = .certificates(anchors) }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.redirectConfiguration = .disallow
        self.configuration = configuration
    }

    /// Takes whatever certificate a server has: for asking one of this machine which CA that is.
    static var unverified: WebClient {
        var client = WebClient()
        client.configuration.tlsConfiguration?.certificateVerification = .none
        return client
    }

    func send(
        _ method: String, _ url: String, headers: [(String, String)] = [], body: [UInt8] = [], within time: Duration = .seconds(30)
    ) async throws -> Answer {
        let request = Self.request(method, url, headers, body)
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            let response = try await client.execute(request, timeout: .nanoseconds(time.components.seconds * 1_000_000_000))
            return try await Answer(response, upTo: Self.mostBytes)
        }
    }

    /// Sends a form as a browser does.
    func send(_ url: String, form: [(String, String)], headers: [(String, String)] = []) async throws -> Answer {
        try await send(
            "POST", url, headers: headers + [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(FormParameters.encoded(form).utf8))
    }

    /// Reads an answer line by line as it comes, until the server ends it.
    ///
    /// - Parameter line: whether to go on after this line.
    /// - Returns: the answer. Its body is empty when it was read in lines, whole when the status is not 200.
    func follow(_ url: String, headers: [(String, String)] = [], _ line: (String) -> Bool) async throws -> Answer {
        let request = Self.request("GET", url, headers, [])
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            let response = try await client.execute(request, deadline: .distantFuture)
            guard response.status == .ok else { return try await Answer(response, upTo: Self.mostBytes) }
            var rest: [UInt8] = []
            for try await part in response.body {
                rest += part.readableBytesView
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    guard line(String(decoding: rest[..<end], as: UTF8.self)) else { return Answer(response) }
                    rest.removeSubrange(...end)
                }
            }
            return Answer(response)
        }
    }

    private static func request(
        _ method: String, _ url: String, _ headers: [(String, String)], _ body: [UInt8]
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if !body.isEmpty { request.body = .bytes(body) }
        return request
    }
}

/// What was answered: as it came, and read.
struct Answer: Sendable {
    let status: Int
    let location: String?
    /// The values of `Set-Cookie`.
    let cookies: [String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    /// The body as JSON; null when it is none.
    var json: JSON { JSON(parsing: body) ?? .null }

    fileprivate init(_ response: HTTPClientResponse, body: [UInt8] = []) {
        status = Int(response.status.code)
        location = response.headers.first(name: "Location")
        cookies = response.headers["Set-Cookie"]
        self.body = body
    }

    fileprivate init(_ response: HTTPClientResponse, upTo mostBytes: Int) async throws {
        self.init(response, body: Array(try await response.body.collect(upTo: mostBytes).readableBytesView))
    }
}

extension FormParameters {
    /// The fields of a form or a query in this order.
    static func encoded(_ fields: [(String, String)]) -> String {
        fields.map { "\(encode($0.0))=\(encode($0.1))" }.joined(separator: "&")
    }
}
