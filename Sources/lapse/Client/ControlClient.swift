import ArgumentParser
import Foundation
import LapseClient
import LapseInstance
import LapseRules
import LapseService
import NIOSSL

/// Which running Lapse a command talks to, and how it prints: the options of every client command.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "The server's address (default: LAPSE_SERVER, else https://localhost:8443).")
    var server: String?
    @Option(
        help: "The file with the server's CA (default: LAPSE_CA, else the data folder's ca.pem for its names, else the system's).")
    var ca: String?
    @Option(name: .customLong("control-token"), help: "The server's --control-token (default: LAPSE_CONTROL_TOKEN).")
    var controlToken: String?
    @Flag(help: "Print the server's JSON.")
    var json = false

    /// Runs the command with a client.
    ///
    /// - Parameters:
    ///   - tenant: the tenant that its calls are about; nil: what the environment says.
    ///   - flags: by the name of an API's field, the flag or argument that the field's value was given by.
    /// - Throws: ``UsageError`` when the server refuses what a flag says; what the command throws.
    func run(
        tenant: String? = nil, _ flags: [String: String] = [:], _ command: (ControlClient) async throws -> Void
    ) async throws {
        do {
            try await command(try ControlClient(self, tenant: tenant))
        } catch let refused as Refused {
            throw refused.naming(flags)
        }
    }
}

/// The same with a tenant: the options of every command that is about one.
struct ServerOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions
    @Option(help: "The tenant, by domain or id (default: LAPSE_TENANT, else \(BuiltInLab.domain)).")
    var tenant: String?

    var server: String? { connection.server }
    var ca: String? { connection.ca }
    var controlToken: String? { connection.controlToken }
    var json: Bool { connection.json }

    /// Runs the command with a client of the tenant, as ``ConnectionOptions/run(tenant:_:_:)`` does.
    func run(_ flags: [String: String] = [:], _ command: (ControlClient) async throws -> Void) async throws {
        try await connection.run(tenant: tenant, flags, command)
    }
}

/// What the control API refused, in its own words.
struct Refused: Error, CustomStringConvertible {
    let status: Int
    /// The path of the field that is wrong; nil: there is none.
    let field: String?
    let description: String

    init(_ answer: Answer) {
        let error = answer.json["error"]
        status = answer.status
        field = error?["field"]?.text
        description = error?["message"]?.text ?? "the server answered \(answer.status)"
    }

    /// - Returns: the refusal in words that name the flag in place of the field, where one does: of a value that does not do, a
    ///   ``UsageError``; else the refusal itself.
    func naming(_ flags: [String: String]) -> any Error {
        guard let field, let flag = flags[field] else { return self }
        let rest = description.hasPrefix("\(field): ") ? String(description.dropFirst(field.count + 2)) : description
        let sentence = flag.hasPrefix("-") ? "\(flag): \(rest)" : "\(flag) \(rest)"
        return status == 400 ? UsageError(sentence) : StartError(sentence)
    }
}

/// The control API of a running Lapse, as a command calls it. What the server refuses is thrown as ``Refused``.
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
    ///
    /// - Parameter tenant: the one that was asked for; nil: the environment's, else Contoso.
    init(_ options: ConnectionOptions, tenant: String? = nil) throws {
        let environment = ProcessInfo.processInfo.environment
        let server = (options.server ?? environment["LAPSE_SERVER"] ?? "https://localhost:8443").trimming { $0 == "/" }
        guard server.hasPrefix("https://") || server.hasPrefix("http://") else {
            throw UsageError("--server: must be an address such as https://localhost:8443")
        }
        self.init(
            server: server, tenant: tenant ?? environment["LAPSE_TENANT"] ?? BuiltInLab.domain,
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
        return trusted.isEmpty ? nil : try? trusted.flatMap { try WebClient.anchors(inPEM: $0.authority.pem) }
    }

    static func anchors(in file: String) throws -> [NIOSSLCertificate] {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { throw StartError("--ca: cannot read \(file)") }
        guard let certificates = try? WebClient.anchors(inPEM: text), !certificates.isEmpty else {
            throw StartError("--ca: \(file) does not hold a certificate")
        }
        return certificates
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
    func follow(_ path: String, query: [(String, String?)], _ event: (JSON) async throws -> Bool) async throws {
        _ = try await calling {
            try await web.follow(address(path, query), headers: authorization) { line in
                guard line.hasPrefix("data: "), let read = JSON(parsing: Array(line.dropFirst(6).utf8)) else { return true }
                return try await event(read)
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
        do { answer = try await call() } catch let error as Unreachable {
            throw StartError(error.sentence(ofLapseAt: server))
        }
        guard (200..<300).contains(answer.status) else { throw Refused(answer) }
        return answer
    }

    /// - Returns: the items of a list, of all its parts.
    func all(_ path: String, query: [(String, String?)] = []) async throws -> [JSON] {
        var (items, after): ([JSON], String?) = ([], nil)
        repeat {
            let page = try await send("GET", path, query: query + [("after", after)]).json
            items += page["items"]?.elements ?? []
            after = page["next"]?.text
        } while after != nil
        return items
    }

    /// The same server's client for another tenant.
    func inTenant(_ name: String) -> ControlClient {
        ControlClient(server: server, tenant: name, controlToken: controlToken, printsJSON: printsJSON, web: web)
    }

    // MARK: Printing

    /// Prints the server's own words for scripts, else what a person wants.
    func show(_ answer: Answer, _ lines: (JSON) -> [String]) {
        StandardStream.output.say(printsJSON ? answer.text : lines(answer.json).map(plain).joined(separator: "\n"))
    }
}

/// - Returns: the line without what steers a terminal: names are whatever somebody called themselves.
func plain(_ line: String) -> String {
    String(String.UnicodeScalarView(line.unicodeScalars.filter { $0.value >= 32 && !(127...159).contains($0.value) }))
}

/// - Returns: the number with the word for one or for many.
func counted(_ count: Int, _ one: String, _ many: String) -> String { "\(count) \(count == 1 ? one : many)" }

extension Optional {
    /// What the function makes of it; nil when there is nothing.
    func asyncMap<Value>(_ function: (Wrapped) async throws -> Value) async rethrows -> Value? {
        guard let self else { return nil }
        return try await function(self)
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
