import LapseRules
import LapseStore
import Synchronization

/// What is to happen to answers that are on their way, by the id of their request: decided in the transaction of the request,
/// done by the server when the answer leaves.
package final class ResponseFaults: Sendable {
    package struct Due: Sendable {
        /// The fault that does it.
        package let fault: GUID
        package let latency: Duration?
        package let responseFault: FaultEffect.ResponseFault?
    }

    private let answers = Mutex<[GUID: Due]>([:])
    /// So that nobody asks for the lock while there is no fault.
    private let count = Atomic<Int>(0)

    func add(_ due: Due, to request: GUID) {
        answers.withLock { answers in
            answers[request] = due
            count.store(answers.count, ordering: .releasing)
        }
    }

    /// What was to happen to a part of a request happens to the whole; the first of several counts.
    package func move(from part: GUID, to whole: GUID) {
        guard let due = take(part) else { return }
        answers.withLock { answers in
            answers[whole] = answers[whole] ?? due
            count.store(answers.count, ordering: .releasing)
        }
    }

    /// What is to happen to the answer of this request; nil nearly always.
    package func take(_ request: GUID) -> Due? {
        guard count.load(ordering: .acquiring) > 0 else { return nil }
        return answers.withLock { answers in
            let due = answers.removeValue(forKey: request)
            count.store(answers.count, ordering: .releasing)
            return due
        }
    }
}

extension Operation {
    /// Asks the tenant's faults about a request. A hit is counted and logged in this transaction, and is over when that is undone.
    ///
    /// - Returns: the effect of the fault that hits; nil nearly always.
    func inject(_ subject: Fault.Subject) throws -> FaultEffect? {
        guard !tenant.isNone, let requestID = trace?.requestID else { return nil }
        trace?.note?.put(tenant: tenant.id, client: subject.client, user: subject.user)
        let faults = try tx.faults(of: tenant.id)
        // Most tenants have no faults: nothing is asked or counted then.
        guard !faults.isEmpty else { return nil }
        let seed = model.seed
        let (hit, changed) = Fault.hit(subject, of: faults, seed: seed)
        for fault in changed { try tx.update(fault, of: tenant.id) }
        guard let hit else { return nil }
        var event = event(.faultHit, user: subject.user, client: subject.client, grant: subject.grant)
        event.region = subject.region
        event.presented = subject.presented
        event.notes.fault = hit.id
        event.notes.endpoint = subject.endpoint
        switch hit.effect.kind {
        case .refuse(let code, _, _):
            event.code = code
            let status = code?.error().status ?? 400
            // At authorize a refusal is a page or a redirect.
            if subject.endpoint != .authorize || status >= 429 { event.notes.status = status }
        case .fail(let status, let wait): (event.notes.status, event.notes.retryAfter) = (status, wait)
        case .challenge: event.notes.status = 401
        case .response(let responseFault): event.notes.responseFault = responseFault
        case .keys, .delay: break
        }
        try tx.append(event)
        let responseFault: FaultEffect.ResponseFault? =
            if case .response(let responseFault) = hit.effect.kind { responseFault } else { nil }
        let latency = hit.effect.latency(of: hit, seed: seed)
        if responseFault != nil || latency != nil {
            authority.responseFaults.add(.init(fault: hit.id, latency: latency, responseFault: responseFault), to: requestID)
        }
        return hit.effect
    }
}

extension Operation {
    /// The effect of the fault that the request would meet next. Nothing is counted or logged.
    func foreseen(_ subject: Fault.Subject) throws -> FaultEffect? {
        Fault.hit(subject, of: try tx.faults(of: tenant.id), seed: model.seed).hit?.effect
    }
}

extension Authority {
    /// Lets faults hit a request for metadata, which is read outside of any transaction of the writer.
    ///
    /// - Returns: what is wrong with the keys, nil for nothing; or the refusal with which a fault answers in place of the document.
    package func injectIntoMetadata(
        _ endpoint: Fault.Endpoint, at name: TenantName, trace: RequestTrace
    ) throws -> Outcome<FaultEffect.KeyTrouble?, EntraError>? {
        let isQuiet = try store.read { tx in
            try tx.tenant(named: name).map { try tx.faults(of: $0.id).isEmpty } ?? true
        }
        guard !isQuiet else { return nil }
        return try deciding(trace) { op in
            try op.enter(name)
            op.region = try op.routeToAuthority(client: nil, user: nil)
            let effect = try op.inject(Fault.Subject(endpoint, region: op.region))
            let context = FaultContext(tenant: op.tenant, app: nil, user: nil, authTime: nil, now: op.now)
            if let refusal = effect?.refusal(context) { return .failure(refusal) }
            return .success(effect?.keyTrouble)
        }
    }
}
