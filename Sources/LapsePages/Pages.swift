import Mustache

/// A page that renders itself: a plain struct whose fields the template of its name shows. All text is escaped.
package protocol Page: Sendable {
    static var template: String { get }
}

/// A hidden field of a form.
package struct HiddenField: Sendable {
    let name: String
    let value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

extension Page {
    package var html: String {
        guard let html = PageLibrary.shared.render(self, withTemplate: Self.template) else {
            preconditionFailure("the template \(Self.template) is embedded")
        }
        return html
    }
}

private enum PageLibrary {
    static let shared: MustacheLibrary = {
        let sources = [
            ("layout", PackageResources.layout_mustache), ("signin", PackageResources.signin_mustache),
            ("picker", PackageResources.picker_mustache), ("consent", PackageResources.consent_mustache),
            ("device", PackageResources.device_mustache), ("message", PackageResources.message_mustache),
            ("code", PackageResources.code_mustache),
            ("error", PackageResources.error_mustache), ("signedout", PackageResources.signedout_mustache),
            ("formpost", PackageResources.formpost_mustache), ("report", PackageResources.report_mustache),
            ("reportmarkdown", PackageResources.reportmarkdown_mustache), ("reportjunit", PackageResources.reportjunit_mustache),
        ]
        MustacheContentTypes.register(MarkupText(), named: "MARKUP")
        MustacheContentTypes.register(MarkdownText(), named: "MARKDOWN")
        var library = MustacheLibrary()
        for (name, bytes) in sources {
            let escaping = name == ReportMarkdown.template ? "MARKDOWN" : "MARKUP"
            do {
                try library.register(
                    "{{% CONTENT_TYPE: \(escaping)}}\n" + String(decoding: bytes, as: UTF8.self), named: name)
            } catch {
                preconditionFailure("the template \(name) does not parse: \(error)")
            }
        }
        return library
    }()
}

/// Text in HTML and XML, escaped scalar by scalar: a quotation mark with an accent on it is one character, and ends an attribute all
/// the same. What XML 1.0 does not know (section 2.2) becomes a blank.
private struct MarkupText: MustacheContentType {
    func escapeText(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
            case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
            case "\n", "\t": escaped.append(scalar)
            default: escaped.append(scalar.value < 32 || (0xFFFE...0xFFFF).contains(scalar.value) ? " " : scalar)
            }
        }
        return String(escaped)
    }
}

/// Text in Markdown: on one line, and without meaning there.
private struct MarkdownText: MustacheContentType {
    func escapeText(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if "\\`*_[]<>#|!".unicodeScalars.contains(scalar) { escaped.append("\\") }
            escaped.append(scalar.value < 32 || scalar.value == 127 ? " " : scalar)
        }
        return String(escaped)
    }
}

/// What pages load besides themselves.
package enum PageAssets {
    package static let css = PackageResources.site_css
    package static let submitScript = PackageResources.submit_js
    /// The dashboard: one page, its style, its scripts by name.
    package static let dashboard = PackageResources.dashboard_html
    /// `/`: what runs here, and what to type where.
    package static let start = PackageResources.start_html
    /// Labs, for learners.
    package static let labs = PackageResources.labs_html
    /// The class, for its teacher.
    package static let classroom = PackageResources.class_html
    /// The sample app.
    package static let app = PackageResources.app_html
    package static let dashboardStyle = PackageResources.dashboard_css
    package static let dashboardScripts = [
        "dashboard.js": PackageResources.dashboard_js, "lab.js": PackageResources.lab_js, "story.js": PackageResources.story_js,
        "faults.js": PackageResources.faults_js, "board.js": PackageResources.board_js,
        "app.js": PackageResources.app_js, "start.js": PackageResources.start_js, "labs.js": PackageResources.labs_js,
        "class.js": PackageResources.class_js,
    ]
}
