import ArgumentParser
import Foundation
import LapseInstance
import LapseRules
import LapseService

/// `lapse class`: a Lapse for a class, with a sandbox and a link for each learner.
struct ClassCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "class", abstract: "Holds a class: a sandbox and a link for each learner, and a page for the teacher.",
        discussion: """
            The links hold keys: a learner's steers that learner's sandbox and nothing else, the teacher's steers everything. They stay the same \
            when the class is stopped and started again in the same data folder.

            Without --host only this machine reaches it. --host ADDRESS listens there, in plain HTTP: nobody has to install or trust anything, \
            and whoever can read the network's traffic can read the keys.
            """)

    @Option(help: "How many learners.")
    var size: Int
    @Option(help: "The lab that everybody begins with, by name or as a file (default: each learner chooses).")
    var lab: String?
    @Option(help: "The language in which it begins: en, es or pt (default: en).", transform: LabCommand.language)
    var lang: LabScript.Language?
    @Option(help: "The address of this machine that learners reach (default: 127.0.0.1).")
    var host: String?
    @Option(help: "The port (default: 8080; 0 takes a free one).")
    var httpPort: Int = 8080
    @Option(help: "The folder that keeps the class (default: .lapse-class).")
    var dataDir = ".lapse-class"

    func validate() throws {
        guard (1...500).contains(size) else { throw ValidationError("--size must be from 1 to 500") }
        guard (0...65_535).contains(httpPort) else { throw ValidationError("--http-port must be from 0 to 65535") }
        guard !["0.0.0.0", "::", "[::]"].contains(host) else {
            throw ValidationError("--host must be an address that learners can open, such as 192.168.1.20")
        }
        guard host == nil || httpPort > 0 else {
            throw ValidationError("--http-port 0 does not go with --host: the links name the port")
        }
    }

    func run() async throws {
        let script = try lab.map { try LabCommand.script($0) }
        var register = try Register(in: dataDir) ?? Register()
        let instance = try await Instance(try settings(register), log: StandardStream.log)
        try register.enrol(upTo: size, with: instance.authority)
        // Before anything that may fail: nobody's sandbox is made twice.
        try register.write(to: instance.folder.path(of: .classroom))
        try await begin(script, register, instance)
        let known = register
        try await instance.serve(classroom: known.classroom) { addresses in
            StandardStream.output.say(text(known, at: host.map(address) ?? addresses.http ?? ""))
        }
    }

    private func settings(_ register: Register) throws -> Settings {
        var flags = [
            Settings.Option.controlToken.name: register.teacher, Settings.Option.httpsPort.name: "off",
            Settings.Option.httpPort.name: "\(httpPort)", Settings.Option.dataDirectory.name: dataDir,
            Settings.Option.logLevel.name: "quiet",
        ]
        if let host {
            flags[Settings.Option.host.name] = host
            // Its own name, so that pages answer under it.
            flags[Settings.Option.publicURL.name] = address(of: host)
        }
        return try Settings(flags: flags, environment: [:], file: [:])
    }

    private func address(of host: String) -> String { "http://\(host.contains(":") ? "[\(host)]" : host):\(httpPort)" }

    /// Starts the lab for everybody who has none yet.
    private func begin(_ script: LabScript?, _ register: Register, _ instance: Instance) async throws {
        guard let script else { return }
        let runs = try instance.authority.labRuns(of: register.learners.map(\.tenant))
        let trace = RequestTrace(requestID: Machine.random.guid(), correlationID: "", origin: "", region: nil)
        for learner in register.learners where runs[learner.tenant]?.isEmpty ?? true {
            do {
                _ = try await instance.authority.startLab(
                    LabStart(script, in: lang ?? .english, changed: false), in: learner.tenant.description, trace: trace)
            } catch ControlError.invalid(let error) { throw StartError("--lab: \(error)") }
        }
    }

    private func text(_ register: Register, at address: String) -> String {
        let learners = register.learners.prefix(size).map { learner in
            [
                "  \(learner.number)",
                "\(address)/_lapse/lab?tenant=\(learner.tenant)\(lang.map { "&lang=\($0.rawValue)" } ?? "")#key=\(learner.key)",
            ]
        }
        let warning =
            host.map {
                "\nIt listens at \($0) in plain HTTP: whoever can read this network's traffic can read the keys. Use it for lessons alone."
            }
            ?? ""
        return """
            Lapse \(Instance.version) holds a class of \(size). It is a lab for lessons, and not a production identity provider.\(warning)

            Teacher (this link steers every sandbox; keep it to yourself):
              \(address)/_lapse/class#key=\(register.teacher)

            Learners:
            \(table(learners).joined(separator: "\n"))

            Stop with Ctrl-C. Started again with --data-dir \(dataDir), the class goes on with the same keys.
            """
    }
}

/// Who is in a class, as the data folder keeps it: its file is its owner's alone.
private struct Register {
    struct Learner {
        let number: Int
        let tenant: GUID
        let key: String
    }

    let teacher: String
    private(set) var learners: [Learner] = []

    init() { teacher = Machine.random.token(bytes: 24) }

    /// Nil: the folder holds no class.
    ///
    /// - Throws: `StartError` for a file that is none of a class.
    init?(in folder: String) throws {
        let path = "\(folder)/\(DataFolder.File.classroom.rawValue)"
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        let broken = StartError("--data-dir: \(path) is damaged; remove the folder to begin a new class")
        guard let json = JSON(parsing: Array(data)), let teacher = json["teacher"]?.text, teacher.utf8.count >= 8,
            let listed = json["learners"]?.elements
        else { throw broken }
        self.teacher = teacher
        learners = try listed.enumerated().map { index, one in
            guard let tenant = one["tenant"]?.text.flatMap({ GUID($0) }), let key = one["key"]?.text else { throw broken }
            return Learner(number: index + 1, tenant: tenant, key: key)
        }
    }

    var classroom: Classroom {
        Classroom(learners.map { Classroom.Learner(number: $0.number, tenant: $0.tenant, key: SecretHash(of: $0.key)) })
    }

    /// Makes a sandbox for each learner who has none, or whose was removed.
    mutating func enrol(upTo size: Int, with authority: Authority) throws {
        for index in learners.indices {
            do { _ = try authority.clock(of: learners[index].tenant.description) } catch ControlError.notFound {
                learners[index] = Learner(number: index + 1, tenant: try Self.sandbox(authority), key: learners[index].key)
            }
        }
        while learners.count < size {
            learners.append(
                Learner(number: learners.count + 1, tenant: try Self.sandbox(authority), key: Machine.random.token(bytes: 24)))
        }
    }

    /// Nobody signs in to it by a secret that the lab's docs tell: a link is what one needs.
    private static func sandbox(_ authority: Authority) throws -> GUID {
        try authority.createTenant(like: SandboxTemplate(name: BuiltInLab.domain, isClosed: true)).seed.tenant.id
    }

    func write(to path: String) throws {
        let list = learners.map { ["tenant": .string($0.tenant.description), "key": .string($0.key)] as JSON }
        let json: JSON = ["teacher": .string(teacher), "learners": .array(list)]
        try lapse.write(json.encodedText, to: path, asked: "--data-dir", isSecret: true)
    }
}
