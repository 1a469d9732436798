import ArgumentParser
import LapseRules

/// Which commands and options there are, and which one somebody meant who mistyped it.
enum CommandNames {
    /// What to say of a word that stands where a command is expected and is none; nil when there is no such word.
    static func complaint(about words: [String]) -> String? {
        let (command, path, rest) = walk(words)
        guard let word = rest.first, !word.hasPrefix("-"), !command.configuration.subcommands.isEmpty else { return nil }
        let names = command.configuration.subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
        let near = word == "version" ? ["--version"] : meant(by: word, among: names)
        return "'\(word)' is not a command of \(path)\(question(near))\nCommands: \(names.joined(separator: ", "))"
    }

    /// The parser's message with a better guess at an option that it does not know.
    static func message(_ message: String, about words: [String]) -> String {
        guard let match = message.firstMatch(of: /Unknown option '--([^'=]+)'(?:\. Did you mean '[^']*'\?)?/) else {
            return message
        }
        let (command, _, _) = walk(words)
        let near = meant(by: String(match.1), among: options(of: command)).map { "--\($0)" }
        return message.replacingCharacters(in: match.range, with: "unknown option '--\(match.1)'\(question(near))")
    }

    /// Goes down as far as words name commands.
    ///
    /// - Returns: the command, how it is called, and the words behind.
    private static func walk(_ words: [String]) -> (any ParsableCommand.Type, path: String, rest: ArraySlice<String>) {
        var command: any ParsableCommand.Type = Lapse.self
        var path = command._commandName
        var rest = words[...]
        while let word = rest.first {
            // `lapse help` is the parser's own.
            if command == Lapse.self, word == "help" { return (command, path, []) }
            guard
                let next = command.configuration.subcommands.first(where: {
                    $0._commandName == word || $0.configuration.aliases.contains(word)
                })
            else { break }
            command = next
            path += " \(word)"
            rest = rest.dropFirst()
        }
        return (command, path, rest)
    }

    /// The options of a command, and of the one that it stands for.
    private static func options(of command: any ParsableCommand.Type) -> [String] {
        let commands = [command, command.configuration.defaultSubcommand].compactMap { $0 }
        return commands.flatMap { $0.helpMessage(columns: 200).matches(of: /(?m)^  (?:-[a-z], )?--([a-z-]+)/).map { String($0.1) } }
    }

    /// Those that the word is a part of, else those that are spelled nearly like it; the nearest first.
    static func meant(by word: String, among names: [String]) -> [String] {
        let parts = names.filter { $0.split(separator: "-").contains { $0 == word } || (word.count > 2 && $0.hasPrefix(word)) }
        guard parts.isEmpty else { return parts }
        let most = word.count < 4 ? 1 : 2
        let near = names.map { ($0, $0.edits(to: word)) }.filter { $0.1 <= most }
        let least = near.map(\.1).min()
        return near.filter { $0.1 == least }.map(\.0)
    }

    private static func question(_ names: [String]) -> String {
        names.isEmpty ? "" : "; did you mean \(names.joined(separator: " or "))?"
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
