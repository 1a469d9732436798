import LapseRules
import LapseStore

/// Deletes what the tenants' retention does not keep, and makes the database smaller where much of it holds nothing.
package actor Retaining {
    private let authority: Authority
    private let slices: Slices
    /// How far each tenant's refresh tokens have been gone through since the start.
    private var lastTokens: [GUID: PrunedToken] = [:]
    /// Of tenants that may have too many events.
    private var counts: [GUID: EventCount] = [:]
    /// The last event at the last pass, and when that was, on the machine's clock.
    private var seen: (event: Int64, at: Timestamp)?

    /// How often a pass looks for what has become too old while nothing happens.
    private static let quietPass = Duration.seconds(600)
    /// So much of the database may hold nothing: this many pages, or this part of all.
    private static let (spare, sparePart) = (1024, 8)
    /// From so many deleted rows on the log is cut.
    private static let much = 10_000

    /// How many events a tenant has, between these ids.
    private struct EventCount {
        var first: Int64
        var last: Int64
        var number: Int64
    }

    /// Where it reads: threads that may take long.
    private let readers: (any TaskExecutor)?

    /// - Parameter readers: nil: wherever it is called.
    package init(_ authority: Authority, readingOn readers: (any TaskExecutor)? = nil) {
        self.authority = authority
        self.readers = readers
        slices = Slices(authority.store, pause: 2)
    }

    /// Runs for as long as the task is not cancelled. A pass that fails is tried again with the next one: nothing is lost but time.
    ///
    /// - Parameter interval: how long it waits between two passes, by the machine's time.
    package func run(every interval: Duration) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            _ = try? await pass()
        }
    }

    /// Goes through all tenants once.
    ///
    /// - Returns: how many rows it has deleted.
    @discardableResult
    package func pass() async throws -> Int {
        let at = authority.systemTime()
        let last = try await reading { try $0.lastEventID() }
        if let seen, seen.event == last, at < seen.at + Self.quietPass, at >= seen.at { return 0 }
        var deleted = 0
        for tenant in try await reading({ try $0.tenants() }) {
            try Task.checkCancellation()
            deleted += try await keep(tenant, at: at)
        }
        if let age = Retention().tokenAge {
            // Codes without a tenant follow no tenant's policies.
            deleted += try await slices.run { try $0.pruneDeviceCodes(of: nil, endedBy: at, writtenBy: at - age, limit: $1) }
        }
        let isSmaller = try await shrink()
        if isSmaller || deleted >= Self.much { authority.store.cutLog() }
        seen = (last, at)
        return deleted
    }

    private func keep(_ tenant: Tenant, at: Timestamp) async throws -> Int {
        let (id, retention) = (tenant.id, tenant.policies.retention)
        let excess = try await excess(in: id, over: retention.eventRows)
        let (events, tokens) = (retention.eventAge.map { at - $0 }, retention.tokenAge.map { at - $0 })
        let (now, isDue) = try await reading { tx in
            let now = try tx.now(of: tenant, systemTime: at)
            return (
                now,
                try excess > 0
                    || tx.isRetentionDue(
                        in: id, now: now, eventsWrittenBy: events, tokensWrittenBy: tokens, after: lastToken(of: id, tx))
            )
        }
        guard isDue else { return 0 }
        var (deleted, left) = (0, excess)
        deleted += try await slices.run { tx, limit in
            let slice = try tx.deleteEvents(of: id, excess: left, writtenBy: events, limit: limit)
            left -= min(left, Int64(slice.rows))
            return slice
        }
        if counts[id] != nil, let first = try await reading({ try $0.firstEventID(of: id) }) {
            counts[id]?.number -= Int64(deleted)
            counts[id]?.first = first
        }
        guard let tokens else { return deleted }
        func inSlices(
            _ prune: (StoreTransaction, _ now: Timestamp, _ limit: Int) throws -> DeletedSlice
        ) async throws -> Int {
            try await slices.run { tx, limit in
                // Of now: the clock may have been set back meanwhile.
                guard let tenant = try tx.tenant(id) else { return DeletedSlice(rows: 0, isLast: true) }
                return try prune(tx, min(now, tx.now(of: tenant, systemTime: at)), limit)
            }
        }
        deleted += try await inSlices { tx, now, limit in
            let (slice, last) = try tx.pruneRefreshTokens(
                of: id, after: lastToken(of: id, tx), endedBy: now, writtenBy: tokens, limit: limit)
            lastTokens[id] = last
            return slice
        }
        deleted += try await inSlices { try $0.pruneCodes(of: id, endedBy: $1, writtenBy: tokens, limit: $2) }
        deleted += try await inSlices { try $0.pruneDeviceCodes(of: id, endedBy: $1, writtenBy: tokens, limit: $2) }
        return deleted
    }

    /// Where the tenant's tokens were left; nil at the beginning, also of a tenant that was reset since.
    private func lastToken(of tenant: GUID, _ tx: StoreTransaction) throws -> PrunedToken? {
        try tx.prunedThrough(of: tenant) == nil ? nil : lastTokens[tenant]
    }

    /// How many events the tenant has too many.
    private func excess(in tenant: GUID, over rows: Int64?) async throws -> Int64 {
        guard let rows else { return 0 }
        return try await reading { tx in
            let last = try tx.lastEventID()
            // Counting goes through the log; a log that is short enough needs none.
            guard let first = try tx.firstEventID(of: tenant), last - first >= rows else { return 0 }
            // A tenant that was reset begins anew.
            let known = counts[tenant].flatMap { $0.first == first ? $0 : nil }
            var count = known ?? EventCount(first: first, last: first - 1, number: 0)
            count.number += try tx.eventCount(of: tenant, after: count.last)
            count.last = last
            counts[tenant] = count
            return max(0, count.number - rows)
        }
    }

    /// - Returns: whether the database has become smaller. Its file does when the log is brought in.
    private func shrink() async throws -> Bool {
        var isSmaller = false
        _ = try await slices.run { tx, limit in
            let (all, free) = try tx.pages()
            let more = free - max(Self.spare, all / Self.sparePart)
            guard more > 0 else { return DeletedSlice(rows: 0, isLast: true) }
            try tx.release(pages: min(more, limit))
            // A database that gives none back is left as it is.
            let isReleased = try tx.pages().free < free
            isSmaller = isSmaller || isReleased
            return DeletedSlice(rows: 0, isLast: more <= limit || !isReleased)
        }
        return isSmaller
    }

    private func reading<Value>(_ queries: (StoreTransaction) throws -> Value) async throws -> Value {
        try await withTaskExecutorPreference(readers) { try authority.store.read(queries) }
    }
}
