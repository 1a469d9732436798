import LapseRules

/// The words of `lapse lab` around a lab's own texts, in one language.
struct LabWords {
    let inBrowser: String
    let acceptedOrRefused: String
    let howLong: String
    let score: String
    let predicted: String
    let nothing: String
    let right: String
    let wrong: String
    let change: String
    let playChange: String
    private let accepted: String
    private let refused: String
    private let never: String
    private let refusedFrom: String
    private let afterwards: String
    private let tokenEndpoint: String
    private let signInPage: String

    /// An endpoint as people call it.
    func endpoint(_ name: String) -> String {
        switch TrialEndpoint(rawValue: name) {
        case .token: tokenEndpoint
        case .authorize: signInPage
        case .graph: "Microsoft Graph"
        case nil: name
        }
    }

    /// So long after the first thing that happened.
    func after(_ duration: String) -> String { "+\(Self.words(duration))" }

    func answer(_ text: String) -> String {
        switch LabRun.Answer(text) {
        case .accepted: accepted
        case .refused: refused
        case .never: never
        case .after: "\(refusedFrom) +\(Self.words(text))\(afterwards)"
        case nil: text
        }
    }

    private static func words(_ duration: String) -> String { Duration(iso8601: duration).map(InstantText.words) ?? duration }

    static func of(_ language: LabScript.Language) -> LabWords {
        switch language {
        case .english:
            LabWords(
                inBrowser: "In the browser:", acceptedOrRefused: "accepted or refused? (a, r)",
                howLong: "how long? (such as 90s, 5m, 1h; n for never)", score: "Score", predicted: "you predicted",
                nothing: "nothing",
                right: "Right.", wrong: "Not so.", change: "A change to try:", playChange: "Play it? (y, n)", accepted: "accepted",
                refused: "refused", never: "never refused", refusedFrom: "refused from", afterwards: " on",
                tokenEndpoint: "Token endpoint",
                signInPage: "Sign-in page")
        case .spanish:
            LabWords(
                inBrowser: "En el navegador:", acceptedOrRefused: "¿aceptado o rechazado? (a, r)",
                howLong: "¿cuánto tiempo? (por ejemplo 90s, 5m, 1h; n para nunca)", score: "Puntuación", predicted: "su predicción",
                nothing: "nada", right: "Correcto.", wrong: "No fue así.", change: "Un cambio para probar:",
                playChange: "¿Ejecutarlo? (s, n)", accepted: "aceptado", refused: "rechazado", never: "nunca se rechaza",
                refusedFrom: "se rechaza desde", afterwards: "", tokenEndpoint: "Punto de conexión de tokens",
                signInPage: "Página de inicio de sesión")
        case .portuguese:
            LabWords(
                inBrowser: "No browser:", acceptedOrRefused: "aceite ou recusado? (a, r)",
                howLong: "quanto tempo? (por exemplo 90s, 5m, 1h; n para nunca)", score: "Pontuação", predicted: "a sua previsão",
                nothing: "nada", right: "Certo.", wrong: "Não foi assim.", change: "Uma mudança para experimentar:",
                playChange: "Executar? (s, n)", accepted: "aceite", refused: "recusado", never: "nunca é recusado",
                refusedFrom: "é recusado a partir de", afterwards: "", tokenEndpoint: "Ponto final de tokens",
                signInPage: "Página de início de sessão")
        }
    }
}

/// A lab's text at a terminal.
enum LabText {
    /// Without the marks of Markdown; a link keeps its address.
    static func plain(_ text: String) -> String {
        text.replacing(/\[([^\]]*)\]\(([^)]*)\)/) { "\($0.1) (\($0.2))" }.replacing("**", with: "").replacing("`", with: "")
    }

    /// The same in lines that a terminal has room for.
    static func wrapped(_ text: String, width: Int = 80) -> String {
        var lines = [""]
        for word in plain(text).split(whereSeparator: \.isWhitespace) {
            if lines[lines.count - 1].isEmpty {
                lines[lines.count - 1] = String(word)
            } else if lines[lines.count - 1].count + 1 + word.count <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines.joined(separator: "\n")
    }
}
