/// What one client did for one user, and what of it is still open while the judge reads.
struct CaseFile {
    let user: GUID?
    private(set) var incidents: [Incident] = []
    private(set) var findings: [Finding] = []

    /// The places of what is open in ``incidents``.
    private var refusal: Int?
    private var challenge: Int?
    private var outage: Int?
    private var silent: Int?
    /// The grant of the last tokens that arrived, until it is refused.
    private var living: GUID?
    /// Since the refusal: access tokens of a dead grant that were used on.
    private var outlived: [LoggedEvent] = []
    /// What was tried of a grant since its first refusal, as far as it is not found fault with: the time between the tries.
    private var refusedBefore: (grant: GUID?, gaps: [Duration], events: [Int64])?
    /// Whether the open refusal came with claims to hand back.
    private var demandsClaims = false
    private var challenged: String?
    /// Whether a token was renewed since the challenge, and nobody told of the demand.
    private var isRenewedWithoutDemand = false
    /// Whether anything since the challenge handed its claims back.
    private var isAnswered = false
    private var early: [LoggedEvent] = []

    /// What an app may do again once or twice: libraries do, and several requests may be under way.
    private static let tolerated = 2
    /// Requests so close to each other may have been under way together.
    private static let together = Duration.milliseconds(50)
    /// Who waits at least so long between tries takes a refusal for an outage.
    private static let pause = Duration.milliseconds(200)
    /// More than this within a second is no patience.
    private static let mostPerSecond = 4

    init(user: GUID?) { self.user = user }

    var hasOpenTrouble: Bool { refusal != nil || challenge != nil || outage != nil || silent != nil }
    var isLivingWithoutTrouble: Bool { living != nil && !hasOpenTrouble }
    var lastRefusal: Incident? { incidents.last { $0.kind == .refusal || $0.kind == .challenge } }

    mutating func find(_ rule: ReactionRule, _ says: String, _ events: [Int64]) {
        findings.append(Finding(rule: rule, user: user, says: says, events: events))
    }

    mutating func hear(_ logged: LoggedEvent, hit: LoggedEvent?) {
        let event = logged.event
        let isOutage = hit?.event.notes.isOutage ?? false
        if event.kind == .faultHit {
            if event.notes.isOutage { hearOutage(logged) }
            return
        }
        // What a request wrote whose answer did not arrive: the app knows nothing of it.
        guard !isOutage else { return }
        if event.givesTokens || event.refusesTokens {
            abandoned.removeAll { $0.grant == event.grant }
            if outage != nil { noticeHaste(logged, at: .token) }
        }
        if event.refusesTokens { hearRefusal(logged) }
        if event.givesTokens { hearTokens(logged) }
        if event.asksForSignIn { hearRequest(logged) }
        switch event.kind {
        case .silentSignInRefused: hearSilentRefusal(logged)
        case .accessChallenged: hearChallenge(logged)
        case .accessOutlived: if refusal != nil, incidents[refusal!].asked == nil { outlived.append(logged) }
        default: break
        }
    }

    private func step(_ logged: LoggedEvent, since incident: Incident) -> Incident.Step {
        Incident.Step(
            event: logged.id, after: logged.writtenAt - incident.writtenAt, prompt: logged.event.notes.prompt,
            carriesClaims: logged.event.notes.answersChallenge)
    }

    private mutating func open(_ kind: Incident.Kind, _ logged: LoggedEvent) -> Int {
        let event = logged.event
        incidents.append(
            Incident(
                kind: kind, user: user, event: logged.id, at: event.at, writtenAt: logged.writtenAt, code: event.code,
                grant: event.grant, revocation: event.revocation, endpoint: event.notes.endpoint,
                retryAfter: event.notes.retryAfter, events: [logged.id]))
        return incidents.count - 1
    }

    // MARK: Refusals

