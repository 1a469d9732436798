import Foundation
import LapseRules

/// The cookies of one server by name, kept in a file between visits where one is named.
///
/// It is written here, because async-http-client keeps no cookies and Foundation's storage belongs to its own client. Who visits one
/// server alone needs no domains, paths and dates: a cookie that the server takes away comes with an empty value.
struct CookieJar {
    private let file: String?
    private var cookies: [String: String] = [:]

    init(file: String? = nil) {
        self.file = file
        guard let file, let data = FileManager.default.contents(atPath: file), case .object(let kept)? = JSON(parsing: Array(data))
        else { return }
        for member in kept { cookies[member.name] = member.value.text }
    }

    /// The header that brings them back; none while there are none.
    var headers: [(String, String)] {
        cookies.isEmpty ? [] : [("Cookie", cookies.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: "; "))]
    }

    mutating func take(_ answer: Answer) {
        for cookie in answer.cookies {
            let parts = cookie.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
            cookies[String(parts[0])] = parts.count == 2 ? String(parts[1]) : nil
        }
    }

    func keep() {
        guard let file else { return }
        let kept = JSON.object(cookies.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) })
        try? write(kept.encodedText, to: file, asked: "--cookies")
    }
}
