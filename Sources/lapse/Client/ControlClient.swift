import ArgumentParser
import Foundation
import LapseInstance
import LapseRules
import LapseService
import NIOSSL

/// Which running Lapse a command talks to, and how it prints: the options of every client command.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's address (default: LAPSE_SERVER, else https://localhost:8443).")
    var server: String?
    @Option(
        help: "The file with the server's CA (default: LAPSE_CA, else the data folder's ca.pem for its names, else the system's).")
    var ca: String?
    @Option(name: .customLong("control-token"), help: "The server's --control-token (default: LAPSE_CONTROL_TOKEN).")
    var controlToken: String?
    @Option(help: "The tenant, by domain or id (default: LAPSE_TENANT, else \(BuiltInLab.domain); of export and reset: all).")
    var tenant: String?
    @Flag(help: "Print the server's JSON.")
    var json = false

    /// Runs the command with a client, and tells what goes wrong in one line.
    func run(_ command: (ControlClient) async throws -> Void) async throws {
        do {
            try await command(try ControlClient(self))
        } catch let error as StartError {
            StandardStream.complain(error.description)
            throw ExitCode(1)
        }
    }
}

/// The control API of a running Lapse, as a command calls it. What the server refuses is thrown as one line.
struct ControlClient: Sendable {
    let tenant: String
    let printsJSON: Bool
    /// Trusts the server's CA.
    let web: WebClient
    let server: String
    let controlToken: String?

    init(server: String, tenant: String, controlToken: String? = nil, printsJSON: Bool = false, web: WebClient = WebClient()) {
        self.server = server
        self.tenant = tenant
        self.controlToken = controlToken
        self.printsJSON = printsJSON
        self.web = web
    }

    /// What the options leave open the environment says.
    init(_ options: ServerOptions) throws {
        let environment = ProcessInfo.processInfo.environment
        let server = String((options.server ?? environment["LAPSE_SERVER"] ?? "https://localhost:8443").trimming { $0 == "/" })
        guard server.hasPrefix("https://") || server.hasPrefix("http://") else {
            throw StartError("--server: must be an address such as https://localhost:8443")
        }
        self.init(
            server: server, tenant: options.tenant ?? environment["LAPSE_TENANT"] ?? BuiltInLab.domain,
            controlToken: options.controlToken ?? environment[Settings.Option.controlToken.variable], printsJSON: options.json,
            web: WebClient(trusting: try Self.anchors(of: server, named: options.ca ?? environment["LAPSE_CA"], environment)))
    }

    /// Whom to trust for a server: the CA that was named, that of a Lapse in this folder, or what the machine trusts. A Lapse's CA is for some
    /// names only, and says nothing about a server that has another.
    ///
    /// - Returns: nil for what the machine trusts.
    private static func anchors(
        of server: String, named file: String?, _ environment: [String: String]
    ) throws -> [NIOSSLCertificate]? {
        if let file { return try anchors(in: file) }
        let host = URL(string: server)?.host() ?? ""
        if let file = ownCA(environment) {
            let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            let authorities = AuthorityCertificate.all(in: text)
            // A file without a certificate is told about.
            if authorities.isEmpty || authorities.contains(where: { $0.reach.covers(host) }) { return try anchors(in: file) }
        }
        // BoringSSL takes no such CA as it stands in the machine's store, for its constraints.
        let trusted = ((try? DebianStore.standard.entries()) ?? []).filter { $0.isTrusted && $0.authority.reach.covers(host) }
        return trusted.isEmpty ? nil : try? trusted.flatMap { try anchors(inPEM: $0.authority.pem) }
    }

    private static func anchors(in file: String) throws -> [NIOSSLCertificate] {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { throw StartError("--ca: cannot read \(file)") }
        guard let certificates = try? anchors(inPEM: text), !certificates.isEmpty else {
            throw StartError("--ca: there is no certificate in \(file)")
        }
        return certificates
    }

    private static func anchors(inPEM text: String) throws -> [NIOSSLCertificate] {
        try LocalCertificateAuthority.anchors(inPEM: text).map { try NIOSSLCertificate(bytes: Array($0.utf8), format: .pem) }
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
    ) async throws -> Answer {
        let content = body == nil ? [] : [("Content-Type", "application/json")]
        return try await calling {
            try await web.send(
                method, address(path, query), headers: authorization + content, body: body?.encoded ?? [], within: time)
        }
    }

    /// Reads a stream of events until the server ends it.
    ///
    /// - Parameter event: whether to go on after this event.
    func follow(_ path: String, query: [(String, String?)], _ event: (JSON) -> Bool) async throws {
        _ = try await calling {
            try await web.follow(address(path, query), headers: authorization) { line in
                guard line.hasPrefix("data: "), let read = JSON(parsing: Array(line.dropFirst(6).utf8)) else { return true }
                return event(read)
            }
        }
    }

    private func address(_ path: String, _ query: [(String, String?)]) -> String {
        let given = FormParameters.encoded(query.compactMap { name, value in value.map { (name, $0) } })
        return "\(server)/_lapse/api/\(path)" + (given.isEmpty ? "" : "?\(given)")
    }

    var authorization: [(String, String)] { controlToken.map { [("Authorization", "Bearer \($0)")] } ?? [] }

    private func calling(_ call: () async throws -> Answer) async throws -> Answer {
        let answer: Answer
        do { answer = try await call() } catch {
            try Task.checkCancellation()
            // The library's own words name its source files; what a person can do about it is one of these.
            let reason =
                error is NIOSSLError || error is BoringSSLError || "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
                ? "its certificate is not trusted; --ca must name its CA" : "is `lapse serve` running there?"
            throw StartError("cannot reach \(server): \(reason)")
        }
        guard (200..<300).contains(answer.status) else {
            throw StartError(answer.json["error"]?["message"]?.text ?? "the server answered \(answer.status)")
        }
        return answer
    }

    // MARK: Printing

    /// Prints the server's own words for scripts, else what a person wants.
    func show(_ answer: Answer, _ lines: (JSON) -> [String]) {
        StandardStream.output.say(printsJSON ? answer.text : lines(answer.json).joined(separator: "\n"))
    }
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
