import Synchronization

/// Lets operations that come together share one transaction, which databases call group commit: to begin and to commit costs as much
/// as a small operation itself.
final class SharedTransactions: Sendable {
    private struct Member: Sendable {
        /// Runs the operation; what it returns answers whoever waits, and is called after the commit.
        let run: @Sendable (StoreTransaction) throws -> @Sendable () -> Void
        let fail: @Sendable (any Error) -> Void
    }

    private struct State {
        var waiting: [Member] = []
        /// Whether a group is under way: one at a time, so that nobody keeps a core waiting for the writer.
        var isUnderWay = false
    }

    /// The most operations that share a transaction: other writers wait for all of them.
    private static let most = 64

    private let state = Mutex(State())

    /// Runs the operation with all others that come before its turn. Returns after the commit.
    ///
    /// - Parameter store: the same one each time.
    func write<Value: Sendable>(
        to store: Store, _ operation: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let member = Member(
                run: { tx in
                    let value = try operation(tx)
                    return { continuation.resume(returning: value) }
                },
                fail: { continuation.resume(throwing: $0) })
            let isFirst = state.withLock { state in
                state.waiting.append(member)
                defer { state.isUnderWay = true }
                return !state.isUnderWay
            }
            if isFirst { commitLater(to: store) }
        }
    }

    /// The turn comes behind everything that is ready to run now: under load that is what makes a group.
    private func commitLater(to store: Store) { Task { commit(to: store) } }

    private func takeWaiting() -> [Member] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    private func commit(to store: Store) {
        let members = state.withLock { state in
            let members = Array(state.waiting.prefix(Self.most))
            state.waiting.removeFirst(members.count)
            return members
        }
        do {
            let answers = try store.write(operations: members.count) { tx in try members.map { try $0.run(tx) } }
            for answer in answers { answer() }
        } catch let error as StoreUnavailable {
            // It is nobody's fault: alone, each would wait as long in vain, one after the other. Those that came meanwhile have waited too.
            let late = error == .busy ? takeWaiting() : []
            for member in members + late { member.fail(error) }
        } catch {
            // Undone for all: one after the other, so that what broke one breaks no other. Whose fault it was meets it again and is told.
            for member in members {
                do { try store.write(member.run)() } catch { member.fail(error) }
            }
        }
        let areMore = state.withLock { state in
            state.isUnderWay = !state.waiting.isEmpty
            return state.isUnderWay
        }
        if areMore { commitLater(to: store) }
    }
}
