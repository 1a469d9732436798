/// How should this Lapse run? Flags, environment, file and defaults as one value.
public struct Settings: Equatable, Sendable {
    public enum Port: Equatable, Sendable {
        case off
        /// 0 takes a free one.
        case number(Int)
    }

    public var host = "127.0.0.1"
    public var controlToken: String?
    public var httpsPort = Port.number(8443)
    public var httpPort = Port.number(8080)
    public var dataDirectory = ".lapse"
    public var isEphemeral = false
    /// The path of a seed file; nil: the built-in lab.
    public var seed: String?
    public var propagation = PropagationModel()
    public var readyFile: String?
    public var publicURL: String?
    public var graphURL: String?
    /// What the server is called besides localhost, in lower case.
    public var tlsNames: [String] = []
    public var isRegistrationOpen = false

    public init() {}

    /// Every option by its long name. In the environment it is `LAPSE_` and the name in capitals with underscores.
    public static let names = [
        "host", "control-token", "https-port", "http-port", "data-dir", "ephemeral", "seed", "propagation", "ready-file",
        "public-url", "graph-url", "tls-name", "open-registration",
    ]

    /// Flag before environment before file before default.
    ///
    /// - Parameter flags: what was given on the command line, by option name.
    /// - Parameter file: the content of `lapse.yaml`.
    /// - Throws: `FieldError` that names the option and where it was set.
    public init(flags: [String: String], environment: [String: String], file: JSON = [:]) throws(FieldError) {
        guard case .object(let members) = file else { throw FieldError("lapse.yaml", "must hold keys and values") }
        if let unknown = members.map(\.name).sorted().first(where: { !Self.names.contains($0) }) {
            throw FieldError("lapse.yaml", "the key '\(unknown)' is not known")
        }
        for name in Self.names {
            let variable = "LAPSE_" + name.uppercased().replacing("-", with: "_")
            if let text = flags[name] {
                try set(name, .string(text), "--\(name)")
            } else if let text = environment[variable] {
                try set(name, .string(text), variable)
            } else if let value = file[name], value != .null {
                try set(name, value, "lapse.yaml: \(name)")
            }
        }
        if !Self.isLoopback(host), controlToken == nil {
            throw FieldError("--host", "\(host) is reachable from elsewhere: set --control-token too")
        }
        if httpsPort == .off, httpPort == .off { throw FieldError("--http-port", "one of --https-port and --http-port must be on") }
    }

    private mutating func set(_ name: String, _ value: JSON, _ origin: String) throws(FieldError) {
        switch name {
        case "host": host = try Self.text(value, origin)
        case "control-token":
            let token = try Self.text(value, origin)
            guard token.utf8.count >= 8, token.utf8.allSatisfy({ (33...126).contains($0) }) else {
                throw FieldError(origin, "must have at least 8 characters, without blanks")
            }
            controlToken = token
        case "https-port": httpsPort = try Self.port(value, origin)
        case "http-port": httpPort = try Self.port(value, origin)
        case "data-dir": dataDirectory = try Self.text(value, origin)
        case "ephemeral": isEphemeral = try Self.flag(value, origin)
        case "seed": seed = try Self.text(value, origin)
        case "propagation":
            var model = value
            if case .string(let text) = value, text.hasPrefix("{") {
                guard let parsed = JSON(parsing: Array(text.utf8)) else { throw FieldError(origin, "is no valid JSON") }
                model = parsed
            }
            do throws(FieldError) {
                propagation = try PropagationModel(model)
            } catch {
                throw FieldError(origin, error.description)
            }
        case "ready-file": readyFile = try Self.text(value, origin)
        case "public-url": publicURL = try Self.origin(value, origin)
        case "graph-url": graphURL = try Self.origin(value, origin)
        case "tls-name": tlsNames = try Self.names(value, origin)
        case "open-registration": isRegistrationOpen = try Self.flag(value, origin)
        default: preconditionFailure("\(name) is in Settings.names but not read")
        }
    }

    private static func text(_ value: JSON, _ origin: String) throws(FieldError) -> String {
        guard case .string(let text) = value, !text.isEmpty else { throw FieldError(origin, "must be a text") }
        return text
    }

    /// DNS names, in a list or with commas between them.
    private static func names(_ value: JSON, _ origin: String) throws(FieldError) -> [String] {
        let texts: [String?] =
            switch value {
            case .string(let text): text.split(separator: ",").map { $0.trimming { $0 == " " } }
            case .array(let values): values.map(\.text)
            default: [nil]
            }
        var names: [String] = []
        for text in texts {
            // An address is no name, and a name has no blanks or wildcards.
            guard let name = text?.lowercased(), TenantName.isDNSName("\(name).tenant"),
                name.split(separator: ".").last?.allSatisfy(\.isNumber) == false
            else {
                throw FieldError(origin, "must name hosts, such as login.microsoftonline.com")
            }
            // It is always called that.
            if name != "localhost", !name.hasSuffix(".localhost") { names.append(name) }
        }
        return names.uniqued().sorted()
    }

    private static func flag(_ value: JSON, _ origin: String) throws(FieldError) -> Bool {
        switch value {
        case .bool(let flag): return flag
        case .string("true"), .string("1"): return true
        case .string("false"), .string("0"): return false
        default: throw FieldError(origin, "must be true or false")
        }
    }

    private static func port(_ value: JSON, _ origin: String) throws(FieldError) -> Port {
        switch value {
        // YAML reads `off` as false.
        case .string("off"), .bool(false): return .off
        case .string(let text):
            if let number = Int(text), (0...65_535).contains(number) { return .number(number) }
        case .integer(let number) where (0...65_535).contains(number): return .number(Int(number))
        default: break
        }
        throw FieldError(origin, "must be a port from 0 to 65535, or off")
    }

    /// An origin: scheme, host and port without a path.
    private static func origin(_ value: JSON, _ origin: String) throws(FieldError) -> String {
        let text = try Self.text(value, origin)
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
            let host = text.dropFirst(scheme.count).trimming { $0 == "/" }
            if !host.isEmpty, host.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 47 && $0 != 63 && $0 != 35 && $0 != 64 }) {
                return scheme + host.lowercased()
            }
        }
        throw FieldError(origin, "must be an origin such as https://localhost:8443, without a path")
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.split(separator: ".").count == 4)
    }
}
