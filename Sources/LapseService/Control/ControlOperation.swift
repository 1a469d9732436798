import LapseRules
import LapseStore

// How the calls of the control API run: in one transaction, on one tenant, at one instant. They leave no request id in the log.
extension Authority {
    /// Runs a call that changes something.
    ///
    /// - Parameter region: the region that takes the change; nil: the first.
    /// - Throws: ``ControlError`` for a tenant or a region that is not there, and what the call throws; either undoes the transaction.
    func changing<Value>(
        _ name: String, takenIn region: String? = nil, _ call: (Operation) throws -> Value
    ) throws -> Value {
        try store.write { tx in
            var op = Operation(self, tx, trace: nil)
            try op.enter(named: name)
            let first = tx.nextEventID()
            let value = try call(try op.taken(in: region))
            if let note = RequestNote.current, tx.nextEventID() > first { note.event = tx.nextEventID() - 1 }
            return value
        }
    }

    /// Runs a call that only reads.
    ///
    /// - Throws: ``ControlError`` for a tenant that is not there, and what the call throws.
    func looking<Value>(at name: String, _ call: (Operation) throws -> Value) throws -> Value {
        try store.read { tx in
            var op = Operation(self, tx, trace: nil)
            try op.enter(named: name)
            return try call(op)
        }
    }

    /// The id of a tenant by GUID or domain.
    func tenantID(named name: String) throws -> GUID { try looking(at: name) { $0.tenant.id } }
}

// What a control call names; a ``ControlError`` where it is not there.
extension Operation {
    /// The tenant by GUID or domain.
    fileprivate mutating func enter(named name: String) throws {
        guard let named = TenantName(name), let tenant = try tx.tenant(named: named) else {
            throw ControlError.notFound("There is no tenant '\(name.prefix(100))'.")
        }
        try enter(tenant)
    }

    /// The operation in the region that the call's header names, which takes the change; nil: in the first.
    ///
    /// - Throws: ``ControlError`` when the tenant has no such region.
    func taken(in region: String?) throws -> Operation {
        var operation = self
        operation.region = try requireRegion(region, field: "x-lapse-region")
        return operation
    }

    /// - Parameter name: nil: the first region.
    func requireRegion(_ name: String?, field: String) throws -> Region {
        guard let name else { return model.regions[0] }
        guard let region = model.region(named: name) else {
            throw ControlError.invalid(FieldError(field, "names no region of \(tenant.name)"))
        }
        return region
    }

    /// The tenant's user by id or user principal name.
    func requireUser(_ name: String) throws -> User {
        guard let user = try tx.user(name, in: tenant.id) else {
            throw ControlError.notFound("There is no user '\(name.prefix(100))' in \(tenant.name).")
        }
        return user
    }

    /// The same for calls that only read: a deleted user's tokens may live on, and people ask about them.
    func requireUserEvenDeleted(_ name: String) throws -> User {
        try tx.user(name, in: tenant.id) ?? tx.deletedUser(name, in: tenant.id) ?? requireUser(name)
    }
}

extension ControlError {
    /// What is read of a call. What reading complains of, the call is refused with.
    package static func reading<Value>(_ read: () throws(FieldError) -> Value) throws(ControlError) -> Value {
        do { return try read() } catch { throw .invalid(error) }
    }
}
