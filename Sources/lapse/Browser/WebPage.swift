import Foundation

/// A page as a person without a screen uses it: its words, its forms and its links.
struct WebPage {
    struct Form {
        let action: String
        let isPost: Bool
        let testID: String
        var fields: [(name: String, value: String)] = []
        var buttons: [Button] = []
        /// Whether a person has something to type.
        var asksForText = false
    }

    struct Button {
        /// Nil: pressing it adds nothing to the form.
        let name: String?
        let value: String
        let testID: String
        var words: String
    }

    struct Link {
        let address: String
        let testID: String
        var words: String
    }

    private(set) var forms: [Form] = []
    private(set) var links: [Link] = []
    /// What it says, in one line.
    var text = ""
    /// Where it goes by itself (`<meta http-equiv="refresh">`).
    private(set) var next: String?
    /// By the test id of an element, its words.
    private(set) var marked: [String: String] = [:]

    init(html: String) {
        var reader = Reader()
        for token in Markup(html).tokens { reader.take(token) }
        (forms, links, next, marked) = (reader.forms, reader.links, reader.next, reader.marked)
        text = Self.folded(reader.words)
    }

    /// The words in one line.
    static func folded(_ text: String) -> String {
        text.split { $0.isWhitespace || $0.isNewline }.joined(separator: " ")
    }
}

extension WebPage {
    /// What is open while the page is read.
    private struct Reader {
        var forms: [Form] = []
        var links: [Link] = []
        var next: String?
        var marked: [String: String] = [:]
        var words = ""

        /// In seconds: a page that stays so long passes its reader on.
        private static let longestPassing = 5.0

        private var form: Int?
        private var link: Int?
        private var button: Int?
        private var mark: (id: String, tag: String)?
        private var isHidden = false

        mutating func take(_ token: Markup.Token) {
            switch token {
            case .open(let name, let attributes): open(name, attributes)
            case .close(let name): close(name)
            case .text(let text): take(text)
            }
        }

        private mutating func take(_ text: String) {
            guard !isHidden else { return }
            words += text
            if let form, let button { forms[form].buttons[button].words += text }
            if let link { links[link].words += text }
            if let mark { marked[mark.id, default: ""] += text }
        }

        private mutating func open(_ name: String, _ attributes: [String: String]) {
            let testID = attributes["data-testid"] ?? ""
            // What has no words of its own still stands between words.
            words += " "
            if !testID.isEmpty, mark == nil {
                marked[testID] = ""
                if !["input", "br", "img", "meta", "link"].contains(name) { mark = (testID, name) }
            }
            switch name {
            case "title", "head": isHidden = name == "title"
            case "form":
                // A page of a careless hand may open a form within a button, or within another form.
                (form, button) = (forms.count, nil)
                forms.append(
                    Form(action: attributes["action"] ?? "", isPost: attributes["method"]?.lowercased() == "post", testID: testID))
            case "a":
                guard let address = attributes["href"] else { break }
                link = links.count
                links.append(Link(address: address, testID: testID, words: ""))
            case "button":
                add(Button(name: attributes["name"], value: attributes["value"] ?? "", testID: testID, words: ""), attributes)
            case "input": input(attributes, testID)
            case "meta":
                guard attributes["http-equiv"]?.lowercased() == "refresh", let content = attributes["content"],
                    let match = content.firstMatch(of: /^\s*([0-9.]+)\s*[;,]\s*[uU][rR][lL]\s*=\s*['"]?([^'"]+)/),
                    // A page that loads itself anew after a minute is one to stay on.
                    Double(match.1).map({ $0 <= Self.longestPassing }) ?? false
                else { break }
                next = String(match.2)
            default: break
            }
        }

        private mutating func add(_ button: Button, _ attributes: [String: String]) {
            let type = attributes["type"]?.lowercased() ?? "submit"
            guard let form, type == "submit", attributes["disabled"] == nil else { return }
            self.button = forms[form].buttons.count
            forms[form].buttons.append(button)
        }

        private mutating func input(_ attributes: [String: String], _ testID: String) {
            guard let form, attributes["disabled"] == nil else { return }
            let (name, value) = (attributes["name"], attributes["value"] ?? "")
            switch attributes["type"]?.lowercased() ?? "text" {
            case "submit", "image":
                forms[form].buttons.append(Button(name: name, value: value, testID: testID, words: value))
            case "button", "reset": break
            case "checkbox", "radio":
                if let name, attributes["checked"] != nil { forms[form].fields.append((name, attributes["value"] ?? "on")) }
            case "hidden":
                if let name { forms[form].fields.append((name, value)) }
            default:
                forms[form].asksForText = true
                if let name { forms[form].fields.append((name, value)) }
            }
        }

        private mutating func close(_ name: String) {
            words += " "
            if mark?.tag == name { mark = nil }
            switch name {
            case "form": (form, button) = (nil, nil)
            case "a": link = nil
            case "button": button = nil
            case "title": isHidden = false
            default: break
            }
        }
    }
}

// MARK: Signing in at an app

extension WebPage {
    /// What a person presses who wants to sign in.
    enum Control {
        case link(Link)
        case button(Form, Button)
    }

    /// The link or button that leads to signing in: the one with the test id `sign-in`, else the first that reads or is addressed like one.
    ///
    /// - Returns: nil when there is none, and on a page that offers to sign out.
    var signInControl: Control? {
        let controls = links.map(Control.link) + forms.flatMap { form in form.buttons.map { Control.button(form, $0) } }
        if let marked = controls.first(where: { $0.testID == "sign-in" }) { return marked }
        guard !controls.contains(where: { $0.reads(as: /\b(sign|log)[ -]?(out|off)\b/, or: /(sign|log)-?_?(out|off)\b/) }) else {
            return nil
        }
        return controls.first { control in
            if case .button(let form, _) = control, form.asksForText { return false }
            return control.reads(as: /\b(sign|log)[ -]?(in|on)\b/, or: /\b(sign|log)-?_?(in|on)\b/)
        }
    }
}

extension WebPage.Control {
    fileprivate var testID: String {
        switch self {
        case .link(let link): link.testID
        case .button(_, let button): button.testID
        }
    }

    fileprivate func reads(as words: Regex<some Any>, or address: Regex<some Any>) -> Bool {
        let (said, target) =
            switch self {
            case .link(let link): (link.words, URL(string: link.address)?.path ?? link.address)
            case .button(let form, let button): (button.words, URL(string: form.action)?.path ?? form.action)
            }
        return said.lowercased().contains(words) || target.lowercased().contains(address)
    }
}