    private mutating func hearRefusal(_ logged: LoggedEvent) {
        let event = logged.event
        if event.code == .clientLoop, !findings.contains(where: { $0.rule == .looping }) {
            find(.looping, "It sent the same request so often that it was refused as a loop.", [logged.id])
        }
        if let open = outage, incidents[open].endpoint == .token { settleOutage(nil) }
        // A mistake in the request, or in who asks, says nothing about the token.
        guard event.code?.endsWhatWasPresented == true else { return }
        if let open = refusal, incidents[open].asked == nil, event.grant == incidents[open].grant {
            incidents[open].retries.append(step(logged, since: incidents[open]))
            incidents[open].events.append(logged.id)
            return
        }
        settleRefusal()
        refusal = self.open(.refusal, logged)
        demandsClaims = event.notes.demandsClaims
        living = nil
    }

    private mutating func settleRefusal() {
        guard let open = refusal else { return }
        let incident = incidents[open]
        // Where regions disagree a dead token is taken now and then: whoever goes on trying is no better for it.
        var stubborn =
            refusedBefore.flatMap { $0.grant == incident.grant ? $0 : nil } ?? (grant: incident.grant, gaps: [], events: [])
        stubborn.gaps += zip([.zero] + incident.retries.map(\.after), incident.retries.map(\.after)).map { $1 - $0 }
        stubborn.events += incident.events
        refusedBefore = stubborn
        if stubborn.gaps.count > Self.tolerated {
            let isPatient = stubborn.gaps.count { $0 >= Self.pause } * 2 > stubborn.gaps.count
            find(
                isPatient ? .takesRefusalForOutage : .retriesDeadToken,
                "It was refused\(incident.code.map { " with \($0.rawValue)" } ?? "") and presented the same \(stubborn.gaps.count) more times\(isPatient ? ", waiting in between" : " without a pause").",
                stubborn.events)
            refusedBefore = nil
        }
        if incident.asked == nil, outlived.count > Self.tolerated {
            find(
                .keepsItsSession,
                "Its user's sign-in was refused, and it went on with \(outlived.count) calls with an old access token and asked nobody to sign in.",
                [incident.event] + outlived.map(\.id))
        }
        outlived = []
        refusal = nil
    }

    // MARK: Tokens, and asking for them

    private mutating func hearTokens(_ logged: LoggedEvent) {
        let event = logged.event
        if let open = refusal {
            let step = step(logged, since: incidents[open])
            if event.kind == .tokenRefreshed, event.grant == incidents[open].grant, incidents[open].asked == nil {
                incidents[open].retries.append(step)
            }
            incidents[open].recovered = step
            incidents[open].events.append(logged.id)
            praise(incidents[open])
            settleRefusal()
        }
        if let open = challenge {
            isAnswered = isAnswered || event.notes.answersChallenge || incidents[open].asked?.carriesClaims == true
            if incidents[open].recovered == nil {
                incidents[open].recovered = step(logged, since: incidents[open])
                incidents[open].events.append(logged.id)
            }
            // A renewal that tells nobody of the demand may meet it again; everything else is the end of this challenge.
            if event.kind == .tokenRefreshed, event.grant == incidents[open].grant, !isAnswered {
                isRenewedWithoutDemand = true
            } else {
                settleChallenge()
            }
        }
        if silent != nil { settleSilent(logged) }
        if let open = outage, [.token, .authorize, .devicecode].contains(incidents[open].endpoint) { settleOutage(logged) }
        living = event.grant ?? living
    }

    private mutating func praise(_ incident: Incident) {
        guard let asked = incident.asked, incident.retries.count <= Self.tolerated else { return }
        find(
            .signsInAgain,
            "Refused\(incident.code.map { " with \($0.rawValue)" } ?? ""), it asked its user to sign in and went on.",
            [incident.event, asked.event] + (incident.recovered.map { [$0.event] } ?? []))
    }

