import ArgumentParser
import AsyncHTTPClient
import Foundation
import LapseInstance
import LapseRules
import LapseService
import NIOSSL

/// Which running Lapse a command talks to, and how it prints: the options of every client command.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's address (default: LAPSE_SERVER, else https://localhost:8443).")
    var server: String?
    @Option(help: "The file with the server's CA (default: LAPSE_CA, else ca.pem of the data folder here, else the system's).")
    var ca: String?
    @Option(name: .customLong("control-token"), help: "The server's --control-token (default: LAPSE_CONTROL_TOKEN).")
    var controlToken: String?
    @Option(help: "The tenant, by domain or id (default: LAPSE_TENANT, else \(BuiltInLab.domain)).")
    var tenant: String?
    @Flag(help: "Print the server's JSON.")
    var json = false

    /// Runs the command with a client, and tells what goes wrong in one line.
    func run(_ command: (ControlClient) async throws -> Void) async throws {
        do {
            try await command(try ControlClient(self))
        } catch let error as StartError {
            FileHandle.standardError.write(Data("lapse: \(error.description)\n".utf8))
            throw ExitCode(1)
        }
    }
}

/// The control API of a running Lapse, as a command calls it. What the server refuses is thrown as one line.
struct ControlClient: Sendable {
    let tenant: String
    let printsJSON: Bool
    private let server: String
    private let controlToken: String?
    /// Trusts the server's CA, and follows no redirect.
    let configuration: HTTPClient.Configuration

    init(_ options: ServerOptions) throws {
        let environment = ProcessInfo.processInfo.environment
        server = String((options.server ?? environment["LAPSE_SERVER"] ?? "https://localhost:8443").trimming { $0 == "/" })
        guard server.hasPrefix("https://") || server.hasPrefix("http://") else {
            throw StartError("--server: must be an address such as https://localhost:8443")
        }
        tenant = options.tenant ?? environment["LAPSE_TENANT"] ?? BuiltInLab.domain
        controlToken = options.controlToken ?? environment[Settings.Option.controlToken.variable]
        printsJSON = options.json
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = options.ca ?? environment["LAPSE_CA"] ?? Self.ownCA(environment) {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
                throw StartError("--ca: cannot read \(file)")
            }
            guard let anchors = try? LocalCertificateAuthority.anchors(inPEM: text), !anchors.isEmpty,
                let certificates = try? anchors.map({ try NIOSSLCertificate(bytes: Array($0.utf8), format: .pem) })
            else { throw StartError("--ca: there is no certificate in \(file)") }
            tls.trustRoots = .certificates(certificates)
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.redirectConfiguration = .disallow
        self.configuration = configuration
    }

    /// The CA of a Lapse that was started in this folder.
    private static func ownCA(_ environment: [String: String]) -> String? {
        let file =
            (environment[Settings.Option.dataDirectory.variable] ?? Settings().dataDirectory) + "/"
            + DataFolder.File.authority.rawValue
        return FileManager.default.fileExists(atPath: file) ? file : nil
    }

    /// The path of a call on the tenant.
    func path(_ parts: String...) -> String { (["tenants", tenant] + parts).map(Self.encoded).joined(separator: "/") }

    private static func encoded(_ part: String) -> String {
        part.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~@"))) ?? part
    }

    @discardableResult
    func send(
        _ method: String, _ path: String, query: [(String, String?)] = [], _ body: JSON? = nil, within time: Duration = .seconds(30)
    ) async throws -> Reply {
        let request = request(method, path, query: query, body)
        return try await calling { client in
            let response = try await client.execute(request, timeout: .nanoseconds(time.components.seconds * 1_000_000_000))
            let bytes = Array(try await response.body.collect(upTo: 64 << 20).readableBytesView)
            try Self.check(response, bytes)
            return Reply(text: String(decoding: bytes, as: UTF8.self), json: JSON(parsing: bytes) ?? .null)
        }
    }

    /// Reads a stream of server-sent events, line by line, until the server ends it.
    func follow(_ path: String, query: [(String, String?)], _ line: (String) -> Void) async throws {
        let request = request("GET", path, query: query, nil)
        try await calling { client in
            let response = try await client.execute(request, deadline: .distantFuture)
            guard response.status == .ok else {
                try Self.check(response, Array(try await response.body.collect(upTo: 1 << 20).readableBytesView))
                return
            }
            var rest: [UInt8] = []
            for try await part in response.body {
                rest += part.readableBytesView
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    line(String(decoding: rest[..<end], as: UTF8.self))
                    rest.removeSubrange(...end)
                }
            }
        }
    }

    private func request(_ method: String, _ path: String, query: [(String, String?)], _ body: JSON?) -> HTTPClientRequest {
        let given = query.compactMap { name, value in value.map { "\(name)=\(FormParameters.encode($0))" } }
        var request = HTTPClientRequest(
            url: "\(server)/_lapse/api/\(path)" + (given.isEmpty ? "" : "?" + given.joined(separator: "&")))
        request.method = .init(rawValue: method)
        if let controlToken { request.headers.add(name: "Authorization", value: "Bearer \(controlToken)") }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body.encoded)
        }
        return request
    }

    private func calling<Value: Sendable>(_ call: (HTTPClient) async throws -> Value) async throws -> Value {
        do {
            return try await HTTPClient.withHTTPClient(configuration: configuration, call)
        } catch let error as StartError {
            throw error
        } catch {
            // The library's own words name its source files; what a person can do about it is one of these.
            let reason =
                error is NIOSSLError || error is BoringSSLError || "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
                ? "its certificate is not trusted; --ca must name its CA" : "is `lapse serve` running there?"
            throw StartError("cannot reach \(server): \(reason)")
        }
    }

    private static func check(_ response: HTTPClientResponse, _ body: [UInt8]) throws {
        guard !(200..<300).contains(response.status.code) else { return }
        let message = JSON(parsing: body)?["error"]?["message"]?.text
        throw StartError(message ?? "the server answered \(response.status.code)")
    }

    // MARK: Printing

    /// Prints the server's own words for scripts, else what a person wants.
    func show(_ reply: Reply, _ lines: (JSON) -> [String]) {
        print(printsJSON ? reply.text : lines(reply.json).joined(separator: "\n"))
    }
}

/// An answer of the control API: as it came, and read.
struct Reply: Sendable {
    let text: String
    let json: JSON
}

extension JSON {
    var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }
    var members: [Member] { if case .object(let members) = self { members } else { [] } }
    var isTrue: Bool { self == .bool(true) }

    /// The member as a person reads it; empty when it is missing or null.
    func shown(_ name: String) -> String {
        switch self[name] {
        case nil, .null: ""
        case .string(let text): text
        case .some(let other): other.encodedText
        }
    }
}

/// Lines with their columns under each other.
func table(_ rows: [[String]]) -> [String] {
    let widths = rows.reduce(into: [Int]()) { widths, row in
        for (column, cell) in row.enumerated() {
            if column == widths.count { widths.append(0) }
            widths[column] = max(widths[column], cell.count)
        }
    }
    return rows.map { row in
        let cells = zip(row, widths).map { $0.0.padding(toLength: $0.1, withPad: " ", startingAt: 0) }
        return cells.joined(separator: "  ").trimming(atEnd: " ")
    }
}

extension String {
    fileprivate func trimming(atEnd character: Character) -> String {
        var text = self
        while text.last == character { text.removeLast() }
        return text
    }
}
