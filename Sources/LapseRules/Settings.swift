/// How should this Lapse run? Flags, environment, file and defaults as one value.
package struct Settings: Equatable, Sendable {
    package enum Port: Equatable, Sendable {
        case off
        /// 0 takes a free one.
        case number(Int)
    }

    package var host = "127.0.0.1"
    package var controlToken: String?
    package var httpsPort = Port.number(8443)
    package var httpPort = Port.number(8080)
    package var dataDirectory = ".lapse"
    package var isEphemeral = false
    /// The path of a seed file; nil: the built-in lab.
    package var seed: String?
    package var propagation = PropagationModel()
    package var readyFile: String?
    package var publicURL: String?
    package var graphURL: String?
    package var backChannel = BackChannel.public
    /// What the server is called besides localhost, in lower case.
    package var tlsNames: [String] = []
    package var isRegistrationOpen = false
    /// Nil: requests where a person reads along, on a terminal; nothing but errors elsewhere.
    package var logLevel: LogLevel?
    package var logFormat = LogFormat.text

    /// What a running Lapse tells on its standard error.
    package enum LogLevel: String, CaseIterable, Sendable {
        /// What goes wrong.
        case quiet
        /// And a line for each request that is answered.
        case requests
        /// And what requests and answers say, without secrets.
        case debug
    }

    /// Under which name the addresses are told that an app asks by itself, without its user's browser: token, keys, userinfo, device code,
    /// Graph. Without a public URL every address follows the request.
    package enum BackChannel: String, CaseIterable, Sendable {
        /// The public URL's.
        case `public`
        /// That of each request's own Host.
        case request
    }

    package enum LogFormat: String, CaseIterable, Sendable { case text, json }

    package init() {}

    /// Flag before environment before file before default.
    ///
    /// - Parameter flags: what was given on the command line, by option name.
    /// - Parameter file: the content of `lapse.yaml`.
    /// - Throws: `FieldError` that names the option and where it was set.
    package init(flags: [String: String], environment: [String: String], file: JSON = [:]) throws(FieldError) {
        guard case .object(let members) = file else { throw FieldError("lapse.yaml", "must hold keys and values") }
        let names = Set(Option.all.map(\.name))
        if let unknown = members.map(\.name).sorted().first(where: { !names.contains($0) }) {
            let names = Option.all.map(\.name)
            let help = names.nearest(to: unknown).map { "did you mean \($0)?" } ?? "the keys are \(names.joined(separator: ", "))"
            throw FieldError("lapse.yaml", "the key '\(unknown)' is not known; \(help)")
        }
        for option in Option.all {
            if let text = flags[option.name] {
                try option.set(&self, .string(text), option.flag)
            } else if let text = environment[option.variable] {
                try option.set(&self, .string(text), option.variable)
            } else if let value = file[option.name], value != .null {
                try option.set(&self, value, "lapse.yaml: \(option.name)")
            }
        }
        if !Self.isLoopback(host), controlToken == nil {
            throw FieldError(
                Option.host.flag,
                "\(host) is reachable from elsewhere: set \(Option.controlToken.flag) or \(Option.controlToken.variable) too, "
                    + "such as to what `openssl rand -hex 16` prints")
        }
        if httpsPort == .off, httpPort == .off {
            throw FieldError(Option.httpPort.flag, "one of \(Option.httpsPort.flag) and \(Option.httpPort.flag) must be on")
        }
    }

    /// Whether nobody but this machine answers under the name or address.
    package static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        // A name may begin as an address does.
        return host == "localhost" || host == "::1"
            || (parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil })
    }
}

