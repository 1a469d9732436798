import LapseRules
import LapseService
import Logging
import Synchronization
import Testing

@testable import LapseServer

/// The lines on standard error: one for each request, without secrets, and never at a request's expense.
@Suite("Server log")
struct ServerLogTests {
    /// What was written, in a terminal's place.
    private final class Screen: Sendable {
        private let written = Mutex<[String]>([])

        var lines: [String] { written.withLock { $0.flatMap { $0.split(separator: "\n").map(String.init) } } }

        func output(isTerminal: Bool = false, isColoured: Bool = false) -> ServerLog.Output {
            .init(isTerminal: isTerminal, isColoured: isColoured) { text in self.written.withLock { $0.append(text) } }
        }
    }

    private func log(
        _ level: Settings.LogLevel?, _ format: Settings.LogFormat = .text, on screen: Screen, isTerminal: Bool = false
    ) -> ServerLog {
        ServerLog(level: level, format: format, output: screen.output(isTerminal: isTerminal), systemTime: { Lab.start })
    }

    /// The lines of a refresh, a revoke, a refused refresh, a request that cannot be read, a wrong token, and of what nobody asked for.
    private func lines(_ level: Settings.LogLevel, _ format: Settings.LogFormat) async throws -> (
        lines: [String], secrets: [String]
    ) {
        let screen = Screen()
        let log = log(level, format, on: screen)
        let secrets = Mutex<[String]>([])
        try await Lab.run(log: log) { lab async throws in
            let grant = try await lab.grant()
            let token = grant["refresh_token"]
            secrets.withLock { $0 = [token, grant["access_token"], BuiltInLab.password] }
            _ = try await lab.refresh(token)
            _ = try await lab.revoke()
            _ = try await lab.refresh(token)
            _ = try await lab.form("/contoso.example/oauth2/v2.0/token?secret=abcdef", ["grant_type": "refresh_token"])
            _ = try await lab.send(.get, "/v1.0/me", headers: [.authorization: "Bearer x"])
            _ = try await lab.contoso(.get, "users")
            _ = try await lab.send(.get, "/_lapse/site.css")
            _ = try await lab.control(.post, "tenants/nowhere/reset")
        }
        log.finish()
        return (screen.lines, secrets.withLock { $0 })
    }

