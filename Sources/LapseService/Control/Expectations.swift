import LapseRules
import LapseStore

// The control API's calls on expectations.
extension Authority {
    /// In the order in which they were made.
    ///
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func listExpectations(in name: String) throws -> ControlPage<JudgedExpectation> {
        ControlPage(whole: try report(in: name).expectations)
    }

    /// - Parameters:
    ///   - userName: the user that the expectation names, by id or user principal name; nil: none.
    ///   - read: reads the expectation, once the tenant has room for it and that user was looked for; `user` is nil when there is none.
    /// - Throws: ``ControlError``: for a tenant that is not there, what `read` complains of; a conflict when the tenant has
    ///   ``Expectation/most`` already.
    package func createExpectation(
        naming userName: String?, in name: String,
        _ read: (_ id: GUID, _ ordinal: Int64, _ user: GUID?) throws(FieldError) -> Expectation
    ) throws -> JudgedExpectation {
        let id = random.guid()
        try changing(name) { op in
            guard try op.tx.expectations(of: op.tenant.id).count < Expectation.most else {
                throw ControlError.conflict(FieldError("", "The tenant has \(Expectation.most) expectations; remove some first."))
            }
            let user = try userName.flatMap { try op.tx.user($0, in: op.tenant.id)?.id }
            let ordinal = try op.tx.nextExpectationOrdinal(in: op.tenant.id)
            let expectation = try ControlError.reading { () throws(FieldError) in try read(id, ordinal, user) }
            try op.tx.insert(expectation, in: op.tenant.id)
        }
        // Judged at once: what the log holds already counts too, and may have passed or failed it.
        return try expectation(id.description, in: name)
    }

    /// - Throws: ``ControlError`` for a tenant or expectation that is not there.
    package func expectation(_ id: String, in name: String) throws -> JudgedExpectation {
        guard let found = try report(in: name).expectations.first(where: { $0.expectation.id.description == id.lowercased() })
        else { throw Self.noExpectation(id) }
        return found
    }

    /// ``expectation(_:in:)`` as soon as it passed or failed, or after that time of the machine.
    package func expectation(_ id: String, in name: String, waiting time: Duration) async throws -> JudgedExpectation {
        let tenant = try tenantID(named: name)
        // The whole log is judged each time, therefore the pause; and no commit says that a limit has run out, therefore the recheck.
        return try await store.commits.until(.now + time, of: tenant, pause: .milliseconds(200)) {
            let judged = try expectation(id, in: name)
            return judged.status == .pending ? .waiting(judged, recheck: .seconds(1)) : .done(judged)
        }
    }

    /// - Throws: ``ControlError`` for a tenant or expectation that is not there.
    package func deleteExpectation(_ id: String, in name: String) throws {
        try changing(name) { op in
            guard let known = GUID(id), try op.tx.delete(expectation: known, of: op.tenant.id) else {
                throw Self.noExpectation(id)
            }
        }
    }

    private static func noExpectation(_ id: String) -> ControlError { .notFound("There is no expectation '\(id.prefix(100))'.") }
}
