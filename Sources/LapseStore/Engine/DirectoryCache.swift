import LapseRules
import Synchronization

/// What every request asks and seldom changes, as the writer has read it from the database.
///
/// Only the writer uses it, so that it is never ahead of or behind a transaction. A write to the directory and an undone
/// transaction empty it; a revocation or state change drops its account's history.
final class DirectoryCache: Sendable {
    struct Entries {
        var tenants: [GUID: Tenant?] = [:]
        var users: [GUID: User?] = [:]
        var apps: [AppKey: AppRegistration?] = [:]
        var principals: [AppKey: ServicePrincipal?] = [:]
        var resources: [GUID: [ResourceAPI]] = [:]
        var faults: [GUID: [Fault]] = [:]
        /// Grants never change.
        var grants: [GUID: Grant?] = [:]
        /// All that speaks against an account, in order.
        var histories: [User.Home: AccountHistory] = [:]
    }

    struct AppKey: Hashable {
        let tenant: GUID?
        let client: ClientID
    }

    /// Beyond this many entries of a kind all are dropped: ids that requests make up must not fill the memory.
    private static let most = 4096

    private let entries = Mutex(Entries())

    func clear() { entries.withLock { $0 = Entries() } }

    func forget(faultsOf tenant: GUID) { entries.withLock { $0.faults[tenant] = nil } }

    func forget(grant id: GUID) { entries.withLock { $0.grants[id] = nil } }

    func forget(_ home: User.Home) { entries.withLock { $0.histories[home] = nil } }

    func value<Key: Hashable, Value: Sendable>(
        _ key: Key, in field: WritableKeyPath<Entries, [Key: Value]>, load: () throws -> Value
    ) rethrows -> Value {
        if let value = entries.withLock({ $0[keyPath: field][key] }) { return value }
        let value = try load()
        entries.withLock {
            if $0[keyPath: field].count >= Self.most { $0[keyPath: field] = [:] }
            $0[keyPath: field][key] = value
        }
        return value
    }
}
