import LapseRules
import LapseStore

/// Which lab a tenant is to play, and how.
package struct LabStart: Sendable {
    let script: LabScript?
    let language: LabScript.Language
    let isChanged: Bool

    /// - Parameter script: without its change; nil: the one that is played already.
    package init(_ script: LabScript?, in language: LabScript.Language, changed isChanged: Bool) {
        self.script = script
        self.language = language
        self.isChanged = isChanged
    }
}

// The control API's calls on the lab that a sandbox plays.
extension Authority {
    /// Resets the sandbox and sets the lab up: its clock stands still, its users are signed in, nothing has happened yet.
    ///
    /// - Throws: ``ControlError``: not found for the tenant, and when it is to play its lab again and has none; a conflict when it is no
    ///   sandbox; invalid for a change that the lab does not have, and for a user or an app that the sandbox does not have. Nothing is
    ///   reset then.
    package func startLab(_ start: LabStart, in name: String, trace: RequestTrace) async throws -> LabRun {
        let (script, former) = try looking(at: name) { op in
            guard op.tenant.isSandbox else {
                throw ControlError.conflict(
                    FieldError("", "A lab is played in a sandbox, which it resets. \(op.tenant.name) is no sandbox."))
            }
            let script = try start.script ?? LabScript(try op.requireLabRun().script.definition)
            guard !start.isChanged || script.change != nil else {
                throw ControlError.invalid(FieldError("changed", "the lab \(script.name) has no change"))
            }
            let played = start.isChanged ? script.changed : script
            _ = try op.cast(of: played)
            return (script: played, former: try op.tx.labRuns(of: op.tenant.id))
        }
        // In the transaction that resets it: what was scored before is never gone.
        return try await resetTenant(name) { op in
            for run in former.suffix(Self.mostRuns - 1) where run.hasBegun { try op.tx.insert(run, of: op.tenant.id) }
            return try op.setUp(script, start, trace)
        }.value
    }

    /// So many runs of a sandbox are kept, the last ones.
    private static let mostRuns = 50

    /// - Throws: ``ControlError``: not found for the tenant, and when it plays no lab.
    package func labRun(of name: String) throws -> LabRun { try looking(at: name) { try $0.requireLabRun() } }

    /// The labs that these tenants have played, in their order, the one of now last; of a tenant that played none, or is gone, none.
    package func labRuns(of tenants: [GUID]) throws -> [GUID: [LabRun]] {
        try store.read { tx in try tenants.reduce(into: [:]) { $0[$1] = try tx.labRuns(of: $1) } }
    }

    /// Sets what the learner predicts.
    ///
    /// - Parameter texts: by question; nil takes a prediction back.
    /// - Throws: ``ControlError``: not found as ``labRun(of:)``; a conflict once the lab is being played; invalid for a question that is not
    ///   there, and for what does not answer it.
    package func predictLab(_ texts: [(id: String, text: String?)], in name: String) throws -> LabRun {
        try changing(name) { op in
            var run = try op.requireLabRun()
            guard run.played == 0 else {
                throw ControlError.conflict(
                    FieldError("", "The lab is being played: what was predicted stays. Start it again to predict anew."))
            }
            try ControlError.reading { () throws(FieldError) in try run.predict(texts) }
            try op.tx.update(run, of: op.tenant.id)
            return run
        }
    }

    /// Plays the next steps, each in a transaction of its own: what is killed in the middle goes on where it was.
    ///
    /// - Parameter count: how many; nil: all that are left.
    /// - Throws: ``ControlError``: not found as ``labRun(of:)``.
    package func playLab(steps count: Int64?, in name: String, trace: RequestTrace) throws -> LabRun {
        var run = try labRun(of: name)
        var left = count ?? .max
        while left > 0, !run.isOver {
            run = try changing(name) { try $0.playStep(trace) }
            left -= 1
        }
        return run
    }
}

extension Operation {
    fileprivate func requireLabRun() throws -> LabRun {
        guard let run = try tx.labRun(of: tenant.id) else { throw ControlError.notFound("\(tenant.name) plays no lab.") }
        return run
    }

    // MARK: Setting up

    /// Who and what a lab's names mean here, in the tenant's seed, which its start brings back.
    fileprivate struct Cast {
        var users: [String: GUID] = [:]
        var apps: [String: ClientID] = [:]
    }

    fileprivate func cast(of script: LabScript) throws -> Cast {
        guard let seed = try tx.seed(of: tenant.id) else { return Cast() }
        var cast = Cast()
        let named =
            script.signIns.enumerated().map { ("signIns[\($0)].user", $1.user) }
            + script.happenings.enumerated().map { ("happens[\($0)].user", $1.user) }
        for (field, name) in named {
            let found = seed.users.filter { user in
                user.id.description == name || user.userPrincipalName.prefix { $0 != "@" }.lowercased() == name.lowercased()
            }
            guard let user = found.first, found.count == 1, !user.isGuest else {
                throw ControlError.invalid(FieldError(field, "names no member of \(tenant.name)"))
            }
            cast.users[name] = user.id
        }
        for (index, signIn) in script.signIns.enumerated() {
            let id = BuiltInLab.appNames[signIn.app] ?? ClientID(signIn.app)
            guard let app = seed.apps.first(where: { $0.id == id || $0.name == signIn.app }) else {
                throw ControlError.invalid(FieldError("signIns[\(index)].app", "names no app of \(tenant.name)"))
            }
            cast.apps[signIn.app] = app.id
        }
        return cast
    }

