import Foundation
import LapseInstance
import LapseRules

/// A lab as somebody plays it at the terminal, once, and once more with its change.
struct LabSession: Sendable {
    let script: LabScript
    let language: LabScript.Language
    let isAutomatic: Bool
    let printsJSON: Bool
    let csv: String?

    private var words: LabWords { LabWords.of(language) }

    func play(on server: ControlClient) async throws {
        let sandbox = try await server.send("POST", "tenants", ["template": .string(server.tenant)]).json
        let client = server.inTenant(sandbox.shown("id"))
        let answers = StandardInput()
        var runs = [try await play(on: client, isChanged: false, answers)]
        if let change = runs[0]["change"]?.text {
            say("\n\(words.change) \(LabText.plain(change))")
            let isWanted: Bool
            if isAutomatic { isWanted = true } else { isWanted = try await ask(words.playChange, answers)?.isYes ?? false }
            if isWanted { runs.append(try await play(on: client, isChanged: true, answers)) }
        }
        if let csv { try write(Self.table(runs), to: csv, asked: "--csv") }
        if printsJSON { StandardStream.output.say(JSON.array(runs).encodedText) }
    }

    private func play(on client: ControlClient, isChanged: Bool, _ answers: StandardInput) async throws -> JSON {
        // Whole: a running server may be of another version, and have others.
        let body: JSON = ["lab": script.definition, "language": .string(language.rawValue), "changed": .bool(isChanged)]
        var run = try await client.send("POST", client.path("lab"), body).json
        if !isChanged {
            say("\(run.shown("title"))\n\n\(LabText.wrapped(run.shown("situation")))\n")
            if !isAutomatic { say("\(words.inBrowser) \(client.server)/_lapse/lab?tenant=\(client.tenant)\n") }
        }
        if !isAutomatic {
            for question in run["questions"]?.elements ?? [] { try await predict(question, client, answers) }
            say("")
        }
        var shown: Set<String> = []
        while !(run["over"]?.isTrue ?? true) {
            run = try await client.send("POST", client.path("lab", "play"), ["steps": 1]).json
            for question in run["questions"]?.elements ?? [] where question["outcome"] != .null {
                guard shown.insert(question.shown("id")).inserted else { continue }
                // So that somebody who looks on can follow.
                if !isAutomatic, isatty(StandardStream.output.rawValue) == 1 { try await Task.sleep(for: .milliseconds(800)) }
                tell(question, of: run)
            }
        }
        if !isAutomatic { say("\(words.score): \(run.shown("points")) / \(run.shown("possible"))") }
        if !isChanged { say("\n\(LabText.wrapped(run.shown("explanation")))") }
        return run
    }

    // MARK: Predicting

    private func predict(_ question: JSON, _ client: ControlClient, _ answers: StandardInput) async throws {
        say(LabText.wrapped(question.shown("ask")))
        let isInstant = question["at"] == .null
        while let answer = try await ask(isInstant ? words.howLong : words.acceptedOrRefused, answers), !answer.isEmpty {
            let text = isInstant ? (answer.lowercased().hasPrefix("n") ? "never" : answer) : Self.verdict(answer)
            do {
                try await client.send(
                    "POST", client.path("lab", "predictions"), .object([.init(name: question.shown("id"), value: .string(text))]))
                return
            } catch let refused as Refused where refused.status == 400 {
                say("  \(refused.description)")
            }
        }
    }

    /// The two words begin alike in all languages.
    private static func verdict(_ answer: String) -> String {
        switch answer.lowercased().first {
        case "a": "accepted"
        case "r": "refused"
        default: answer
        }
    }

    private func ask(_ question: String, _ answers: StandardInput) async throws -> String? {
        say("  \(question)")
        let line = await answers.next()
        try Task.checkCancellation()
        return line?.trimmingCharacters(in: .whitespaces)
    }

    // MARK: Telling

    private func tell(_ question: JSON, of run: JSON) {
        guard let outcome = question["outcome"] else { return }
        let code = outcome["code"] == .null ? "" : " AADSTS\(outcome.shown("code"))"
        let asked = question["at"] == .null ? "" : "\(words.after(question.shown("at"))), "
        // Of several sign-ins it says which one was asked for.
        let several = (run["signIns"]?.elements.count ?? 0) > 1
        let place =
            [words.endpoint(question.shown("endpoint")), question.shown("region")] + (several ? [question.shown("signIn")] : [])
        say(
            "\(place.joined(separator: ", ")): \(asked)\(words.answer(outcome.shown("answer")))\(code)"
        )
        if !isAutomatic {
            let prediction = question["prediction"]?.text.map(words.answer) ?? words.nothing
            say("  \(words.predicted): \(prediction). \(question.shown("points") == "1" ? words.right : words.wrong)")
        }
        say(
            "  \(InstantText(isPrecise: false, day: String(run.shown("startsAt").prefix(10)))(outcome.shown("why").replacing("; both to 100 ns", with: "")))"
        )
    }

    private func say(_ text: String) {
        (printsJSON ? StandardStream.error : .output).say(
            text.split(separator: "\n", omittingEmptySubsequences: false).map { plain(String($0)) }.joined(separator: "\n"))
    }

    private static func table(_ runs: [JSON]) -> String {
        let rows = runs.flatMap { run in
            (run["questions"]?.elements ?? []).map { question in
                [
                    run.shown("name"), run["changed"]?.isTrue == true ? "true" : "false", question.shown("id"),
                    question.shown("prediction"),
                    question["outcome"]?.shown("answer") ?? "", question["outcome"]?.shown("code") ?? "", question.shown("points"),
                ]
            }
        }
        // Every cell is a word: none has to be quoted.
        let head = ["lab", "changed", "question", "prediction", "answer", "code", "points"]
        return ([head] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
    }
}

/// What is typed, line by line. Whoever waits for a line can be cancelled.
final class StandardInput: Sendable {
    private let lines: AsyncStream<String>

    init() {
        lines = AsyncStream { continuation in
            Thread.detachNewThread {
                while let line = readLine() { continuation.yield(line) }
                continuation.finish()
            }
        }
    }

    /// Nil at the end, and for whoever is cancelled.
    func next() async -> String? {
        var iterator = lines.makeAsyncIterator()
        return await iterator.next()
    }
}

extension String {
    fileprivate var isYes: Bool { ["y", "s"].contains(lowercased().first) }
}
