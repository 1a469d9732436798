import Foundation
import LapseClient
import LapseInstance
import LapseRules

/// The cookies of a person without a screen, each for its host (RFC 6265), kept in a file between visits where one is named.
///
/// It is written here, because Foundation's storage belongs to Foundation's own client. Dates are left out, for a visit is short: a cookie
/// whose end has passed goes at once, any other stays.
struct CookieJar {
    struct Cookie: Equatable {
        let name: String
        var value: String
        let host: String
        /// Whether hosts below that one get it, too.
        let isForDomain: Bool
        let path: String
        var isSecure: Bool
    }

    private let file: String?
    private(set) var cookies: [Cookie] = []
    /// A host may not fill the machine's memory.
    private static let most = 500

    /// - Parameter file: one that cannot be read as cookies is as good as none.
    init(file: String? = nil) {
        self.file = file
        guard let file, let data = FileManager.default.contents(atPath: file) else { return }
        cookies = (JSON(parsing: Array(data))?.elements ?? []).compactMap(Cookie.init)
    }

    /// The header that brings back what belongs to this address; none while there is nothing.
    func headers(to url: URL) -> [(String, String)] {
        // The longer path first (section 5.4).
        let fitting = cookies.filter { $0.fits(url) }.sorted { ($1.path.count, $0.name) < ($0.path.count, $1.name) }
        return fitting.isEmpty ? [] : [("Cookie", fitting.map { "\($0.name)=\($0.value)" }.joined(separator: "; "))]
    }

    mutating func take(_ answer: Answer, from url: URL) {
        for line in answer.cookies {
            guard let (cookie, isOver) = Cookie.read(line, from: url) else { continue }
            cookies.removeAll { $0.name == cookie.name && $0.host == cookie.host && $0.path == cookie.path }
            if !isOver { cookies.append(cookie) }
        }
        if cookies.count > Self.most { cookies.removeFirst(cookies.count - Self.most) }
    }

    /// Writes them to their file. When that fails it is said: what the visit came to does not change by it.
    func keep() {
        guard let file else { return }
        do { try write(JSON.array(cookies.map(\.json)).encodedText, to: file, asked: "--cookies", isSecret: true) } catch {
            StandardStream.complain("the cookies were not kept: \(error)")
        }
    }
}

extension CookieJar.Cookie {
    /// Section 5.2 and 5.3.
    ///
    /// - Returns: nil for what a browser would not keep.
    fileprivate static func read(_ line: String, from url: URL) -> (cookie: Self, isOver: Bool)? {
        let parts = line.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
        guard let host = url.host?.lowercased(), let pair = parts.first, let sign = pair.firstIndex(of: "="), sign > pair.startIndex
        else { return nil }
        var attributes: [String: String] = [:]
        for part in parts.dropFirst() {
            let halves = part.split(separator: "=", maxSplits: 1)
            if let name = halves.first { attributes[name.lowercased()] = halves.count == 2 ? String(halves[1]) : "" }
        }
        let domain = attributes["domain"].map { ($0.hasPrefix(".") ? String($0.dropFirst()) : $0).lowercased() } ?? ""
        // A name without a dot is nobody's to share.
        let isForDomain = !domain.isEmpty && domain.contains(".") && (host == domain || host.hasSuffix("." + domain))
        guard domain.isEmpty || domain == host || isForDomain else { return nil }
        let folder = url.path.lastIndex(of: "/").map { String(url.path[..<$0]) } ?? ""
        let path = attributes["path"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? (folder.isEmpty ? "/" : folder)
        let cookie = Self(
            name: String(pair[..<sign]), value: String(pair[pair.index(after: sign)...]), host: isForDomain ? domain : host,
            isForDomain: isForDomain, path: path, isSecure: attributes["secure"] != nil)
        return (cookie, isOver(attributes))
    }

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    private static func isOver(_ attributes: [String: String]) -> Bool {
        if let age = attributes["max-age"] { return Int(age).map { $0 <= 0 } ?? false }
        // A server takes a cookie away with a date of the past.
        return attributes["expires"].flatMap(date).map { $0 <= Machine.now() } ?? false
    }

    /// Section 5.1.1, in the forms that servers send: `Thu, 01 Jan 1970 00:00:00 GMT`, also with hyphens or a year of two digits.
    private static func date(_ text: String) -> Timestamp? {
        let form = /(\d{1,2})[ -]([A-Za-z]{3})[a-z]*[ -](\d{4}|\d{2}) (\d{1,2}):(\d{2}):(\d{2})/
        guard let match = text.firstMatch(of: form), var year = Int(match.3),
            let month = months.firstIndex(of: match.2.lowercased())
        else { return nil }
        if match.3.count == 2 { year += year < 70 ? 2000 : 1900 }
        // Some take a cookie away with the last second before the epoch.
        guard year >= 1970 else { return Timestamp(secondsSinceEpoch: 0) }
        func padded(_ part: some StringProtocol) -> String { part.count == 1 ? "0\(part)" : String(part) }
        return Timestamp("\(year)-\(padded(String(month + 1)))-\(padded(match.1))T\(padded(match.4)):\(match.5):\(match.6)Z")
    }

    /// Section 5.4. A browser takes this machine for safe, whatever the scheme.
    fileprivate func fits(_ url: URL) -> Bool {
        guard let host = url.host?.lowercased(), host == self.host || (isForDomain && host.hasSuffix("." + self.host)) else {
            return false
        }
        let isLocal = host == "localhost" || host.hasSuffix(".localhost") || host == "127.0.0.1"
        guard !isSecure || url.scheme?.lowercased() == "https" || isLocal else { return false }
        let asked = url.path.isEmpty ? "/" : url.path
        return asked == path || asked.hasPrefix(path.hasSuffix("/") ? path : path + "/")
    }

    fileprivate init?(_ value: JSON) {
        guard let name = value["name"]?.text, let content = value["value"]?.text, let host = value["host"]?.text,
            let path = value["path"]?.text
        else { return nil }
        self.init(
            name: name, value: content, host: host, isForDomain: value["domain"]?.isTrue ?? false, path: path,
            isSecure: value["secure"]?.isTrue ?? false)
    }

    fileprivate var json: JSON {
        [
            "name": .string(name), "value": .string(value), "host": .string(host), "domain": .bool(isForDomain),
            "path": .string(path), "secure": .bool(isSecure),
        ]
    }
}
