/// Something that goes wrong on purpose: which requests it meets, how often, and what becomes of them.
///
/// The faults of a tenant are asked in the order in which they were made; a request is hit by the first that meets it. Faults that
/// end after some hits therefore play one after the other.
package struct Fault: Equatable, Sendable {
    /// The endpoints at which a request can be met.
    package enum Endpoint: String, CaseIterable, Sendable { case token, authorize, devicecode, keys, discovery, graph, resource }

    /// What a request must be to be met; nil asks nothing.
    package struct Match: Equatable, Sendable {
        package var endpoint: Endpoint?
        package var flow: AppRegistration.Flow?
        package var client: ClientID?
        package var user: GUID?
        package var region: Region?

        package init() {}
    }

    /// A request, as far as faults look at it.
    package struct Subject: Sendable {
        package let endpoint: Endpoint
        package let flow: AppRegistration.Flow?
        package let client: ClientID?
        package let user: GUID?
        package let region: Region
        /// For the log: what the request rests on.
        package let grant: GUID?
        package let presented: String?

        package init(
            _ endpoint: Endpoint, flow: AppRegistration.Flow? = nil, client: ClientID? = nil, user: GUID? = nil, region: Region,
            grant: GUID? = nil, presented: String? = nil
        ) {
            self.grant = grant
            self.presented = presented
            self.endpoint = endpoint
            self.flow = flow
            self.client = client
            self.user = user
            self.region = region
        }
    }

    package let id: GUID
    /// Which of its tenant's faults it is: the order in which they are asked, and the key of its chances.
    package let ordinal: Int64
    /// A label to find and clear it by; nil: none.
    package let name: String?
    package let match: Match
    package let effect: FaultEffect
    /// How many requests it hits at most; nil: no bound.
    package let times: Int64?
    /// The share of matching requests that are hit; nil: all.
    package let probability: Double?
    /// How many matching requests it was asked about, and how many of them it hit.
    package var asked: Int64
    package var hits: Int64

    package init(
        id: GUID, ordinal: Int64, name: String? = nil, match: Match = Match(), effect: FaultEffect, times: Int64? = nil,
        probability: Double? = nil
    ) {
        (self.id, self.ordinal, self.name, self.match, self.effect) = (id, ordinal, name, match, effect)
        (self.times, self.probability, asked, hits) = (times, probability, 0, 0)
    }

    /// The same fault of another tenant, for the user who stands there for this one's.
    init(copying fault: Fault, id: GUID, user: GUID?) {
        (self.id, ordinal, name, effect) = (id, fault.ordinal, fault.name, fault.effect)
        (times, probability, asked, hits) = (fault.times, fault.probability, 0, 0)
        var match = fault.match
        match.user = user
        self.match = match
    }

    /// How many more requests it may hit; nil: no bound.
    package var left: Int64? { times.map { max(0, $0 - hits) } }
    /// Whether it is over: hit as often as it may.
    var isSpent: Bool { left == 0 }

    func meets(_ subject: Subject) -> Bool {
        !isSpent && effect.reaches(subject.endpoint) && match.endpoint ?? subject.endpoint == subject.endpoint
            && (match.flow == nil || match.flow == subject.flow) && (match.client == nil || match.client == subject.client)
            && (match.user == nil || match.user == subject.user) && match.region ?? subject.region == subject.region
    }

    /// Which fault hits the request?
    ///
    /// - Parameter faults: the tenant's, in their order.
    /// - Parameter seed: of the tenant's propagation model, which is the seed of all its chances.
    /// - Returns: the fault that hits, counted; and all whose counts the question changed.
    package static func hit(_ subject: Subject, of faults: [Fault], seed: Int64) -> (hit: Fault?, changed: [Fault]) {
        var changed: [Fault] = []
        for fault in faults where fault.meets(subject) {
            var fault = fault
            fault.asked += 1
            let isHit = fault.probability.map { probability in
                Chance(["fault", String(seed), String(fault.ordinal), String(fault.asked)]).falls(within: probability)
            }
            if isHit ?? true { fault.hits += 1 }
            changed.append(fault)
            if isHit ?? true { return (fault, changed) }
        }
        return (nil, changed)
    }
}

