import LapseRules

// The control API's calls on gates.
extension Authority {
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func listGates(in name: String) throws -> ControlPage<GateStatus> {
        let tenant = try tenantID(named: name)
        return ControlPage(whole: Gate.allCases.map { gates.status(TenantGate(gate: $0, tenant: tenant)) })
    }

    /// The tenant's gate of that name.
    ///
    /// - Throws: ``ControlError`` for a tenant or gate that is not there.
    package func gate(_ gateName: String, in name: String) throws -> TenantGate {
        let tenant = try tenantID(named: name)
        guard let gate = Gate(rawValue: gateName) else {
            let known = Gate.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlError.notFound("There is no gate '\(gateName.prefix(100))'; there are: \(known).")
        }
        return TenantGate(gate: gate, tenant: tenant)
    }

    /// Closes or opens a gate.
    ///
    /// - Returns: the gate, with those who waited there at that moment.
    package func setGate(_ gate: TenantGate, isClosed: Bool) -> GateStatus { gates.set(gate, isClosed: isClosed) }
}