    fileprivate func setUp(_ script: LabScript, _ start: LabStart, _ trace: RequestTrace) throws -> LabRun {
        let cast = try cast(of: script)
        var tenant = tenant
        tenant.policies = script.policies
        tenant.propagation = script.propagation
        tenant.clock = tenant.clock.setting(mode: .frozen, now: now.nextMorning, systemTime: systemTime)
        try tx.restartRouting(in: tenant.id)
        for change in [Event.Kind.clockChanged, .policiesChanged, .propagationChanged] { try update(to: tenant, change) }
        let op = try self.in(tenant)
        var signIns: [String: LabRun.SignedIn] = [:]
        for signIn in script.signIns {
            guard let user = cast.users[signIn.user], let app = cast.apps[signIn.app] else { continue }
            let direct = DirectSignIn(user: user.description, client: app, scope: "openid profile offline_access User.Read")
            let new = NewGrant(direct, method: signIn.method, declaresCP1: signIn.declaresCP1)
            let (issued, session) = try op.signIn(new, cookie: random.token(bytes: 32), trace)
            signIns[signIn.id] = LabRun.SignedIn(grant: issued.grant.id, session: session)
        }
        let run = LabRun(
            of: script, in: start.language, isChanged: start.isChanged, start: op.now + script.lead, signIns: signIns)
        try tx.insert(run, of: tenant.id)
        return run
    }

    // MARK: Playing

    fileprivate func playStep(_ trace: RequestTrace) throws -> LabRun {
        var run = try requireLabRun()
        switch run.next {
        case nil: return run
        case .happens(let happening):
            let op = try moved(to: run.start + happening.at)
            guard op.now == run.start + happening.at else {
                throw ControlError.conflict(FieldError("", "The clock was moved past what happens next. Start the lab again."))
            }
            try op.play(happening, of: run)
        case .asks(let question): run.settle(question, as: try outcome(of: question, in: run, trace))
        }
        run.goOn()
        try tx.update(run, of: tenant.id)
        return run
    }

    private func play(_ happening: LabScript.Happening, of run: LabRun) throws {
        guard let id = try cast(of: run.script).users[happening.user], let user = try tx.user(id.description, in: tenant.id) else {
            throw ControlError.conflict(FieldError("", "\(happening.user) is not there any more. Start the lab again."))
        }
        let op = try taken(in: nil)
        switch happening.kind {
        case .revocation(let cause): try op.revoke(user, cause: cause)
        case .account(let state):
            var changed = user
            changed.accountEnabled = state == .enabled
            try op.update(user, to: changed, reset: nil)
        }
    }

    private func outcome(of question: LabScript.Question, in run: LabRun, _ trace: RequestTrace) throws -> LabRun.Outcome {
        if let at = question.at {
            let instant = run.start + at
            let trial = try moved(to: instant).tries(question, of: run, at: instant, trace)
            return LabRun.Outcome(
                answer: trial.isAccepted ? .accepted : .refused, status: trial.status, code: trial.code, why: trial.verdict.why)
        }
        let first = try refusedFrom(question, of: run, trace)
        let instant = first ?? now
        let trial = try moved(to: instant).tries(question, of: run, at: instant, trace)
        return LabRun.Outcome(
            answer: first.map { .after($0 - run.start) } ?? .never, status: trial.status, code: trial.code, why: trial.verdict.why)
    }

    /// The first instant from the lab's start on at which the endpoint refuses; nil: it goes on accepting. What ends by itself, without
    /// anything that happened, counts for access tokens alone.
    private func refusedFrom(
        _ question: LabScript.Question, of run: LabRun, _ trace: RequestTrace
    ) throws -> Timestamp? {
        let far = run.start + .seconds(1_000 * 86_400)
        let arrivals = try tx.arrivals(in: tenant.id, from: run.start, through: far, user: nil, limit: 1_000).map(\.effect.at)
        let grant = try run.signIns[question.signIn].flatMap { try tx.grant($0.grant) }
        let end = question.endpoint == .graph ? try grant.flatMap { try tx.newestAccessToken(of: $0)?.token.endsAt } : nil
        // Decisions change at these instants alone.
        let instants = Set(arrivals + [run.start] + [end].compactMap(\.self)).filter { $0 >= run.start }.sorted()
        return try instants.first { instant in
            let trial = try tries(question, of: run, at: instant, trace, isLogged: false)
            return !trial.isAccepted && (question.endpoint == .graph || trial.verdict.rule != .expired)
        }
    }

    private func tries(
        _ question: LabScript.Question, of run: LabRun, at instant: Timestamp, _ trace: RequestTrace, isLogged: Bool = true
    ) throws -> Trial {
        let asked = Trial.Question(
            question.endpoint, region: (question.region ?? model.regions[0]).description, at: instant)
        let signedIn = run.signIns[question.signIn]
        if question.endpoint == .authorize {
            if let session = try signedIn.flatMap({ try tx.session($0.session) }) {
                return try trySession(session, asked, trace, isLogged: isLogged)
            }
        } else if let grant = try signedIn.flatMap({ try tx.grant($0.grant) }) {
            return try tryGrant(grant, asked, trace, isLogged: isLogged)
        }
        throw ControlError.conflict(FieldError("", "A sign-in of the lab is not there any more. Start the lab again."))
    }

    /// The operation at an instant of the tenant's clock, which stands there from then on; itself when that is not ahead.
    private func moved(to instant: Timestamp) throws -> Operation {
        guard instant > now else { return self }
        return try moved(to: tenant.clock.setting(mode: .frozen, now: instant, systemTime: systemTime))
    }
}

extension Timestamp {
    /// Nine o'clock (UTC) of this day or the next: a lab's instants are then easy to read.
    fileprivate var nextMorning: Timestamp {
        let (day, nine): (Int64, Int64) = (86_400, 9 * 3_600)
        let morning = Timestamp(secondsSinceEpoch: secondsSinceEpoch / day * day + nine)
        return morning > self ? morning : morning + .seconds(day)
    }
}
