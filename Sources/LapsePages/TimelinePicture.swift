/// A picture of what happened along a clock, as SVG: bars and marks in rows, cuts through all of them, and below the windows in which
/// a cut is not yet in effect.
///
/// Every part says in one sentence what it is, to whoever points at it, comes to it by keyboard, or listens. The colors stand in the
/// file, for a picture on its own; a page may choose others by the classes.
package struct TimelinePicture: Sendable {
    /// Something that lasts. Times are seconds from any fixed instant.
    package struct Bar: Sendable {
        package let from: Double
        package let to: Double
        /// How it looks: alive, alive in some regions, dead, token, waiting.
        package let look: Look
        package let says: String

        package enum Look: String, Sendable { case alive, mixed, dead, token, waiting }

        package init(from: Double, to: Double, look: Look, says: String) {
            self.from = from
            self.to = to
            self.look = look
            self.says = says
        }
    }

    /// Something that happened at an instant.
    package struct Mark: Sendable {
        let at: Double
        let isRefusal: Bool
        let says: String

        package init(at: Double, isRefusal: Bool, says: String) {
            self.at = at
            self.isRefusal = isRefusal
            self.says = says
        }
    }

    package struct Row: Sendable {
        let title: String
        let subtitle: String
        let bars: [Bar]
        let marks: [Mark]

        package init(title: String, subtitle: String, bars: [Bar], marks: [Mark] = []) {
            self.title = title
            self.subtitle = subtitle
            self.bars = bars
            self.marks = marks
        }
    }

    /// A line through all rows.
    package struct Cut: Sendable {
        let at: Double
        /// What was done, in a word or two.
        let label: String
        let says: String

        package init(at: Double, label: String, says: String) {
            self.at = at
            self.label = label
            self.says = says
        }
    }

    let title: String
    let rows: [Row]
    let windows: [Row]
    let cuts: [Cut]
    let now: Double
    let from: Double
    let to: Double
    /// A clock time as the axis shows it.
    let label: @Sendable (Double) -> String

    package init(
        title: String, rows: [Row], windows: [Row], cuts: [Cut], now: Double, from: Double, to: Double,
        label: @escaping @Sendable (Double) -> String
    ) {
        self.title = title
        self.rows = rows
        self.windows = windows
        self.cuts = cuts
        self.now = now
        self.from = from
        self.to = max(to, from + 1)
        self.label = label
    }

    // MARK: Drawing

    private static let width = 960.0
    private static let left = 230.0
    private static let right = 20.0
    private static let top = 58.0
    private static let step = 40.0
    private static let labelWidth = 100.0

    private func x(_ time: Double) -> Double {
        let part = min(max((time - from) / (to - from), 0), 1)
        return Self.left + part * (Self.width - Self.left - Self.right)
    }

    package var svg: String {
        let all = rows + windows
        let height = Self.top + Double(max(all.count, 1)) * Self.step + 46
        let foot = height - 40
        var out = element("rect", ["class": "paper", "width": "100%", "height": "100%", "fill": "#ffffff"])
        if all.contains(where: { $0.bars.contains { $0.look == .mixed } }) { out += Self.stripes }
        out += text(title, x: 16, y: 24, class: "ink", weight: true)
        for tick in ticks {
            out += line("grid", at: tick, from: Self.top - 8, to: foot, ["stroke": "#d8dde2"])
            out += text(label(tick), x: x(tick), y: foot + 16, class: "faint", anchor: "middle", size: 11)
        }
        if all.isEmpty { out += text("Nothing has happened yet.", x: 16, y: Self.top + 18, class: "faint") }
        for (index, row) in all.enumerated() { out += draw(row, at: Self.top + Double(index) * Self.step) }
        for cut in cuts {
            out += part(
                line("cut", at: cut.at, from: Self.top - 12, to: foot, ["stroke": "#b3261e", "stroke-width": "2"]), says: cut.says)
        }
        // Where two would stand in each other's way the later is said by its line alone.
        var last = -Double.infinity
        for cut in cuts.sorted(by: { $0.at < $1.at }) {
            let x = x(cut.at)
            guard abs(x - self.x(now)) > Self.labelWidth / 2, x - last > Self.labelWidth else {
                continue
            }
            out += text(cut.label, x: x, y: Self.top - 18, class: "faint", anchor: "middle", size: 11)
            last = x
        }
        out += line("now", at: now, from: Self.top - 12, to: foot, ["stroke": "#1b1f24", "stroke-dasharray": "3 3"])
        out += text("now", x: x(now), y: Self.top - 18, class: "ink", anchor: "middle", size: 11)
        return element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "class": "timeline", "role": "group", "aria-label": title,
                "viewBox": "0 0 \(number(Self.width)) \(number(height))", "font-family": "system-ui, sans-serif",
                "font-size": "13", "data-from": String(from), "data-to": String(to), "data-now": String(now),
                "data-left": number(Self.left), "data-right": number(Self.right),
            ], out) + "\n"
    }

    /// What fills a bar that is neither alive nor dead: told apart without colour too.
    private static let stripes =
        ##"<defs><pattern id="lapse-mixed" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">"##
        + ##"<rect class="paper" width="9" height="9" fill="#ffffff"/><rect class="stripe" width="4.5" height="9" fill="#0b5c56"/>"##
        + "</pattern></defs>"

    private func draw(_ row: Row, at y: Double) -> String {
        var out = text(row.title, x: 16, y: y + 15, class: "ink", longest: 30)
        out += text(row.subtitle, x: 16, y: y + 30, class: "faint", size: 11, longest: 36)
        for bar in row.bars where bar.to >= from && bar.from <= to {
            let (start, end) = (x(bar.from), max(x(bar.to), x(bar.from) + 2))
            // The pale ones have an edge, for eyes that do not tell them from the paper.
            let (top, thick, color, edge) =
                switch bar.look {
                case .alive: (y + 6, 14.0, "#0b5c56", "none")
                case .mixed: (y + 6, 14.0, "url(#lapse-mixed)", "#0b5c56")
                case .dead: (y + 6, 14.0, "#b9c0c7", "#6b7280")
                case .token: (y + 23, 6.0, "#a86f0c", "none")
                case .waiting: (y + 6, 18.0, "#f0b4ae", "#a3564e")
                }
            let shape = element(
                "rect",
                [
                    "class": bar.look.rawValue, "x": number(start), "y": number(top), "width": number(end - start),
                    "height": number(thick), "rx": "3", "fill": color, "stroke": edge,
                ])
            out += part(shape, says: bar.says)
        }
        for mark in row.marks where (from...to).contains(mark.at) {
            let (x, y) = (x(mark.at), y + 13)
            let shape =
                mark.isRefusal
                ? element("circle", ["class": "behind", "cx": number(x), "cy": number(y), "r": "8", "fill": "#ffffff"])
                    + element(
                        "path",
                        [
                            "class": "refusal", "d": "M\(number(x - 5)) \(number(y - 5))l10 10m0 -10l-10 10", "stroke": "#b3261e",
                            "stroke-width": "3", "fill": "none",
                        ])
                : element(
                    "circle",
                    [
                        "class": "mark", "cx": number(x), "cy": number(y), "r": "4", "fill": "#ffffff", "stroke": "#0b5c56",
                        "stroke-width": "2",
                    ])
            out += part(shape, says: mark.says)
        }
        return out
    }

    private func line(
        _ name: String, at time: Double, from top: Double, to bottom: Double, _ looks: KeyValuePairs<String, String>
    ) -> String {
        let x = number(x(time))
        let place: KeyValuePairs = ["class": name, "x1": x, "x2": x, "y1": number(top), "y2": number(bottom)]
        return element("line", Array(place) + Array(looks))
    }

    /// A part that explains itself.
    private func part(_ shape: String, says: String) -> String {
        element(
            "g", ["class": "part", "role": "img", "tabindex": "0", "aria-label": says],
            element("title", [], Self.escaped(says)) + shape)
    }

    private func text(
        _ text: String, x: Double, y: Double, class name: String, anchor: String = "start", size: Int? = nil, weight: Bool = false,
        longest: Int = 90
    ) -> String {
        let shown = text.count > longest ? text.prefix(longest - 1) + "…" : text
        var attributes: [(key: String, value: String)] = [
            ("class", name), ("x", number(x)), ("y", number(y)), ("fill", name == "ink" ? "#1b1f24" : "#505963"),
            ("text-anchor", anchor),
        ]
        if let size { attributes.append(("font-size", String(size))) }
        if weight { attributes.append(("font-weight", "700")) }
        return element("text", attributes, Self.escaped(shown))
    }

    private func element(_ name: String, _ attributes: KeyValuePairs<String, String>, _ content: String = "") -> String {
        element(name, Array(attributes), content)
    }

    /// - Parameter content: elements and escaped text.
    private func element(_ name: String, _ attributes: [(key: String, value: String)], _ content: String = "") -> String {
        let given = attributes.map { " \($0.key)=\"\(Self.escaped($0.value))\"" }.joined()
        return content.isEmpty ? "<\(name)\(given)/>" : "<\(name)\(given)>\(content)</\(name)>"
    }

    /// Round instants, five to ten of them.
    private var ticks: [Double] {
        let steps: [Double] = [
            1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
            2_592_000,
            7_776_000, 31_536_000,
        ]
        let step = steps.first { (to - from) / $0 <= 8 } ?? (to - from) / 8
        return Array(stride(from: (from / step).rounded(.up) * step, through: to, by: step))
    }

    private func number(_ value: Double) -> String {
        let tenths = (value * 10).rounded() / 10
        return tenths == tenths.rounded() ? String(Int64(tenths)) : String(tenths)
    }

    private static func escaped(_ text: some StringProtocol) -> String {
        var out = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            // What XML may not hold.
            case "\u{0}"..."\u{8}", "\u{B}"..."\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}"..."\u{FFFF}": out += "\u{FFFD}"
            default: out.unicodeScalars.append(character)
            }
        }
        return out
    }
}