    @Test("A request is one line: method, path, status, error, user, app, region, event, time")
    func text() async throws {
        let lines = try await lines(.requests, .text).lines
        let untimed = lines.map { $0.replacing(/\ {2}\d+\.\d ms$/, with: "") }
        #expect(lines.allSatisfy { $0.contains(/^12:00:00  .*  \d+\.\d ms$/) })
        #expect(
            untimed.map { $0.dropFirst(10) } == [
                "POST  /_lapse/api/tenants/contoso.example/grants  201  adele@contoso.example  Lapse Native  local  event 1 signedIn",
                "POST  /contoso.example/oauth2/v2.0/token  200  adele@contoso.example  Lapse Native  local  event 2 tokenRefreshed",
                "POST  /_lapse/api/tenants/contoso.example/revocations  201  adele@contoso.example  local  event 3 revoked",
                "POST  /contoso.example/oauth2/v2.0/token  400  AADSTS50173 FreshTokenNeeded  adele@contoso.example  Lapse Native  local  "
                    + "event 4 refreshRefused",
                "POST  /contoso.example/oauth2/v2.0/token  400  AADSTS900144  local",
                "GET  /v1.0/me  401  InvalidAuthenticationToken  local",
                "POST  /_lapse/api/tenants/nowhere/reset  404  notFound  local",
            ])
    }

    @Test("As JSON a line has the same, and the tenant's time")
    func json() async throws {
        let lines = try await lines(.requests, .json).lines.map { try #require(JSON(parsing: Array($0.utf8))) }
        let refused = try #require(lines.first { $0["type"]?.text == "refreshRefused" })
        #expect(refused["code"]?.text == "AADSTS50173" && refused["name"]?.text == "FreshTokenNeeded" && refused["event"]?.int == 4)
        #expect(refused["status"]?.int == 400 && refused["user"]?.text == "adele@contoso.example")
        #expect(refused["tenantTime"]?.text == Lab.start.description && refused["at"]?.text == Lab.start.description)
    }

    @Test("On debug what is only read is told too, and what requests and answers say, without secrets")
    func debug() async throws {
        let (lines, secrets) = try await lines(.debug, .text)
        let all = lines.joined(separator: "\n")
        #expect(all.contains("GET  /_lapse/site.css  200") && all.contains("GET  /_lapse/api/tenants/contoso.example/users  200"))
        #expect(all.contains("  > grant_type=refresh_token&client_id=") && all.contains("refresh_token=***"))
        #expect(all.contains("  < 400") && all.contains("\"error\":\"invalid_grant\""))
        for secret in secrets + ["abcdef"] { #expect(!all.contains(secret)) }
        #expect(
            try await self.lines(.debug, .json).lines.contains { JSON(parsing: Array($0.utf8))?["exchange"]?["status"]?.int == 400 }
        )
    }

    @Test("Quiet tells errors only, and so does a log without a terminal that nobody set")
    func quiet() async throws {
        #expect(try await lines(.quiet, .text).lines.isEmpty)
        let (screen, terminal) = (Screen(), Screen())
        #expect(!log(nil, on: screen).tellsRequests && log(nil, on: terminal, isTerminal: true).tellsRequests)
        let quiet = log(.quiet, on: screen)
        quiet.logger.error("A request failed\u{1B}[2J", metadata: ["path": "/a\nb"])
        quiet.logger.debug("Nobody asked")
        quiet.finish()
        #expect(screen.lines == ["12:00:00  error  A request failed\u{FFFD}[2J  path=/a\u{FFFD}b"])
        let json = log(.quiet, .json, on: terminal)
        json.logger.error("A request failed", metadata: ["path": "/a"])
        json.finish()
        #expect(
            terminal.lines == [#"{"at":"\#(Lab.start)","level":"error","message":"A request failed","path":"/a"}"#])
    }

    @Test("What a person thought of as a name moves no terminal's cursor, and colours are the log's own")
    func terminal() {
        let request = AnsweredRequest(
            at: Lab.start, method: "GET", path: "/a\u{1B}[2Jb\u{202E}", status: 500, error: nil, region: "west\u{9B}", event: nil,
            duration: .microseconds(1_250))
        let line = RequestLine(request, nil)
        #expect(line.text(isColoured: false) == "12:00:00  GET  /a\u{FFFD}[2Jb\u{FFFD}  500  west\u{FFFD}  1.3 ms")
        #expect(line.text(isColoured: true).contains("\u{1B}[31m500\u{1B}[0m"))
    }

    @Test("A secret that somebody put into a path is masked")
    func path() {
        let request = AnsweredRequest(
            at: Lab.start, method: "POST", path: "/contoso.example/oauth2/v2.0/token;refresh_token=S3CRET-TOKEN", status: 404,
            error: nil,
            region: nil, event: nil, duration: .zero)
        let line = RequestLine(request, nil)
        #expect(!line.text(isColoured: false).contains("S3CRET") && !line.json.encodedText.contains("S3CRET"))
    }

    @Test("A reader that stops reading holds up no request, and learns how many lines it missed")
    func slow() {
        let gate = Mutex<Bool>(false)
        let screen = Screen()
        let output = screen.output()
        let log = ServerLog(
            level: .requests, format: .text,
            output: .init(isTerminal: false, isColoured: false) { text in
                while gate.withLock({ !$0 }) {}
                output.write(text)
            }, systemTime: { Lab.start })
        for _ in 0..<2_500 {
            log.tell(
                AnsweredRequest(
                    at: Lab.start, method: "GET", path: "/", status: 200, error: nil, region: nil, event: nil, duration: .zero))
        }
        gate.withLock { $0 = true }
        log.finish()
        let told = screen.lines.filter { $0.contains("GET") }.count
        let missed = screen.lines.compactMap { $0.firstMatch(of: /(\d+) lines are left out/)?.1 }.compactMap { Int($0) }.reduce(
            0, +)
        #expect(told + missed == 2_500 && missed >= 500)
    }
}
