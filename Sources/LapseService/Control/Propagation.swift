import LapseRules
import LapseStore

// The control API's calls on a tenant's propagation model.
extension Authority {
    /// The model in force: the server's where the tenant has none of its own.
    ///
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func propagation(of name: String) throws -> PropagationModel { try looking(at: name) { $0.model } }

    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func setPropagation(_ model: PropagationModel, of name: String) throws {
        try changing(name) { op in
            var tenant = op.tenant
            tenant.propagation = model
            try op.tx.restartRouting(in: tenant.id)
            try op.update(to: tenant, .propagationChanged)
        }
    }
}