    private mutating func hearRequest(_ logged: LoggedEvent) {
        for open in [refusal, challenge, silent].compactMap({ $0 }) where incidents[open].asked == nil {
            incidents[open].asked = step(logged, since: incidents[open])
            incidents[open].events.append(logged.id)
        }
        if let open = refusal, demandsClaims, incidents[open].asked?.event == logged.id, !logged.event.notes.answersChallenge {
            find(
                .forgetsTheDemand, "It was refused with claims to hand back, and asked its user to sign in without them.",
                [incidents[open].event, logged.id])
        }
        if let open = outage, let grant = living, refusal == nil, challenge == nil, let last = lastFailure,
            logged.writtenAt - last <= Self.aftermath
        {
            incidents[open].asked = step(logged, since: incidents[open])
            incidents[open].events.append(logged.id)
            // Lost only if it never comes back: the user may have signed in on another device.
            abandoned.append((grant, [incidents[open].event, logged.id]))
            settleOutage(nil)
        }
        settleSilent(nil)
    }

    // MARK: Silent sign-in

    private mutating func hearSilentRefusal(_ logged: LoggedEvent) {
        if let open = silent {
            incidents[open].retries.append(step(logged, since: incidents[open]))
            incidents[open].events.append(logged.id)
        } else {
            silent = open(.silentRefusal, logged)
        }
    }

    private mutating func settleSilent(_ recovered: LoggedEvent?) {
        guard let open = silent else { return }
        if let recovered { incidents[open].recovered = step(recovered, since: incidents[open]) }
        if incidents[open].retries.count > Self.tolerated {
            find(
                .loopsOnSilentSignIn,
                "prompt=none was refused, and it asked for the same \(incidents[open].retries.count) more times before anybody saw a page.",
                incidents[open].events)
        }
        silent = nil
    }

    // MARK: Challenges

    private mutating func hearChallenge(_ logged: LoggedEvent) {
        if let open = challenge, challenged == logged.event.presented {
            incidents[open].retries.append(step(logged, since: incidents[open]))
            incidents[open].events.append(logged.id)
            return
        }
        if let open = challenge, isRenewedWithoutDemand {
            // It came back with a token that nobody had told of the demand.
            incidents[open].retries.append(step(logged, since: incidents[open]))
            incidents[open].events.append(logged.id)
            challenged = logged.event.presented
            return
        }
        settleChallenge()
        challenge = open(.challenge, logged)
        challenged = logged.event.presented
    }

    private mutating func settleChallenge() {
        guard let open = challenge else { return }
        let incident = incidents[open]
        if incident.retries.count > Self.tolerated {
            find(
                .ignoresClaimsChallenge,
                "A resource challenged its access token, and it came back \(incident.retries.count) more times without handing the claims back.",
                incident.events)
        } else if let next = incident.asked ?? incident.recovered, !isAnswered, !next.carriesClaims {
            find(
                .forgetsTheDemand,
                "A resource challenged its access token with claims, and it asked for another without handing them back.",
                [incident.event, next.event])
        } else if let recovered = incident.recovered {
            find(
                .answersChallenge, "A resource challenged its access token, and it came back with one that the resource takes.",
                [incident.event, recovered.event])
        }
        challenge = nil
        challenged = nil
        isAnswered = false
        isRenewedWithoutDemand = false
    }

    // MARK: Outages

    private mutating func hearOutage(_ logged: LoggedEvent) {
        lastFailure = logged.writtenAt
        if let open = outage, incidents[open].endpoint == logged.event.notes.endpoint {
            noticeHaste(logged, at: logged.event.notes.endpoint)
            incidents[open].retries.append(step(logged, since: incidents[open]))
            incidents[open].events.append(logged.id)
            if logged.event.notes.retryAfter != nil { incidents[open].retryAfter = logged.event.notes.retryAfter }
            told = logged.event.notes.retryAfter.map { (logged, $0) }
            return
        }
        settleOutage(nil)
        outage = open(.outage, logged)
        told = logged.event.notes.retryAfter.map { (logged, $0) }
    }

    /// Who asks the user later than this does so for another reason.
    private static let aftermath = Duration.seconds(60)
    private var lastFailure: Timestamp?
    /// Living grants that an app asked to replace in an outage, with the events that show it.
    private var abandoned: [(grant: GUID, events: [Int64])] = []
    /// The last answer that told how long to wait.
    private var told: (event: LoggedEvent, wait: Duration)?

