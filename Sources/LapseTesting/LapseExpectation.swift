internal import LapseRules
public import Testing

extension LapseTenant {
    /// What an app meets before something is expected of it.
    public enum Occasion: String, CaseIterable, Sendable {
        /// Any refusal or challenge that a revocation is behind.
        case revoke
        case refusal, challenge, silentRefusal, outage
    }

    /// Begins to say what is expected of an app: `try await tenant.expect("native").reauthorizes(within: .seconds(5))`.
    ///
    /// - Parameters:
    ///   - occasion: after what.
    ///   - user: only with this user; nil: with each.
    public func expect(_ client: String = "native", after occasion: Occasion = .revoke, user: String? = nil) -> Expectation {
        Expectation(tenant: self, client: client, occasion: occasion, user: user)
    }

    /// What is expected of an app. The times are this machine's, and not the tenant's clock's.
    public struct Expectation: Sendable {
        fileprivate let tenant: LapseTenant
        fileprivate let client: String
        fileprivate let occasion: Occasion
        fileprivate let user: String?

        /// Waits until the app has asked its user to sign in again, or the time is over. What it met and did before counts, too.
        ///
        /// - Parameters:
        ///   - time: from when the app met the occasion until it asks; as long is waited for both.
        ///   - retries: how often at most it may send the same request again meanwhile; nil: as often as it likes.
        /// - Returns: the expectation as Lapse judged it, with its `outcomes`.
        /// - Throws: Swift Testing's error, after an issue at the caller's line that says what the app did; outside of a test of Swift
        ///   Testing ``LapseError``, which says it.
        @discardableResult
        public func reauthorizes(
            within time: Duration, retriesAtMost retries: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws -> LapseJSON {
            try await judged(
                "to re-authorize within \(time.tenths)", within: time,
                ["reauthorizesWithin": .string(time.iso8601), "retriesAtMost": retries.map { .integer(Int64($0)) }], sourceLocation)
        }

        /// Waits until the app has good tokens again, or the time is over; the rest as in
        /// ``reauthorizes(within:retriesAtMost:sourceLocation:)``.
        @discardableResult
        public func recovers(within time: Duration, sourceLocation: SourceLocation = #_sourceLocation) async throws -> LapseJSON {
            try await judged(
                "to recover within \(time.tenths)", within: time, ["recoversWithin": .string(time.iso8601)], sourceLocation)
        }

        private func judged(
            _ wish: String, within time: Duration, _ limits: KeyValuePairs<String, JSON?>, _ sourceLocation: SourceLocation
        ) async throws -> LapseJSON {
            let body = JSON.object([
                "after": .string(occasion.rawValue), "client": .string(tenant.client(client)),
                "user": user.map { .string(tenant.user($0)) },
            ]).adding(limits)
            let made = LapseJSON(try await tenant.send("POST", "expectations", body))
            let path = tenant.path("expectations/\(made["id"].string ?? "")")
            let judged: Result<LapseJSON, any Error>
            do { judged = .success(try await wait(for: made, at: path, time)) } catch { judged = .failure(error) }
            // Also in a task that was cancelled: a tenant has room for a hundred.
            _ = try? await Task { [tenant] in try await tenant.lapse.control.send("DELETE", path) }.value
            let answer = try judged.get()
            let (status, words) = (answer["status"].string, sentence(wish, answer))
            // Elsewhere nobody would read the issue.
            if Test.current == nil, status != "passed" { throw LapseError(words) }
            try #require(status == "passed", Comment(rawValue: words), sourceLocation: sourceLocation)
            return answer
        }

        /// - Returns: the expectation as soon as it passed or failed, or pending when the time is over.
        private func wait(for made: LapseJSON, at path: String, _ time: Duration) async throws -> LapseJSON {
            // A little more, so that what ends at the very limit is judged.
            let end = ContinuousClock.now + time + .seconds(1)
            var judged = made
            while judged["status"].string == "pending", ContinuousClock.now < end {
                let rest = min(end - ContinuousClock.now, .seconds(30))
                judged = LapseJSON(try await tenant.lapse.control.send("GET", path, waiting: max(rest, .zero)))
            }
            return judged
        }

        private func sentence(_ wish: String, _ judged: LapseJSON) -> String {
            let whole = "\(tenant.name(of: tenant.client(client))) was expected \(wish) after \(occasion.words)"
            let outcomes = judged["outcomes"].items
            guard !outcomes.isEmpty else { return "\(whole), and met nothing of the kind" }
            return whole
                + outcomes.prefix(10).map { outcome in
                    let events = outcome["events"].items.compactMap(\.int).prefix(20).map { "#\($0)" }.joined(separator: " ")
                    return "\n\(outcome["status"].string ?? ""): \(outcome["says"].string ?? "") (events \(events))"
                }.joined()
        }
    }
}

extension LapseTenant.Occasion {
    fileprivate var words: String {
        switch self {
        case .revoke: "a revoke"
        case .refusal: "a refusal"
        case .challenge: "a challenge"
        case .silentRefusal: "a silent refusal"
        case .outage: "an outage"
        }
    }
}