/// What becomes of a request that a fault hits.
package struct FaultEffect: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// Refused with a code; nil: with words of the fault's own alone. A nil suberror leaves the code's own; an empty one takes it away.
        case refuse(AADSTS?, suberror: String?, claims: String?)
        /// 429, 500 or 503, as each surface says it.
        case fail(status: Int, retryAfter: Duration?)
        /// A resource demands a token with these claims.
        case challenge(claims: String, variant: ChallengeVariant? = nil)
        case response(ResponseFault)
        case keys(KeyTrouble)
        /// Nothing but the latency.
        case delay
    }

    /// What becomes of an answer on its way. All but `closed` happen to a request that was served: what it changed stays.
    package enum ResponseFault: String, CaseIterable, Sendable {
        /// The first half of the body, then the connection ends.
        case cut
        /// A body of its full length that is no JSON.
        case malformed
        /// The connection ends without an answer, and nothing was done.
        case closed
        /// The headers, then nothing.
        case silent
        /// Commit-then-drop: everything was done and stored, and the connection ends without an answer.
        case dropped
    }

    /// What is wrong with signing keys: of the keys document, and of tokens that are signed meanwhile.
    package enum KeyTrouble: String, CaseIterable, Sendable {
        /// The document lists a key of before, not the one that signs.
        case stale
        /// The document has another key under the name of the one that signs.
        case wrong
        /// Tokens name a key that no document lists.
        case unknownKid
        /// Tokens are signed with the next key, and the document lists both.
        case rolledOver
    }

    /// How a challenge may be written that HTTP allows (RFC 9110 section 11.6.1) and parsers stumble over.
    package enum ChallengeVariant: String, CaseIterable, Sendable {
        /// The claims end in `=`, as base64 of most lengths does.
        case padded
        /// Another scheme's challenge before it, in the same header.
        case severalInOne
        /// A challenge without claims in a header of its own before it.
        case twoHeaders
        /// Scheme and names of parameters in other letter case.
        case otherCase
    }

    package let kind: Kind
    /// What a refusal says in place of the code's words, and beside them.
    package let words: EntraError.OwnWords?
    /// How long the answer is held back, in the machine's time.
    package let latency: Span?

    package init(_ kind: Kind, words: EntraError.OwnWords? = nil, latency: Span? = nil) {
        self.kind = kind
        self.words = words
        self.latency = latency
    }

    /// Whether it makes sense at the endpoint.
    package func reaches(_ endpoint: Fault.Endpoint) -> Bool {
        switch kind {
        case .refuse: [.token, .authorize, .devicecode].contains(endpoint)
        case .challenge: [.graph, .resource].contains(endpoint)
        case .keys(.stale), .keys(.wrong): endpoint == .keys
        case .keys(.unknownKid): endpoint == .token
        case .keys(.rolledOver): [.keys, .token].contains(endpoint)
        case .fail, .response, .delay: true
        }
    }

    /// How long this hit holds its answer back; nil: not at all.
    package func latency(of fault: Fault, seed: Int64) -> Duration? {
        latency.map { span in
            min(span.drawn { Chance(["latency", String(seed), String(fault.ordinal), String(fault.hits)]) }, Fault.longestLatency)
        }
    }
}

// MARK: As JSON

extension Fault {
    /// An answer is held back no longer than this, whatever chance says.
    static let longestLatency = Duration.seconds(120)
    private static let mostTimes: Int64 = 1_000_000
    /// The most faults that a tenant may have.
    package static let most = 100

