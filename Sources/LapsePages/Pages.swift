import Mustache

/// A page that renders itself: a plain struct whose fields the template of its name shows. All text is escaped.
public protocol Page: Sendable {
    static var template: String { get }
}

/// A hidden field of a form.
public struct HiddenField: Sendable {
    let name: String
    let value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

extension Page {
    public var html: String {
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
            ("error", PackageResources.error_mustache), ("signedout", PackageResources.signedout_mustache),
            ("formpost", PackageResources.formpost_mustache), ("report", PackageResources.report_mustache),
            ("reportmarkdown", PackageResources.reportmarkdown_mustache), ("reportjunit", PackageResources.reportjunit_mustache),
        ]
        var library = MustacheLibrary()
        for (name, bytes) in sources {
            do {
                try library.register(String(decoding: bytes, as: UTF8.self), named: name)
            } catch {
                preconditionFailure("the template \(name) does not parse: \(error)")
            }
        }
        return library
    }()
}

/// What pages load besides themselves.
public enum PageAssets {
    public static let css = PackageResources.site_css
    public static let submitScript = PackageResources.submit_js
    /// The dashboard: one page, its style, its scripts by name.
    public static let dashboard = PackageResources.dashboard_html
    /// The sample app.
    public static let app = PackageResources.app_html
    public static let dashboardStyle = PackageResources.dashboard_css
    public static let dashboardScripts = [
        "dashboard.js": PackageResources.dashboard_js, "lab.js": PackageResources.lab_js, "story.js": PackageResources.story_js,
        "faults.js": PackageResources.faults_js,
        "app.js": PackageResources.app_js,
    ]
}
