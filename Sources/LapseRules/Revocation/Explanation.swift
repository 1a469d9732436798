/// Why is this token or session accepted here, or refused, and when does that change? What the doors decide, in words.
///
/// Calls the functions that the doors call, so that the two cannot disagree.
public struct Explanation: Sendable {
    /// What is explained, with the facts that its door would load.
    public enum Subject: Sendable {
        case refreshToken(RefreshToken, Grant)
        case session(BrowserSession)
        /// - Parameter end: the end of the token on the clock of the grant's tenant.
        case accessToken(end: Timestamp, Grant)
    }

    public enum Rule: String, CaseIterable, Sendable {
        /// No believed or coming revocation touches the sign-in.
        case notRevoked
        /// One does, and is believed later, or when it is released.
        case notYetBelieved
        /// One does, and lets some more requests pass first.
        case attemptsLeft
        /// An access token at the resources: whatever was revoked, it passes until it ends.
        case untilExpiry
        case revoked, accountDisabled, accountDeleted, expired, signedOut
    }

    public struct Verdict: Sendable {
        public let plane: Plane
        public let region: Region
        /// Nil when accepted, and where the refusal has no number.
        public let code: AADSTS?
        public let rule: Rule
        public let why: String
        /// What the sign-in's `authTime` is compared with: the cut-off of ``revocation``, rounded as the tie rule says.
        public let cutOff: Timestamp?
        public let revocation: GUID?
        /// On the home clock; nil when nothing that is known today changes it.
        public internal(set) var changesAt: Timestamp?
        public let attemptsLeft: Int?

        public var isAccepted: Bool {
            switch rule {
            case .notRevoked, .notYetBelieved, .attemptsLeft, .untilExpiry: true
            case .revoked, .accountDisabled, .accountDeleted, .expired, .signedOut: false
            }
        }
    }

    private let subject: Subject
    private let account: AccountFacts
    /// How far the clock of the token's own tenant is ahead of the home clock: not at all, but for guests.
    private let ahead: Duration

    /// - Parameter account: with the whole history of the account, not only since the sign-in.
    /// - Parameter tenantNow: the present of the tenant that the token or session was made in.
    public init(of subject: Subject, account: AccountFacts, tenantNow: Timestamp) {
        self.subject = subject
        self.account = account
        ahead = tenantNow - account.homeNow
    }

    /// The verdicts at an instant of the home clock: every plane, and in each every region.
    public func verdicts(at instant: Timestamp, regions: [Region]) -> [Verdict] {
        Plane.allCases.flatMap { plane in
            regions.map { region in
                let standpoint = Standpoint(plane: plane, region: region, now: instant)
                var verdict = verdict(from: standpoint)
                verdict.changesAt = change(of: verdict, from: standpoint)
                return verdict
            }
        }
    }

    // MARK: One verdict

    private func verdict(from standpoint: Standpoint) -> Verdict {
        if case .accessToken = subject, standpoint.plane == .cae { return accessTokenVerdict(from: standpoint) }
        let account = AccountFacts(
            user: account.user, history: account.history, attempts: account.attempts, home: account.home, homeNow: standpoint.now)
        if let refusal = account.refusal(of: ruleSubject, on: standpoint.plane, in: standpoint.region) {
            return refused(refusal, from: standpoint)
        }
        if standpoint.plane == door, let ended = ended(at: standpoint.now) {
            return verdict(standpoint, code: ended.code, rule: ended.rule, why: ended.why)
        }
        return accepted(from: standpoint)
    }

    private func verdict(
        _ standpoint: Standpoint, code: AADSTS? = nil, rule: Rule, why: String, deciding revocation: Revocation? = nil,
        attemptsLeft: Int? = nil
    ) -> Verdict {
        Verdict(
            plane: standpoint.plane, region: standpoint.region, code: code, rule: rule, why: why,
            cutOff: revocation.map { RevocationRule.cutOff(of: $0, tieRule) }, revocation: revocation?.id,
            attemptsLeft: attemptsLeft)
    }

    private func refused(_ refusal: Refusal, from standpoint: Standpoint) -> Verdict {
        // A browser whose session is refused is told that nobody is signed in, whatever the reason.
        let code = isSession && standpoint.plane == door ? .noSession : refusal.error.code
        guard let revocation = account.history.revocations.first(where: { $0.id == refusal.revocation }) else {
            let isDeleted = refusal.error.code != .accountDisabled
            return verdict(
                standpoint, code: code, rule: isDeleted ? .accountDeleted : .accountDisabled,
                why: "The account is \(isDeleted ? "deleted" : "disabled"), and \(place(standpoint)) believes it.")
        }
        let left = revocation.attemptsLeft(from: standpoint, after: account.attempts)
        return verdict(
            standpoint, code: code, rule: .revoked,
            why: "\(comparison(with: revocation)), and \(place(standpoint)) believes it\(since(revocation, standpoint)).",
            deciding: revocation, attemptsLeft: left)
    }

