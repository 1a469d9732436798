import LapseRules
import LapseStore

extension Authority {
    /// Puts down what a person saw of an app.
    ///
    /// - Throws: ``ControlError`` for a tenant or a user that is not there.
    package func showPage(_ visit: NewVisit, in name: String) throws -> LoggedEvent {
        try changing(name) { op in
            let user = try visit.user.map { try op.requireUserEvenDeleted($0).id }
            var event = op.event(.pageShown, user: user, client: visit.client)
            event.notes.page = visit.page
            return LoggedEvent(id: try op.tx.append(event), event: event, writtenAt: op.systemTime)
        }
    }
}
