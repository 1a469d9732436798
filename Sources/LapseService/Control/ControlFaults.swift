import LapseRules
import LapseStore

// The control API's calls on what goes wrong on purpose.
extension Authority {
    package func listFaults(of name: String) throws -> ControlPage<JSON> {
        try store.read { tx in
            ControlPage(whole: try tx.faults(of: try controlled(name, tx).id).map(\.json))
        }
    }

    /// Makes a fault; it is asked after all that are there already.
    package func createFault(_ body: JSON, in name: String) throws -> JSON {
        let id = random.guid()
        return try store.write { tx in
            let tenant = try controlled(name, tx)
            guard try tx.faults(of: tenant.id).count < Fault.most else {
                throw ControlError.conflict(FieldError("", "The tenant has \(Fault.most) faults; clear some first."))
            }
            let users = try body["match"]?["user"]?.text.map { [$0: try tx.user($0, in: tenant.id)?.id] } ?? [:]
            let ordinal = try tx.nextFaultOrdinal(in: tenant.id)
            let fault = try reading { () throws(FieldError) in
                try Fault(body, id: id, ordinal: ordinal) { users[$0] ?? nil }
            }
            if let region = fault.match.region, !model(of: tenant).regions.contains(region) {
                throw ControlError.invalid(FieldError("match.region", "is no region of this tenant"))
            }
            try tx.insert(fault, in: tenant.id)
            return fault.json
        }
    }

    package func fault(_ id: String, of name: String) throws -> JSON {
        try store.read { tx in
            let tenant = try controlled(name, tx)
            guard let fault = try tx.faults(of: tenant.id).first(where: { $0.id.description == id.lowercased() }) else {
                throw Self.noFault(id)
            }
            return fault.json
        }
    }

    package func deleteFault(_ id: String, of name: String) throws {
        try store.write { tx in
            let tenant = try controlled(name, tx)
            guard let known = GUID(id), try tx.delete(fault: known, of: tenant.id) else { throw Self.noFault(id) }
        }
    }

    /// Removes them all.
    ///
    /// - Parameter label: those of this name alone.
    package func clearFaults(named label: String?, of name: String) throws {
        try store.write { tx in
            let tenant = try controlled(name, tx)
            for fault in try tx.faults(of: tenant.id) where label == nil || fault.name == label {
                _ = try tx.delete(fault: fault.id, of: tenant.id)
            }
        }
    }

    private static func noFault(_ id: String) -> ControlError { .notFound("There is no fault '\(id.prefix(100))'.") }
}