    private func accepted(from standpoint: Standpoint) -> Verdict {
        let cutting = account.history.revocations.filter { RevocationRule.cuts($0, ruleSubject, tieRule) }
        // Of those that wait, the one that is believed first decides what comes next.
        let next = cutting.min { rank($0, standpoint) < rank($1, standpoint) }
        guard let next else {
            let latest = account.history.revocations.last { RevocationMatrix.touches($0.cause, ruleSubject.column) }
            return verdict(
                standpoint, rule: .notRevoked,
                why: latest.map { "\(comparison(with: $0)): it came later." } ?? "No revocation touches this sign-in.",
                deciding: latest)
        }
        switch next.propagation.moment(on: standpoint.plane, in: standpoint.region) {
        case .afterAttempts:
            let left = next.attemptsLeft(from: standpoint, after: account.attempts) ?? 0
            return verdict(
                standpoint, rule: .attemptsLeft,
                why: "\(comparison(with: next)), but \(place(standpoint)) lets \(left) more of its requests pass.", deciding: next,
                attemptsLeft: left)
        case .at(let instant):
            return verdict(
                standpoint, rule: .notYetBelieved,
                why: "\(comparison(with: next)), but \(place(standpoint)) believes it from \(instant) on.", deciding: next)
        case .held:
            return verdict(
                standpoint, rule: .notYetBelieved,
                why: "\(comparison(with: next)), but \(place(standpoint)) does not believe it before it is released.",
                deciding: next)
        }
    }

    /// Known instants first, then what counts requests, then what is held.
    private func rank(_ revocation: Revocation, _ standpoint: Standpoint) -> Timestamp {
        switch revocation.propagation.moment(on: standpoint.plane, in: standpoint.region) {
        case .at(let instant): instant
        case .afterAttempts: Timestamp(ticks: Timestamp.latest.ticks + 1)
        case .held: Timestamp(ticks: Timestamp.latest.ticks + 2)
        }
    }

    private func accessTokenVerdict(from standpoint: Standpoint) -> Verdict {
        if let ended = ended(at: standpoint.now) { return verdict(standpoint, code: nil, rule: ended.rule, why: ended.why) }
        return verdict(
            standpoint, rule: .untilExpiry,
            why: "Resources take this access token until it ends at \(end), whatever was revoked meanwhile.")
    }

    // MARK: When it changes

    /// The next instant at which another answer is due.
    private func change(of verdict: Verdict, from standpoint: Standpoint) -> Timestamp? {
        // What is revoked stays revoked: then only the account's state can put another code in its place.
        let cutting =
            verdict.rule == .revoked
            ? [] : account.history.revocations.filter { RevocationRule.cuts($0, ruleSubject, tieRule) }
        let events: [any Propagated] = cutting + account.history.stateChanges
        var instants = events.compactMap { event -> Timestamp? in
            guard case .at(let instant) = event.propagation.moment(on: standpoint.plane, in: standpoint.region) else { return nil }
            return instant
        }
        instants.append(end)
        for instant in Set(instants).sorted() where instant > standpoint.now {
            let later = self.verdict(from: Standpoint(plane: standpoint.plane, region: standpoint.region, now: instant))
            if later.isAccepted != verdict.isAccepted || later.code != verdict.code { return instant }
        }
        return nil
    }

    // MARK: The subject

    private var tieRule: Policies.TieRule { account.home.policies.tieRule }

    private var ruleSubject: RevocationRule.Subject {
        switch subject {
        case .refreshToken(_, let grant), .accessToken(_, let grant): grant.subject
        case .session(let session): session.subject
        }
    }

    private var isSession: Bool { if case .session = subject { true } else { false } }

    /// The plane on which its own end counts.
    private var door: Plane {
        switch subject {
        case .refreshToken: .refresh
        case .session: .session
        case .accessToken: .cae
        }
    }

    /// When it ends by itself, on the home clock.
    private var end: Timestamp {
        switch subject {
        case .refreshToken(let token, _): token.expiresAt - ahead
        case .session(let session): session.expiresAt
        case .accessToken(let end, _): end - ahead
        }
    }

    private func ended(at now: Timestamp) -> (code: AADSTS?, rule: Rule, why: String)? {
        switch subject {
        case .session(let session):
            if let endedAt = session.endedAt { return (.noSession, .signedOut, "The user signed out at \(endedAt).") }
            return now < end ? nil : (.noSession, .expired, "The session ended at \(end).")
        case .refreshToken(_, let grant):
            return now < end
                ? nil : (RefreshTokenGrant.expiryCode(of: grant.clientClass), .expired, "The refresh token ended at \(end).")
        case .accessToken:
            return now < end ? nil : (nil, .expired, "The access token ended at \(end).")
        }
    }

    // MARK: In words

    private func place(_ standpoint: Standpoint) -> String { "\(standpoint.plane.rawValue) in \(standpoint.region)" }

    private func since(_ revocation: Revocation, _ standpoint: Standpoint) -> String {
        switch revocation.propagation.moment(on: standpoint.plane, in: standpoint.region) {
        case .at(let instant): " since \(instant)"
        case .afterAttempts(let number): " after \(number) requests"
        case .held: ""
        }
    }

    /// `The sign-in at … is before the cut-off at … (adminRevoke)`, and how the two were rounded.
    private func comparison(with revocation: Revocation) -> String {
        let signIn = ruleSubject.authenticated
        let cutOff = RevocationRule.cutOff(of: revocation, tieRule)
        let order: String
        switch tieRule {
        case .precise where signIn.at == cutOff:
            order =
                signIn < revocation.place ? "at the same instant as, but came before," : "at the same instant as, but came after,"
        case .precise, .entra:
            order = RevocationRule.cuts(revocation, ruleSubject, tieRule) ? "before" : "not before"
        }
        let rounding =
            switch tieRule {
            case .precise: "both to 100 ns"
            case .entra: "cut down to its whole second, tieRule entra"
            }
        return "The sign-in at \(signIn.at) is \(order) the cut-off \(cutOff) (\(revocation.cause.rawValue); \(rounding))"
    }
}
