import Foundation
import LapseInstance
import LapseRules
import LapseService
import Synchronization

/// What has reached a Lapse so far, as its own request log tells it, and the device codes that wait for somebody.
final class Arrivals: Sendable {
    /// A request to the authority or to Graph.
    private struct Arrival {
        /// Which tenant its address names; empty at Graph.
        let tenant: String
        let user: String
        let what: String
    }

    private struct State {
        var arrivals: [Arrival] = []
        var codes: [IssuedDeviceCode] = []
        var waiting: [AsyncStream<IssuedDeviceCode>.Continuation] = []
    }

    private let state = Mutex(State())
    /// More than these are not told apart.
    private static let most = 100_000

    /// The log that a Lapse is given: requests are counted, and what goes wrong is said as ever.
    var log: Instance.LogOutput {
        Instance.LogOutput(isTerminal: false, isColoured: false) { [self] lines in
            for line in lines.split(separator: "\n") { take(String(line)) }
        }
    }

    private func take(_ line: String) {
        guard let entry = JSON(parsing: Array(line.utf8)), let path = entry["path"]?.text else {
            StandardStream.error.say(line)
            return
        }
        let parts = path.split(separator: "/").map { $0.lowercased() }
        guard let what = Self.what(parts) else { return }
        let arrival = Arrival(tenant: parts[0], user: entry.shown("user").lowercased(), what: what)
        state.withLock { if $0.arrivals.count < Self.most { $0.arrivals.append(arrival) } }
    }

    /// - Returns: nil for what is not of an app's signing in or calling.
    private static func what(_ parts: [String]) -> String? {
        guard let first = parts.first, let last = parts.last else { return nil }
        switch (first, last) {
        case ("v1.0", _), ("beta", _): return "Graph"
        case ("_lapse", _): return parts.dropFirst().first == "resource" ? "the lab's API" : nil
        case (_, "openid-configuration"), (_, "keys"), ("common", "instance"): return "metadata"
        case (_, "authorize"), (_, "token"), (_, "devicecode"), (_, "logout"), (_, "userinfo"): return last
        case (_, "devicelogin"), (_, "deviceauth"): return "devicelogin"
        default: return parts.contains("userrealm") ? "metadata" : nil
        }
    }

    func take(_ code: IssuedDeviceCode) {
        let waiting = state.withLock { state in
            state.codes.append(code)
            return state.waiting
        }
        for each in waiting { each.yield(code) }
    }

    /// The device codes from the first on, as they are issued.
    func deviceCodes() -> AsyncStream<IssuedDeviceCode> {
        let (stream, continuation) = AsyncStream<IssuedDeviceCode>.makeStream()
        let known = state.withLock { state in
            state.waiting.append(continuation)
            return state.codes
        }
        for code in known { continuation.yield(code) }
        return stream
    }

    /// The text of the last code that was issued to an app of the tenant.
    func lastDeviceCode(in tenant: String) -> String? {
        state.withLock { $0.codes.last { $0.tenant == nil || $0.tenant?.description == tenant }?.userCode }
    }

    /// How many requests have reached the tenant, by what they asked for; in the order of their first.
    ///
    /// - Parameter names: the tenant's id and domains.
    func counts(of names: [String]) -> [(what: String, count: Int)] {
        let names = names.map { $0.lowercased() }
        let whats = state.withLock { state in
            state.arrivals.filter { arrival in
                names.contains(arrival.tenant) || names.contains { arrival.user.hasSuffix("@\($0)") }
                    // Nobody knows whose these are.
                    || ["common", "organizations", "consumers"].contains(arrival.tenant)
            }.map(\.what)
        }
        var counts: [(what: String, count: Int)] = []
        for what in whats {
            if let index = counts.firstIndex(where: { $0.what == what }) {
                counts[index].count += 1
            } else {
                counts.append((what, 1))
            }
        }
        return counts
    }

    /// The same in words.
    func words(of names: [String]) -> String {
        let counts = counts(of: names).map { "\($0.count) × \($0.what)" }
        return counts.isEmpty ? "nothing has reached Lapse" : counts.joined(separator: ", ")
    }
}