    /// Reads `{"match","effect","times"?,"probability"?,"name"?}`.
    ///
    /// - Parameter findUser: the user of a name or id; nil: there is none.
    package init(
        _ value: JSON, path: String = "", id: GUID, ordinal: Int64, findUser: (String) -> GUID?
    ) throws(FieldError) {
        var reader = try ObjectReader(value, path: path)
        self.id = id
        self.ordinal = ordinal
        name = try reader.filled("name", longest: 100)
        match = try reader.object("match").map { inner throws(FieldError) in try Match(inner, findUser: findUser) } ?? Match()
        guard let effect = reader.value("effect") else { throw FieldError(reader.field("effect"), "is required") }
        self.effect = try FaultEffect(effect, path: reader.field("effect"))
        times = try reader.integer("times", in: 1...Self.mostTimes)
        probability = try Self.probability(&reader)
        try reader.finish()
        (asked, hits) = (0, 0)
        if let endpoint = match.endpoint, !self.effect.reaches(endpoint) {
            throw FieldError(reader.field("match") + ".endpoint", "is not one where this effect can be played")
        }
        if match.flow != nil, let endpoint = match.endpoint, endpoint != .token {
            throw FieldError(reader.field("match") + ".grantType", "is only for the endpoint token")
        }
    }

    private static func probability(_ reader: inout ObjectReader) throws(FieldError) -> Double? {
        let share: Double? =
            switch reader.value("probability") {
            case nil: nil
            case .integer(let number): Double(number)
            case .number(let number): number
            default: -1
            }
        if let share, !(share > 0 && share <= 1) {
            throw FieldError(reader.field("probability"), "must be a number above 0, at most 1")
        }
        return share
    }
}

extension Fault.Match {
    init(_ given: ObjectReader, findUser: (String) -> GUID?) throws(FieldError) {
        var reader = given
        endpoint = try reader.choice("endpoint", of: Fault.Endpoint.self)
        if let type = try reader.string("grantType") {
            guard let named = AppRegistration.Flow(grantType: type) else {
                let known = AppRegistration.Flow.allCases.map(\.grantType).joined(separator: ", ")
                throw FieldError(reader.field("grantType"), "must be one of: \(known)")
            }
            flow = named
        }
        client = try reader.filled("client", longest: 128).map { ClientID($0) }
        user = try reader.user("user", findUser)
        if let name = try reader.string("region") {
            guard let named = Region(name) else { throw FieldError(reader.field("region"), "is not the name of a region") }
            region = named
        }
        try reader.finish()
    }
}

extension FaultEffect {
    package static let statuses: [Int64] = [429, 500, 503]

    /// Reads an object with one of `code`, `status`, `challenge`, `answer`, `keys`, or with `latency` alone; `latency` may stand
    /// beside each. `error`, `error_description` and `members` may stand beside a code, and `error` in its place.
    init(_ value: JSON, path: String) throws(FieldError) {
        var reader = try ObjectReader(value, path: path)
        var kinds = ["code", "status", "challenge", "answer", "keys"].filter { reader.has($0) }
        if kinds.isEmpty, reader.has("error") { kinds = ["error"] }
        let delay = reader.value("latency")
        guard kinds.count == 1 || (kinds.isEmpty && delay != nil) else {
            throw FieldError(path, "must have one of code, error, status, challenge, answer, keys; or only latency")
        }
        var words: EntraError.OwnWords?
        switch kinds.first {
        case "code", "error":
            kind = try Self.refusal(&reader)
            words = try EntraError.OwnWords(&reader)
        case "status":
            guard case .integer(let status)? = reader.value("status"), Self.statuses.contains(status) else {
                throw FieldError(
                    reader.field("status"), "must be one of: \(Self.statuses.map(String.init).joined(separator: ", "))")
            }
            let wait = try reader.duration("retryAfter")
            guard wait == nil || status != 500 else { throw FieldError(reader.field("retryAfter"), "is for 429 and 503") }
            // Entra: recorded with 429.
            kind = .fail(status: Int(status), retryAfter: wait ?? (status == 429 ? .seconds(60) : nil))
        case "challenge":
            let claims = try Self.claims("challenge", &reader)
            guard let claims else { throw FieldError(reader.field("challenge"), "must be a JSON object as text") }
            kind = .challenge(claims: claims, variant: try reader.choice("variant", of: ChallengeVariant.self))
        case "answer":
            guard let responseFault = try reader.choice("answer", of: ResponseFault.self) else {
                throw FieldError(reader.field("answer"), "must be a text")
            }
            kind = .response(responseFault)
        case "keys":
            guard let trouble = try reader.choice("keys", of: KeyTrouble.self) else {
                throw FieldError(reader.field("keys"), "must be a text")
            }
            kind = .keys(trouble)
        default: kind = .delay
        }
        self.words = words
        var latency: Span?
        if let delay { latency = try Self.latency(delay, path: reader.field("latency")) }
        self.latency = latency
        try reader.finish()
    }

