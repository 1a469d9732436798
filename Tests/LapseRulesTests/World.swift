@testable import LapseRules

/// The small world of the tables: the built-in lab at one instant. No two of its clocks agree by chance, so that a rule that reads
/// the wrong one is found out.
enum World {
    private static let lab = BuiltInLab.seed[0]

    static let contoso = lab.tenant
    static let fabrikam = BuiltInLab.seed[1].tenant

    static let adele = lab.users[0]
    static let alex = lab.users[1]
    static let admin = lab.users[2]
    /// Nestor of Fabrikam, a guest at Contoso.
    static let guest = lab.users[3]

    static let native = lab.apps[0]
    static let web = lab.apps[1]
    static let spa = lab.apps[2]
    static let daemon = lab.apps[3]
    static let api = lab.apps[4]
    /// Microsoft's two command lines, which are of one family.
    static let commandLine = FirstPartyApps.all[0]
    static let powerShell = FirstPartyApps.all[1]

    /// The instant of every tenant, unless a row says other.
    static let now = Timestamp("2026-03-01T12:00:00Z")!
    /// What the machine's clock shows meanwhile.
    static let systemTime = Timestamp("2026-06-01T00:00:00Z")!
    static let signedInAt = now - .seconds(3600)
    static let revokedAt = now - .seconds(600)

    static let east = Region("east")!
    static let west = Region("west")!

    static let grant = GUID("cccccccc-0003-4000-8000-00000000000a")!
    static let session = GUID("cccccccc-0003-4000-8000-00000000000b")!
    static let revocation = GUID("cccccccc-0003-4000-8000-00000000000c")!
    static let random = RandomSource.seeded(1)

    /// Where the account's events stand in the order of events: behind the sign-in.
    static let signInSequence: Int64 = 10
    static let revocationSequence: Int64 = 20
    static let changeSequence: Int64 = 30

    /// The demand of a challenge that a client hands back.
    static let challengeAnswer = #"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#

    /// Of a request at Contoso's endpoint, for whose client no certificate counts.
    static let surroundings = ClientAssertion.Surroundings(
        origins: ["https://localhost:8443"], tenant: contoso, name: TenantName("contoso.example")!, now: now, systemTime: systemTime
    ) { _, _ in false }

    /// All pairs of different rows, each in the order of the list: for what is said when two things are wrong at once.
    static func pairs<Element: Sendable>(_ rows: [Element]) -> [(Element, Element)] {
        rows.indices.flatMap { first in rows[(first + 1)...].map { (rows[first], $0) } }
    }

    static func form(_ members: [String: String]) -> FormParameters {
        members.reduce(FormParameters.empty) { $0.adding($1.key, $1.value) }
    }
}

extension Timestamp {
    /// The next instant and the one before.
    static let tick = Duration(ticks: 1)
}

/// One row of a table: what is other than where all is well, and what comes of it.
struct Row<Facts, Expected: Sendable>: Sendable, CustomStringConvertible {
    let description: String
    let expected: Expected
    let change: @Sendable (inout Facts) -> Void

    init(_ description: String, _ expected: Expected, _ change: @escaping @Sendable (inout Facts) -> Void) {
        self.description = description
        self.expected = expected
        self.change = change
    }
}

/// A yes or a no, with all that a row may pin of it.
struct Verdict: Equatable, Sendable {
    /// Nil: yes, or a refusal in Lapse's own words.
    private(set) var code: AADSTS?
    /// The OAuth error; nil: yes.
    private(set) var error: String?
    private(set) var revocation: GUID?
    private(set) var attempts: Set<Attempt> = []

    static let accepted = Verdict()

    static func accepted(counting attempts: Set<Attempt>) -> Verdict { Verdict(attempts: attempts) }

    static func refused(
        _ code: AADSTS, _ error: String, by revocation: GUID? = nil, counting attempts: Set<Attempt> = []
    ) -> Verdict {
        Verdict(code: code, error: error, revocation: revocation, attempts: attempts)
    }

    static func refusedInOwnWords(_ error: String) -> Verdict { Verdict(error: error) }

    init(code: AADSTS? = nil, error: String? = nil, revocation: GUID? = nil, attempts: Set<Attempt> = []) {
        self.code = code
        self.error = error
        self.revocation = revocation
        self.attempts = attempts
    }

    init(_ error: EntraError?) { self.init(code: error?.code, error: error?.error) }

    init(_ refusal: Refusal?, attempts: [Attempt]) {
        self.init(
            code: refusal?.error.code, error: refusal?.error.error, revocation: refusal?.revocation, attempts: Set(attempts))
    }
}

extension TokenDecision {
    var refusal: Refusal? { if case .refuse(let refusal) = self { refusal } else { nil } }
    var issue: TokenIssue? { if case .issue(let issue) = self { issue } else { nil } }
    var verdict: Verdict { Verdict(refusal, attempts: attempts) }
}

/// The surroundings of a token request.
struct Surroundings: Sendable {
    var tenant = World.contoso
    var app = World.native
    var resources = [ResourceAPI(World.api)!]
    var region = World.east
    var now = World.now
    var systemTime = World.systemTime
    var random = World.random

