/// What does a person see of an app after something was refused? The sign-in page, or what says why not; never an error of the server, and
/// never the page of before as if nothing had happened.
struct PageMachine: Equatable {
    enum State: Equatable {
        /// Nothing is amiss. Whether anybody is signed in decides what a page is worth as a pattern.
        case quiet(isSignedIn: Bool)
        /// Refused or challenged, and no good tokens since.
        case refused(Refusal)
        /// The authority fails, and nothing was refused. A good answer of Graph leaves no trace, one of the endpoints by which people sign in
        /// does.
        case failing(leavesTrace: Bool)
    }

    struct Refusal: Equatable {
        let event: Int64
        var isAsked = false
        var errors: [Shown] = []
        var serverErrors: [Shown] = []
        var unanswered: [Shown] = []
        var hasAnswered = false
        var lastIsUnanswered = false
        var stale: [Shown] = []
        var connected: [Shown] = []
    }

    struct Pages: Equatable {
        var signedIn: Set<String> = []
        var stranger: Set<String> = []
    }

    /// A page, and the event that tells of it.
    struct Shown: Equatable {
        let event: Int64
        let page: Event.Page

        /// Whether it is for a program, as what a token endpoint or a status endpoint answers.
        var isJSON: Bool { page.text.hasPrefix("{") || page.text.hasPrefix("[") }

        /// Whether it is what a token endpoint owes a program (RFC 6749 section 5.2).
        var passesRefusalOn: Bool { isJSON && page.status == 400 && page.text.contains("\"invalid_grant\"") }

        /// Whether it says that the connection to the account is good.
        var saysConnected: Bool {
            isJSON
                && page.text.lowercased().contains(
                    /"(is_?)?(connected|authenticated|authorized|linked|signed_?in|logged_?in)" ?: ?true|"(status|state|connection|auth)" ?: ?"(connected|authenticated|authorized|signed[_ ]?in|active)"/
                )
        }
    }

    enum Input {
        case refused(LoggedEvent)
        case failed(LoggedEvent)
        case tokens(LoggedEvent)
        case asked(LoggedEvent)
        case page(LoggedEvent)
        /// The log ends here.
        case ended
    }

    let user: GUID?
    private let threshold: JudgeThreshold
    private(set) var state = State.quiet(isSignedIn: false)
    /// What was shown to somebody whose sign-in was good, and what to a stranger; without digits, so that clocks do not count.
    private(set) var pages = Pages()
    private var outages: [Shown] = []
    private var lastFailedAt: Timestamp?
    /// More pages than these are not told apart.
    private static let mostPages = 50

    init(user: GUID?, threshold: JudgeThreshold = JudgeThreshold()) { (self.user, self.threshold) = (user, threshold) }

    mutating func on(_ input: Input) -> [JudgeAction] {
        switch input {
        case .refused(let logged): onRefused(logged)
        case .failed(let logged): onFailed(logged)
        case .tokens: onTokens()
        case .asked: onAsked()
        case .page(let logged): onPage(logged)
        case .ended: onEnded()
        }
    }

    /// An app that answered after the refusal, and then no more, was stopped.
    private mutating func onEnded() -> [JudgeAction] {
        if case .refused(var refusal) = state, refusal.hasAnswered, refusal.lastIsUnanswered {
            refusal.unanswered = []
            state = .refused(refusal)
        }
        return close()
    }

    private mutating func onRefused(_ logged: LoggedEvent) -> [JudgeAction] {
        if case .refused(var refusal) = state {
            // Whoever was asked meets the next refusal.
            refusal.isAsked = false
            state = .refused(refusal)
        } else {
            state = .refused(Refusal(event: logged.id))
        }
        return []
    }

    private mutating func onFailed(_ logged: LoggedEvent) -> [JudgeAction] {
        lastFailedAt = logged.writtenAt
        if case .refused = state { return [] }
        state = .failing(leavesTrace: logged.event.notes.endpoint?.showsRecovery ?? true)
        return []
    }

    private mutating func onTokens() -> [JudgeAction] {
        let actions = close()
        state = .quiet(isSignedIn: true)
        return actions
    }

    private mutating func onAsked() -> [JudgeAction] {
        guard case .refused(var refusal) = state else { return [] }
        refusal.isAsked = true
        state = .refused(refusal)
        return []
    }

