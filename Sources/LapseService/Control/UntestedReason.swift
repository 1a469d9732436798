import LapseRules
import LapseStore

extension Authority {
    /// How much of the log is read: what an app does first says why it met nothing.
    private static let read = (events: 2_000, looked: Int64(20_000))

    /// Why an app of the tenant met nothing.
    ///
    /// - Parameter requests: how many have reached the authority or Graph.
    /// - Parameter wantsVisits: whether it was waited for what the app answers others.
    /// - Returns: nil when the log shows no reason.
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func untestedReason(in name: String, requests: Int, wantsVisits: Bool = false) throws -> UntestedReason? {
        let events = try looking(at: name) { op in
            try op.tx.newestEvents(in: op.tenant.id, limit: Self.read.events, looked: Self.read.looked)
        }
        return UntestedReason(events: events, requests: requests, wantsVisits: wantsVisits)
    }
}