    private static func latency(_ value: JSON, path: String) throws(FieldError) -> Span {
        let forms = FieldError(path, "must be an object with one of fixed, uniform, lognormal")
        let span = try Span(value, path: path, orElse: forms)
        guard span.longest <= Fault.longestLatency else {
            throw FieldError(path, "must not exceed \(Fault.longestLatency.iso8601)")
        }
        return span
    }

    private static func refusal(_ reader: inout ObjectReader) throws(FieldError) -> Kind {
        let isNamed = reader.has("code")
        let number = try reader.integer("code", in: 0...Int64(Int32.max))
        let code = number.flatMap { AADSTS(rawValue: Int($0)) }
        guard code != nil || !isNamed else {
            throw FieldError(reader.field("code"), "must be the number of a code that docs/codes.md lists")
        }
        let takesSuberrorAway = reader.has("suberror")
        let suberror = try reader.string("suberror", longest: 100)
        return .refuse(code, suberror: suberror ?? (takesSuberrorAway ? "" : nil), claims: try claims("claims", &reader))
    }

    private static func claims(_ name: String, _ reader: inout ObjectReader) throws(FieldError) -> String? {
        guard let text = try reader.string(name) else { return nil }
        guard case .object = JSON(parsing: Array(text.utf8)) else {
            throw FieldError(reader.field(name), "must be a JSON object as text")
        }
        return text
    }
}

extension EntraError.OwnWords {
    private static let mostMembers = 20

    /// Nil: the object has none.
    fileprivate init?(_ reader: inout ObjectReader) throws(FieldError) {
        error = try reader.filled("error", longest: 100)
        // RFC 6749 section 5.2.
        guard error?.utf8.allSatisfy({ (32...126).contains($0) && $0 != 34 && $0 != 92 }) ?? true else {
            throw FieldError(reader.field("error"), "must be printable ASCII without quotes and backslashes")
        }
        description = try reader.string("error_description")
        members = []
        if let value = reader.value("members") {
            guard case .object(let given) = value, given.count <= Self.mostMembers else {
                throw FieldError(reader.field("members"), "must be an object of at most \(Self.mostMembers) members")
            }
            members = given
        }
        guard error != nil || description != nil || !members.isEmpty else { return nil }
    }
}

extension ObjectReader {
    /// A text that is not empty, where there is one.
    mutating func filled(_ name: String, longest: Int) throws(FieldError) -> String? {
        let text = try string(name, longest: longest)
        guard text != "" else { throw FieldError(field(name), "must not be empty") }
        return text
    }

    /// The user of that name or id, where one is named.
    mutating func user(_ name: String, _ find: (String) -> GUID?) throws(FieldError) -> GUID? {
        guard let text = try string(name) else { return nil }
        guard let found = find(text) else { throw FieldError(field(name), "names no user of this tenant") }
        return found
    }
}