    private mutating func onPage(_ logged: LoggedEvent) -> [JudgeAction] {
        guard let page = logged.event.notes.page else { return [] }
        let shown = Shown(event: logged.id, page: page)
        let isServerError = page.status.map { $0 >= 500 } ?? true
        let isOfOutage = lastFailedAt.map { logged.writtenAt - $0 <= threshold.pageAfterFailure } ?? false
        switch state {
        case .quiet(let isSignedIn):
            if page.status == 200 { remember(page.text, isSignedIn: isSignedIn) }
        case .failing(let leavesTrace):
            if isServerError, leavesTrace || isOfOutage { outages.append(shown) }
        case .refused(var refusal):
            refusal.lastIsUnanswered = page.status == nil
            if page.status != nil {
                refusal.hasAnswered = true
                // Lost, and come again: what a slow machine does.
                if refusal.unanswered.count <= threshold.forgivenUnansweredPages { refusal.unanswered = [] }
            }
            if isServerError, isOfOutage {
                outages.append(shown)
            } else if page.status == nil {
                refusal.unanswered.append(shown)
            } else if isServerError {
                refusal.serverErrors.append(shown)
            } else if let status = page.status, status >= 400 {
                if !refusal.isAsked, !shown.passesRefusalOn, !Self.offersSignIn(page.text) { refusal.errors.append(shown) }
            } else if !refusal.isAsked, shown.saysConnected {
                refusal.connected.append(shown)
            } else if !refusal.isAsked, isStale(page.text) {
                refusal.stale.append(shown)
            }
            state = .refused(refusal)
        }
        return []
    }

    private mutating func remember(_ text: String, isSignedIn: Bool) {
        let text = Self.folded(text)
        if isSignedIn, pages.signedIn.count < Self.mostPages { pages.signedIn.insert(text) }
        if !isSignedIn, pages.stranger.count < Self.mostPages { pages.stranger.insert(text) }
    }

    /// A page that a stranger sees, too, shows nothing of the user.
    private func isStale(_ text: String) -> Bool {
        let text = Self.folded(text)
        return !text.isEmpty && pages.signedIn.contains(text) && !pages.stranger.contains(text)
    }

    private static func offersSignIn(_ text: String) -> Bool {
        text.lowercased().contains(/\b(sign|log)[ -]?in\b/)
    }

    private static func folded(_ text: String) -> String { text.filter { !$0.isNumber } }

    private mutating func close() -> [JudgeAction] {
        var findings: [Finding] = []
        func add(_ rule: ReactionRule, _ says: String, _ shown: [Shown], after event: Int64? = nil) {
            findings.append(Finding(rule: rule, user: user, says: says, events: [event].compactMap { $0 } + shown.map(\.event)))
        }
        if case .refused(let refusal) = state {
            let lost = refusal.unanswered.count > threshold.forgivenUnansweredPages ? refusal.unanswered : []
            let flattened = refusal.serverErrors.filter(\.isJSON)
            if let first = flattened.first, let status = first.page.status {
                add(
                    .flattensRefusal, "After the refusal its own endpoint answered \(status): \(first.page.quoted).", flattened,
                    after: refusal.event)
            }
            let pages = refusal.serverErrors.filter { !$0.isJSON }
            if let first = pages.first ?? lost.first {
                let answered = first.page.status.map { "answered \($0)" } ?? "gave no answer"
                add(
                    .showsServerError, "After the refusal it \(answered): \(first.page.quoted).",
                    (pages + lost).sorted { $0.event < $1.event }, after: refusal.event)
            }
            if refusal.stale.count > threshold.forgivenStalePages, let first = refusal.stale.first {
                add(
                    .showsStalePage,
                    "After the refusal it went on showing what it had shown before, \(refusal.stale.count) times: \(first.page.quoted).",
                    refusal.stale, after: refusal.event)
            }
            if refusal.connected.count > threshold.forgivenStalePages, let first = refusal.connected.first {
                add(
                    .showsConnected,
                    "After the refusal it went on saying that it is connected, \(refusal.connected.count) times: \(first.page.quoted).",
                    refusal.connected, after: refusal.event)
            }
            if let first = refusal.errors.first, let status = first.page.status {
                add(
                    .showsErrorPage, "After the refusal it answered \(status): \(first.page.quoted).", refusal.errors,
                    after: refusal.event)
            }
        }
        if let first = outages.first {
            let answered = first.page.status.map { "answered \($0)" } ?? "gave no answer"
            add(.showsOutage, "While the authority failed it \(answered): \(first.page.quoted).", outages)
        }
        outages = []
        lastFailedAt = nil
        state = .quiet(isSignedIn: false)
        return findings.map { .found($0) }
    }
}
