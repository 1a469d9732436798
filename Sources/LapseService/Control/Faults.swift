import LapseRules
import LapseStore

// The control API's calls on faults.
extension Authority {
    /// In the order in which a request is asked about them.
    ///
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func listFaults(in name: String) throws -> ControlPage<Fault> {
        try looking(at: name) { op in ControlPage(whole: try op.tx.faults(of: op.tenant.id)) }
    }

    /// Makes a fault; it is asked after all that are there already.
    ///
    /// - Parameters:
    ///   - userName: the user that the fault names, by id or user principal name; nil: none.
    ///   - read: reads the fault, once the tenant has room for it and that user was looked for; `user` is nil when there is none.
    /// - Throws: ``ControlError``: for a tenant that is not there, what `read` complains of, for a `match.region` that the tenant does
    ///   not have; a conflict when the tenant has ``Fault/most`` already.
    package func createFault(
        naming userName: String?, in name: String,
        _ read: (_ id: GUID, _ ordinal: Int64, _ user: GUID?) throws(FieldError) -> Fault
    ) throws -> Fault {
        let id = random.guid()
        return try changing(name) { op in
            guard try op.tx.faults(of: op.tenant.id).count < Fault.most else {
                throw ControlError.conflict(FieldError("", "The tenant has \(Fault.most) faults; clear some first."))
            }
            let user = try userName.flatMap { try op.tx.user($0, in: op.tenant.id)?.id }
            let ordinal = try op.tx.nextFaultOrdinal(in: op.tenant.id)
            let fault = try ControlError.reading { () throws(FieldError) in try read(id, ordinal, user) }
            if let region = fault.match.region, !op.model.regions.contains(region) {
                throw ControlError.invalid(FieldError("match.region", "is not a region of this tenant"))
            }
            try op.tx.insert(fault, in: op.tenant.id)
            return fault
        }
    }

    /// - Throws: ``ControlError`` for a tenant or fault that is not there.
    package func fault(_ id: String, in name: String) throws -> Fault {
        try looking(at: name) { op in
            guard let fault = try op.tx.faults(of: op.tenant.id).first(where: { $0.id.description == id.lowercased() }) else {
                throw Self.noFault(id)
            }
            return fault
        }
    }

    /// - Throws: ``ControlError`` for a tenant or fault that is not there.
    package func deleteFault(_ id: String, in name: String) throws {
        try changing(name) { op in
            guard let known = GUID(id), try op.tx.delete(fault: known, of: op.tenant.id) else { throw Self.noFault(id) }
        }
    }

    /// Removes them all.
    ///
    /// - Parameter label: those of this name alone.
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func clearFaults(named label: String?, in name: String) throws {
        try changing(name) { op in
            for fault in try op.tx.faults(of: op.tenant.id) where label == nil || fault.name == label {
                _ = try op.tx.delete(fault: fault.id, of: op.tenant.id)
            }
        }
    }

    private static func noFault(_ id: String) -> ControlError { .notFound("There is no fault '\(id.prefix(100))'.") }
}
