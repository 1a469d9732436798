/// What did one client meet for one user, and how did it take that? Each event goes to small machines, one for each kind of
/// incident, and what they decide is kept here.
struct ClientHistory {
    let user: GUID?
    /// Those that are over.
    private(set) var incidents: [Incident] = []
    private(set) var findings: [Finding] = []
    /// The refusal or challenge that was met last, over or not.
    private(set) var lastRefusal: Incident?

    private var loop: LoopMachine
    private var refusal: RefusalMachine
    private var challenge: ChallengeMachine
    private var silentSignIn: SilentSignInMachine
    private var outage: OutageMachine
    private var page: PageMachine
    private let rules: JudgeRules

    init(user: GUID?, rules: JudgeRules = .newest) {
        (self.user, self.rules) = (user, rules)
        loop = LoopMachine(user: user)
        refusal = RefusalMachine(user: user, threshold: rules.thresholds)
        challenge = ChallengeMachine(user: user, threshold: rules.thresholds)
        silentSignIn = SilentSignInMachine(user: user, threshold: rules.thresholds)
        outage = OutageMachine(user: user, threshold: rules.thresholds)
        page = PageMachine(user: user, threshold: rules.thresholds)
    }

    var hasOpenIncident: Bool { refusal.isOpen || challenge.isOpen || silentSignIn.isOpen || outage.isOpen }
    /// Whether the user's sign-in is good, and nothing else is amiss.
    var isUndisturbed: Bool { refusal.liveGrant != nil && !hasOpenIncident }

    /// - Parameter hit: what a fault did to the request that wrote the event.
    mutating func observe(_ logged: LoggedEvent, hit: LoggedEvent?) {
        guard let observation = Observation(logged.event, hit: hit?.event) else { return }
        // The order of the machines is the order of the findings.
        switch observation {
        case .failure:
            perform(outage.on(.failed(logged)))
            perform(page.on(.failed(logged)))
        case .refusal:
            perform(loop.on(.refused(logged)))
            perform(outage.on(.refused(logged)))
            perform(refusal.on(.refused(logged)))
            if refusal.isOpen { perform(page.on(.refused(logged))) }
        case .tokens:
            perform(refusal.on(.tokens(logged)))
            perform(challenge.on(.tokens(logged)))
            perform(silentSignIn.on(.tokens(logged)))
            perform(outage.on(.tokens(logged)))
            perform(page.on(.tokens(logged)))
        case .signInRequest:
            perform(refusal.on(.asked(logged)))
            perform(challenge.on(.asked(logged)))
            // After a refusal or a challenge the sign-in is no fault of the outage.
            perform(outage.on(.asked(logged, liveGrant: challenge.isOpen ? nil : refusal.liveGrant)))
            perform(silentSignIn.on(.asked(logged)))
            perform(page.on(.asked(logged)))
        case .silentRefusal:
            perform(silentSignIn.on(.refused(logged)))
            perform(page.on(.refused(logged)))
        case .challenge:
            perform(challenge.on(.challenged(logged)))
            perform(page.on(.refused(logged)))
        case .outlivedAccess:
            perform(refusal.on(.outlivedAccess(logged)))
        case .page:
            perform(page.on(.page(logged)))
        }
    }

    /// The history with all that is still open judged as it stands.
    func ended() -> ClientHistory {
        var history = self
        history.perform(history.silentSignIn.on(.ended))
        history.perform(history.challenge.on(.ended))
        history.perform(history.outage.on(.ended))
        history.perform(history.page.on(.ended))
        let isFaultless = history.findings.allSatisfy { $0.rule.severity != .fail }
        history.perform(history.refusal.on(.ended(isFaultless: isFaultless)))
        return history
    }

    mutating func add(_ finding: Finding) { if rules.rules.contains(finding.rule) { findings.append(finding) } }

    private mutating func perform(_ actions: [JudgeAction]) {
        for action in actions {
            switch action {
            case .opened(let incident): if [.refusal, .challenge].contains(incident.kind) { lastRefusal = incident }
            case .closed(let incident): incidents.append(incident)
            case .found(let finding): add(finding)
            }
        }
    }
}
