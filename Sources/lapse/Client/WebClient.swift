import AsyncHTTPClient
import Foundation
import LapseRules
import NIOCore
import NIOPosix
import NIOSSL

/// What the commands send over HTTP: to the control API, as a browser, and as the demo's apps. It follows no redirect.
struct WebClient: Sendable {
    private let configuration: HTTPClient.Configuration
    /// More than any answer of Lapse has.
    private static let mostBytes = 64 << 20
    /// How long a server may take to accept a connection; how long a slow one may take for TLS once it has.
    private static let (patience, patienceForTLS) = (TimeAmount.seconds(1), TimeAmount.seconds(10))

    /// - Parameter anchors: the certificates to trust; nil: those that the machine trusts.
    init(trusting anchors: [NIOSSLCertificate]? = nil) {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let anchors { tls.trustRoots = .certificates(anchors) }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = Self.patience
        // Nobody comes up because somebody knocks twice.
        configuration.connectionPool.retryConnectionEstablishment = false
        self.configuration = configuration
    }

    /// - Throws: ``UsageError`` for what is not an address of HTTP; ``Unreachable``.
    func send(
        _ method: String, _ url: String, headers: [(String, String)] = [], body: [UInt8] = [], within time: Duration = .seconds(30)
    ) async throws -> Answer {
        let request = try Self.request(method, url, headers, body)
        return try await connected(to: url) { client in
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
    func follow(
        _ url: String, headers: [(String, String)] = [], _ line: (String) async throws -> Bool
    ) async throws -> Answer {
        let request = try Self.request("GET", url, headers, [])
        return try await connected(to: url) { client in
            let response = try await client.execute(request, deadline: .distantFuture)
            guard response.status == .ok else { return try await Answer(response, upTo: Self.mostBytes) }
            var rest: [UInt8] = []
            for try await part in response.body {
                rest += part.readableBytesView
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    guard try await line(String(decoding: rest[..<end], as: UTF8.self)) else { return Answer(response) }
                    rest.removeSubrange(...end)
                }
            }
            return Answer(response)
        }
    }

    /// - Throws: ``UsageError`` for what is not an address of HTTP.
    private static func request(
        _ method: String, _ url: String, _ headers: [(String, String)], _ body: [UInt8]
    ) throws -> HTTPClientRequest {
        guard let address = URL(string: url), ["http", "https"].contains(address.scheme?.lowercased()),
            address.host?.isEmpty == false
        else { throw UsageError("'\(url)' is not an address such as http://localhost:5000/") }
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if !body.isEmpty { request.body = .bytes(body) }
        return request
    }

    /// Runs the work with a client of its own.
    ///
    /// - Throws: ``Unreachable`` in place of the library's errors; what else the work throws.
    private func connected(to url: String, _ work: (HTTPClient) async throws -> Answer) async throws -> Answer {
        do {
            do {
                return try await HTTPClient.withHTTPClient(configuration: configuration, work)
            } catch let error as HTTPClientError where error == .tlsHandshakeTimeout {
                // It is there, and nothing was sent yet.
                var patient = configuration
                patient.timeout.connect = Self.patienceForTLS
                return try await HTTPClient.withHTTPClient(configuration: patient, work)
            }
        } catch {
            try Task.checkCancellation()
            guard let unreachable = Unreachable(url, error) else { throw error }
            throw unreachable
        }
    }
}

/// Why a server gave no answer, in words: the libraries' own name their source files.
struct Unreachable: Error, CustomStringConvertible {
    let description: String
    /// Whether nobody accepts connections there.
    let isSilent: Bool

    /// - Returns: nil for an error that is not of the connection.
    fileprivate init?(_ url: String, _ error: any Error) {
        // Only the server: what stands behind it may be a secret.
        let server = URL(string: url).map { address in
            "\(address.scheme ?? "")://\(address.host ?? "")" + (address.port.map { ":\($0)" } ?? "")
        }
        let here = "cannot reach \(server ?? url)"
        isSilent = Self.isSilence(error)
        if isSilent {
            description = here
        } else if error is NIOSSLExtraError {
            description = "\(here): its certificate is for other names"
        } else if error is NIOSSLError || error is BoringSSLError {
            let isUntrusted = "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
            description = "\(here): " + (isUntrusted ? "its certificate is not trusted; --ca must name its CA" : Self.noTLS)
        } else if let error = error as? HTTPClientError {
            switch error {
            case .tlsHandshakeTimeout: description = "\(here): \(Self.noTLS)"
            case .deadlineExceeded, .readTimeout, .writeTimeout: description = "\(here): it did not answer in time"
            default: description = "\(here): it ended the connection without an answer"
            }
        } else if error is NIOTooManyBytesError {
            description = "\(here): its answer is too long"
        } else if error is IOError || error is ChannelError {
            description = "\(here): it ended the connection without an answer"
        } else {
            return nil
        }
    }

    private static let noTLS = "it does not answer in TLS; is its address http://…?"

    private static func isSilence(_ error: any Error) -> Bool {
        if let error = error as? HTTPClientError, error == .connectTimeout { return true }
        return error is NIOConnectionError
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