extension Settings {
    /// One option of `lapse serve`: what it is called, what it is for, and how its value is read. The flag, the name in the environment,
    /// the key in `lapse.yaml`, the help and what an error calls it all derive from here.
    package struct Option: Sendable {
        /// What stands behind the flag.
        package enum Kind: Sendable {
            case text
            /// Texts: the flag may come more than once; elsewhere it is a list or has commas between them.
            case list
            /// Nothing: the flag alone says yes.
            case toggle
        }

        /// The long name, which is also the key in `lapse.yaml`.
        package let name: String
        package let kind: Kind
        /// What it is for, and its default.
        package let help: String
        /// The default as the flag would say it; nil when no value of the flag says it.
        package let defaultText: String?
        fileprivate let set: @Sendable (inout Settings, JSON, _ source: String) throws(FieldError) -> Void

        package var flag: String { "--\(name)" }
        package var variable: String { Self.variable(named: name) }

        /// The name in the environment of what has this long name.
        package static func variable(named name: String) -> String { "LAPSE_" + name.uppercased().replacing("-", with: "_") }

        /// The default, for the help. The value itself is the property's.
        fileprivate enum Default {
            /// As the flag would say it.
            case text(String)
            /// In words, because no value of the flag says it; nil: the help need not say it.
            case described(String?)
        }

        fileprivate init<Value>(
            _ name: String, _ kind: Kind, _ property: any WritableKeyPath<Settings, Value> & Sendable, default: Default,
            _ help: String,
            _ read: @escaping @Sendable (JSON, _ source: String) throws(FieldError) -> Value
        ) {
            self.name = name
            self.kind = kind
            let words: String?
            switch `default` {
            case .text(let text): (defaultText, words) = (text, text)
            case .described(let text): (defaultText, words) = (nil, text)
            }
            self.help = words.map { "\(help) (default: \($0))." } ?? "\(help)."
            set = { (settings, value, source) throws(FieldError) in settings[keyPath: property] = try read(value, source) }
        }
    }
}

extension Settings.Option {
    package static let host = Self(
        "host", .text, \.host, default: .text("127.0.0.1"),
        "The address to listen on; any other than loopback needs --control-token",
        text)
    package static let controlToken = Self(
        "control-token", .text, \.controlToken, default: .described(nil),
        "The token that the control API and the dashboard then ask for", token)
    package static let httpsPort = Self(
        "https-port", .text, \.httpsPort, default: .text("8443"), "The HTTPS port, 0 for a free one, or off", port)
    package static let httpPort = Self(
        "http-port", .text, \.httpPort, default: .text("8080"), "The HTTP port, 0 for a free one, or off", port)
    package static let dataDirectory = Self(
        "data-dir", .text, \.dataDirectory, default: .text(".lapse"), "The folder of database, certificates and keys", text)
    package static let ephemeral = Self(
        "ephemeral", .toggle, \.isEphemeral, default: .described(nil),
        "Keep everything in a temporary folder that is gone at exit", yesOrNo)
    package static let seed = Self(
        "seed", .text, \.seed, default: .described("the built-in lab"),
        "Tenants, users and apps for an empty database, YAML or JSON", text)
    package static let propagation = Self(
        "propagation", .text, \.propagation, default: .text("instant"), "A preset's name or a model as JSON", model)
    package static let readyFile = Self(
        "ready-file", .text, \.readyFile, default: .described(nil), "A file to write the addresses to when listening", text)
    package static let publicURL = Self(
        "public-url", .text, \.publicURL, default: .described("from the request"),
        "The origin of the addresses that clients fetch; https makes cookies Secure", webOrigin)
    package static let graphURL = Self(
        "graph-url", .text, \.graphURL, default: .described("from the request"), "The origin of Graph's addresses", webOrigin)
    package static let backChannel = Self(
        "back-channel", .text, \.backChannel, default: .text("public"),
        "The origin of what an app asks without a browser (token, keys, userinfo, device code, Graph): public, or request for each request's own host",
        word)
    package static let tlsName = Self(
        "tls-name", .list, \.tlsNames, default: .described(nil),
        "A further name in the server's certificate, such as login.microsoftonline.com; the local CA may then speak for it",
        hostNames)
    package static let openRegistration = Self(
        "open-registration", .toggle, \.isRegistrationOpen, default: .described(nil),
        "Accept any client id and any loopback redirect URI", yesOrNo)

