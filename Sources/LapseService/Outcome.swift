import LapseRules
import LapseStore

/// What came of an operation, committed: a "no" is an outcome as a "yes" is.
package struct Outcome<Value, Failure: Error> {
    package let result: Result<Value, Refused<Failure>>
    package let routed: Routed

    /// Runs an operation in a transaction. It may return its "no" or throw it; what else it throws undoes the transaction.
    init(
        _ authority: Authority, _ tx: StoreTransaction, _ trace: RequestTrace,
        _ operation: (inout Operation) throws -> Result<Value, Failure>
    ) throws {
        var op = Operation(authority, tx, trace: trace)
        let first = tx.nextEventID()
        do {
            result = try operation(&op).mapError(op.refused)
        } catch let error as Failure {
            result = .failure(op.refused(error))
        }
        let next = tx.nextEventID()
        routed = Routed(region: op.region, cloud: op.tenant.cloud, event: next > first ? next - 1 : nil)
        if let note = trace.note {
            note.put(tenant: op.tenant.isNone ? nil : op.tenant.id, routed.event == nil ? nil : tx.lastAppended)
        }
    }

    private init(_ result: Result<Value, Refused<Failure>>, _ routed: Routed) { (self.result, self.routed) = (result, routed) }

    /// The outcome with what a "yes" leads to after the commit.
    package func map<Next>(_ next: (Value) throws -> Next) rethrows -> Outcome<Next, Failure> {
        switch result {
        case .success(let value): .init(.success(try next(value)), routed)
        case .failure(let refused): .init(.failure(refused), routed)
        }
    }

    /// The same for what may come to a "no" itself.
    func flatMap<Next>(_ next: (Value) throws -> Result<Next, Refused<Failure>>) rethrows -> Outcome<Next, Failure> {
        switch result {
        case .success(let value): .init(try next(value), routed)
        case .failure(let refused): .init(.failure(refused), routed)
        }
    }

    /// The same for what takes time.
    package func map<Next>(_ next: (Value) async throws -> Next) async rethrows -> Outcome<Next, Failure> {
        switch result {
        case .success(let value): .init(.success(try await next(value)), routed)
        case .failure(let refused): .init(.failure(refused), routed)
        }
    }
}

extension Outcome: Sendable where Value: Sendable {}

/// A refusal as it stands after its operation was committed.
package struct Refused<Failure: Error>: Error {
    package let error: Failure
    /// The instant on the tenant's clock, for the error's timestamp.
    package let now: Timestamp
    /// How the tenant wants the authority's errors written.
    package let style: ErrorStyle
}

/// What the headers of an answer tell about its request.
package struct Routed: Sendable {
    package let region: Region
    /// The cloud that its tenant says it is in.
    package let cloud: Cloud
    /// The event it wrote, the last of several; nil when it wrote none.
    package let event: Int64?
}

/// A refusal of the control API.
package enum ControlError: Error, Sendable {
    case notFound(String)
    case conflict(FieldError)
    case invalid(FieldError)
}
