import LapseRules
import Synchronization

/// What every request asks and seldom changes, as it was read from the database.
///
/// The writer has one, which no reader uses, so that it is never ahead of or behind a transaction. A write to the directory empties
/// what it has of that, an undone transaction empties it. A revocation or state change is added to its account's history.
final class DirectoryCache: Sendable {
    struct Entries {
        var tenants: [GUID: Tenant?] = [:]
        /// The ids of tenants by their domains.
        var domains: [String: GUID?] = [:]
        var users: [GUID: User?] = [:]
        /// Those who are not deleted.
        var presentUsers: [GUID: User?] = [:]
        var apps: [AppKey: AppRegistration?] = [:]
        var principals: [AppKey: ServicePrincipal?] = [:]
        var resources: [GUID: [ResourceAPI]] = [:]
        var faults: [GUID: [Fault]] = [:]
        /// Grants never change.
        var grants: [GUID: NumberedGrant?] = [:]
        /// Nil: the grant has no refresh token.
        var lastTokens: [GUID: LastToken?] = [:]
        var histories: [User.Home: KnownHistory] = [:]
    }

    struct NumberedGrant {
        let grant: Grant
        let number: Int64
        /// The number of its tenant.
        let tenant: Int64
        /// Refresh tokens that were issued by then may be pruned; nil: none is.
        let prunedThrough: Timestamp?
    }

    /// What the refresh token that was issued last says of all of its grant.
    struct LastToken {
        /// How many there were.
        let ordinal: Int64
        let issuedAt: Timestamp
        /// When the last of them ends.
        let lastEnd: Timestamp
    }

    /// What speaks against sign-ins of an account, as far back as somebody asked.
    struct KnownHistory {
        /// Revocations from this instant on.
        let since: Timestamp
        var history: AccountHistory
    }

    struct AppKey: Hashable {
        let tenant: GUID?
        let client: ClientID
    }

    /// Beyond this many entries of a kind all are dropped: ids that requests make up must not fill the memory.
    private static let most = 4096

    private let entries = Mutex(Entries())

    func clear() { entries.withLock { $0 = Entries() } }

    /// Drops what a write to tenants, users or apps may have changed.
    func clearDirectory() {
        entries.withLock { entries in
            var kept = Entries()
            swap(&kept.grants, &entries.grants)
            swap(&kept.lastTokens, &entries.lastTokens)
            swap(&kept.histories, &entries.histories)
            entries = kept
        }
    }

    func forget(faultsOf tenant: GUID) { entries.withLock { $0.faults[tenant] = nil } }

    func forget(grant id: GUID) { entries.withLock { $0.grants[id] = nil } }

    func forgetLastTokens() { entries.withLock { $0.lastTokens = [:] } }

    func forget(_ home: User.Home) { entries.withLock { $0.histories[home] = nil } }

    /// Adds what just happened to the history of its account, if that is known.
    func add(_ revocation: Revocation) {
        // One from before what is known, on a clock that was set back, may be there too: an answer leaves out what is earlier than asked.
        entries.withLock { $0.histories[revocation.user]?.history.add(revocation) }
    }

    func add(_ change: StateChange) { entries.withLock { $0.histories[change.user]?.history.add(change) } }

    /// The revocations of an account that are not before the instant, and all its state changes.
    func history(
        of home: User.Home, since instant: Timestamp, load: (_ since: Timestamp) throws -> AccountHistory
    ) rethrows -> AccountHistory {
        let known = entries.withLock { $0.histories[home] }
        if let known, known.since <= instant { return known.history.since(instant) }
        // Whoever asks for more than is known goes through the sign-ins of the account, mostly the newest first: all is loaded then.
        let since = known == nil ? instant : .epoch
        let history = try load(since)
        keep(KnownHistory(since: since, history: history), as: home, in: \.histories)
        return history.since(instant)
    }

    func value<Key: Hashable, Value: Sendable>(
        _ key: Key, in field: WritableKeyPath<Entries, [Key: Value]>, load: () throws -> Value
    ) rethrows -> Value {
        if let value = entries.withLock({ $0[keyPath: field][key] }) { return value }
        let value = try load()
        keep(value, as: key, in: field)
        return value
    }

    func keep<Key: Hashable, Value: Sendable>(
        _ value: Value, as key: Key, in field: WritableKeyPath<Entries, [Key: Value]>
    ) {
        entries.withLock {
            if $0[keyPath: field].count >= Self.most { $0[keyPath: field] = [:] }
            $0[keyPath: field][key] = value
        }
    }
}