    private mutating func noticeHaste(_ logged: LoggedEvent, at endpoint: Fault.Endpoint?) {
        guard let open = outage, incidents[open].endpoint == endpoint, let told else { return }
        let waited = logged.writtenAt - told.event.writtenAt
        // Retry-After counts whole seconds, and libraries do so too: MSAL Python comes back up to a second early.
        if waited + .seconds(1) < told.wait { early.append(logged) }
    }

    private mutating func settleOutage(_ recovered: LoggedEvent?) {
        guard let open = outage else { return }
        if let recovered {
            incidents[open].recovered = step(recovered, since: incidents[open])
            incidents[open].events.append(recovered.id)
        }
        let incident = incidents[open]
        let isPatient = settlePatience(incident)
        // A new sign-in is not the token that it had.
        if let recovered, isPatient, [.tokenRefreshed, .clientTokenIssued, .onBehalfOfIssued].contains(recovered.event.kind) {
            find(
                .outlivesOutage, "An answer failed or was lost on its way; it came back with the token that it had, and went on.",
                [incident.event, recovered.id])
        }
        outage = nil
        told = nil
        early = []
    }

    private mutating func settlePatience(_ incident: Incident) -> Bool {
        let late = early.contains { $0.writtenAt - incident.writtenAt > Self.together }
        if early.count > Self.tolerated || late, let wait = incident.retryAfter {
            find(
                .ignoresRetryAfter,
                "It was told to wait \(wait.iso8601), and came back before that \(early.count == 1 ? "once" : "\(early.count) times").",
                [incident.event] + early.map(\.id))
            return false
        }
        let soon = incident.retries.filter { $0.after <= .seconds(1) }
        if incident.retryAfter == nil, soon.count > Self.mostPerSecond {
            find(
                .hammersThroughOutage, "The service failed, and it came back \(soon.count) times within a second.", incident.events)
            return false
        }
        return true
    }

    // MARK: The end

    /// The file with all that is still open judged as it stands.
    func closed() -> CaseFile {
        var file = self
        file.settleSilent(nil)
        file.settleChallenge()
        file.settleOutage(nil)
        for (_, events) in abandoned {
            file.find(
                .losesLivingToken,
                "An outage was all that happened, and it sent its user to sign in while its refresh token was good.",
                events)
        }
        if let open = file.refusal {
            let incident = file.incidents[open]
            file.settleRefusal()
            // An application on its own has nobody to ask.
            if incident.asked == nil, user != nil, file.findings.allSatisfy({ $0.rule.severity != .fail }) {
                file.find(.hasNotAskedYet, "It was refused and has not asked its user to sign in since.", [incident.event])
            }
        }
        return file
    }
}

extension Event {
    /// An app sends somebody to a page, or to one with a device code.
    var asksForSignIn: Bool {
        switch kind {
        case .signInRequested, .deviceCodeIssued: true
        // A browser that still has a session shows no page.
        case .codeIssued: notes.prompt != AuthorizeRequest.Prompt.silent.rawValue
        default: false
        }
    }

    /// The app holds new tokens.
    fileprivate var givesTokens: Bool {
        switch kind {
        case .codeRedeemed, .deviceCodeRedeemed, .tokenRefreshed, .clientTokenIssued, .onBehalfOfIssued: true
        case .signedIn: grant != nil
        default: false
        }
    }

    fileprivate var refusesTokens: Bool {
        [.refreshRefused, .codeRefused, .deviceCodeRefused, .clientTokenRefused, .onBehalfOfRefused].contains(kind)
    }
}

extension Event.Notes {
    /// Whether the app got no answer to its question.
    fileprivate var isOutage: Bool { status.map { $0 >= 429 } ?? (spoiling != nil) }
}

extension AADSTS {
    /// Whether a refusal with this code means that what was presented will not do, whoever asks however.
    fileprivate var endsWhatWasPresented: Bool {
        ["invalid_grant", "interaction_required", "login_required", "consent_required"].contains(row.error)
    }
}