    package static let logLevel = Self(
        "log-level", .text, \.logLevel, default: .described("requests on a terminal, else quiet"),
        "What to write to standard error: quiet, requests (a line for each) or debug (their content too, without secrets)",
        { value, source throws(FieldError) in try word(value, source) as Settings.LogLevel })
    package static let logFormat = Self(
        "log-format", .text, \.logFormat, default: .text("text"), "The form of the log: text or json", word)

    /// Every option, in the order in which they are read.
    package static let all = [
        host, controlToken, httpsPort, httpPort, dataDirectory, ephemeral, seed, propagation, readyFile, publicURL, graphURL,
        backChannel, tlsName, openRegistration, logLevel, logFormat,
    ]
}

// MARK: Kinds of value

extension Settings.Option {
    @Sendable private static func text(_ value: JSON, _ source: String) throws(FieldError) -> String {
        guard case .string(let text) = value, !text.isEmpty else { throw FieldError(source, "must be a text") }
        return text
    }

    /// One of the words that a value may be.
    @Sendable private static func word<Word: CaseIterable & RawRepresentable>(
        _ value: JSON, _ source: String
    ) throws(FieldError) -> Word where Word.RawValue == String {
        guard let word = value.text.flatMap(Word.init) else {
            let words = Word.allCases.map(\.rawValue)
            throw FieldError(source, "must be \(words.dropLast().joined(separator: ", ")) or \(words.last ?? "")")
        }
        return word
    }

    @Sendable private static func token(_ value: JSON, _ source: String) throws(FieldError) -> String {
        let token = try text(value, source)
        guard token.utf8.count >= 8, token.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw FieldError(source, "must have at least 8 characters, without blanks")
        }
        return token
    }

    @Sendable private static func model(_ value: JSON, _ source: String) throws(FieldError) -> PropagationModel {
        var model = value
        if case .string(let text) = value, text.hasPrefix("{") {
            guard let parsed = JSON(parsing: Array(text.utf8)) else { throw FieldError(source, "is not valid JSON") }
            model = parsed
        }
        do throws(FieldError) {
            return try PropagationModel(model)
        } catch {
            throw FieldError(source, error.description)
        }
    }

    /// DNS names, in a list or with commas between them.
    @Sendable private static func hostNames(_ value: JSON, _ source: String) throws(FieldError) -> [String] {
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
                throw FieldError(source, "must name hosts, such as login.microsoftonline.com")
            }
            // It is always called that.
            if name != "localhost", !name.hasSuffix(".localhost") { names.append(name) }
        }
        return names.uniqued().sorted()
    }

    @Sendable private static func yesOrNo(_ value: JSON, _ source: String) throws(FieldError) -> Bool {
        switch value {
        case .bool(let flag): return flag
        case .string("true"), .string("1"): return true
        case .string("false"), .string("0"): return false
        default: throw FieldError(source, "must be true or false")
        }
    }

    @Sendable private static func port(_ value: JSON, _ source: String) throws(FieldError) -> Settings.Port {
        switch value {
        // YAML reads `off` as false.
        case .string("off"), .bool(false): return .off
        case .string(let text):
            if let number = Int(text), (0...65_535).contains(number) { return .number(number) }
        case .integer(let number) where (0...65_535).contains(number): return .number(Int(number))
        default: break
        }
        throw FieldError(source, "must be a port from 0 to 65535, or off")
    }

    /// An origin: scheme, host and port without a path.
    @Sendable private static func webOrigin(_ value: JSON, _ source: String) throws(FieldError) -> String {
        let text = try Self.text(value, source)
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
            let host = text.dropFirst(scheme.count).trimming { $0 == "/" }
            if !host.isEmpty, host.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 47 && $0 != 63 && $0 != 35 && $0 != 64 }) {
                return scheme + host.lowercased()
            }
        }
        throw FieldError(source, "must be an origin such as https://localhost:8443, without a path")
    }
}