    var context: TokenContext {
        TokenContext(
            tenant: tenant, app: app, resources: resources, region: region, now: now, systemTime: systemTime, random: random)
    }
}

/// A grant: Adele's sign-in to the native app an hour ago, unless a row says other.
struct GrantSample: Sendable {
    var tenant = World.contoso.id
    var user = World.adele
    var client = World.native.id
    var clientClass = ClientClass.public
    var scope = "openid profile offline_access User.Read"
    var signedInAt = World.signedInAt
    var method = SignInMethod.password
    var session: GUID? = World.session
    var declaresCP1 = false
    var registration: Int64 = 0

    var grant: Grant {
        Grant(
            id: World.grant, tenant: tenant, user: user.id, client: client, clientClass: clientClass, scope: scope,
            authentication: authentication, session: session, createdAt: signedInAt, declaresCP1: declaresCP1,
            registration: registration)
    }

    var authentication: Authentication {
        Authentication(user: user.home, place: Place(at: signedInAt, sequence: World.signInSequence), method: method)
    }
}

/// An account, and what speaks against it: nothing, unless a row says other.
struct Account: Sendable {
    var user = World.adele
    var home = World.contoso
    var homeNow = World.now
    private var revocations: [Revocation] = []
    private var stateChanges: [StateChange] = []

    init(_ user: User = World.adele, home: Tenant = World.contoso) {
        self.user = user
        self.home = home
    }

    var facts: AccountFacts {
        AccountFacts(
            user: user, history: AccountHistory(revocations: revocations, stateChanges: stateChanges), home: home, homeNow: homeNow)
    }

    /// Revokes, in effect at once everywhere unless arrivals are given.
    mutating func revoke(
        _ arrivals: [Propagation.Arrival]? = nil, id: GUID = World.revocation, cause: Revocation.Cause = .adminRevoke,
        at instant: Timestamp = World.revokedAt
    ) {
        let arrivals = arrivals ?? Plane.allCases.map { .init(plane: $0, region: World.east, moment: .at(instant)) }
        revocations.append(
            Revocation(
                id: id, user: user.home, place: Place(at: instant, sequence: World.revocationSequence), cause: cause, actor: nil,
                propagation: Propagation(arrivals)))
    }

    /// Changes the account's state, in effect at once everywhere unless arrivals are given.
    mutating func become(_ kind: StateChange.Kind, _ arrivals: [Propagation.Arrival]? = nil) {
        let arrivals = arrivals ?? Plane.allCases.map { .init(plane: $0, region: World.east, moment: .at(World.revokedAt)) }
        stateChanges.append(
            StateChange(
                id: World.grant, user: user.home, kind: kind,
                place: Place(at: World.revokedAt, sequence: World.changeSequence), propagation: Propagation(arrivals)))
    }
}

extension [Propagation.Arrival] {
    /// In effect on one plane alone, held on the others.
    static func only(on plane: Plane, at instant: Timestamp = World.revokedAt) -> [Propagation.Arrival] {
        Plane.allCases.map { .init(plane: $0, region: World.east, moment: $0 == plane ? .at(instant) : .held) }
    }

    /// In effect on all planes of one region, held in the other.
    static func only(in region: Region) -> [Propagation.Arrival] {
        [World.east, World.west].flatMap { one in
            Plane.allCases.map { .init(plane: $0, region: one, moment: one == region ? .at(World.revokedAt) : .held) }
        }
    }

    /// On this plane in effect after so many requests, held on the others.
    static func after(_ requests: Int, on plane: Plane) -> [Propagation.Arrival] {
        Plane.allCases.map { .init(plane: $0, region: World.east, moment: $0 == plane ? .afterAttempts(requests) : .held) }
    }
}

extension Set<Attempt> {
    /// What a request at this plane used up of a revocation that still lets it pass.
    static func ofRevocation(on plane: Plane) -> Set<Attempt> {
        [Attempt(sequence: World.revocationSequence, plane: plane, region: World.east)]
    }

    /// The same of a change of the account's state.
    static func ofChange(on plane: Plane) -> Set<Attempt> {
        [Attempt(sequence: World.changeSequence, plane: plane, region: World.east)]
    }
}

extension AppRegistration {
    /// The app with another value of one field.
    func with<Value>(_ field: WritableKeyPath<AppRegistration, Value>, _ value: Value) -> AppRegistration {
        var app = self
        app[keyPath: field] = value
        return app
    }
}

extension User {
    /// The user with another value of one field.
    func with<Value>(_ field: WritableKeyPath<User, Value>, _ value: Value) -> User {
        var user = self
        user[keyPath: field] = value
        return user
    }
}

extension Tenant {
    /// The tenant with another value of one field.
    func with<Value>(_ field: WritableKeyPath<Tenant, Value>, _ value: Value) -> Tenant {
        var tenant = self
        tenant[keyPath: field] = value
        return tenant
    }
}

extension Result {
    /// What the "no" is; nil for a "yes".
    var refusal: Failure? { if case .failure(let refusal) = self { refusal } else { nil } }
}
