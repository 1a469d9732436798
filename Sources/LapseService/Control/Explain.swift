import LapseRules
import LapseStore

extension Authority {
    /// Why a token or session is accepted or refused, on each plane in each region, and when that changes:
    /// `{"refresh_token"|"session"|"access_token","at"?,"region"?}`.
    ///
    /// Counts no attempt and writes no event.
    package func explain(_ body: JSON, in name: String) async throws -> JSON {
        let question = try reading { () throws(FieldError) in try Question(body) }
        var claims: AccessTokenClaims?
        if question.kind == .accessToken, case .payload(let payload) = await check(question.text) {
            claims = AccessTokenClaims(payload)
        }
        // As a writer, whose caches hold the account's history; nothing is written.
        return try store.write { tx throws -> JSON in
            let wall = systemTime()
            let tenant = try controlled(name, tx)
            let found =
                switch question.kind {
                case .refreshToken: try refreshToken(question.text, tx)
                case .session: try session(question.text, in: tenant, tx)
                case .accessToken: try accessToken(claims, tx)
                }
            // A request lands in a region of the tenant it is sent to: of the grant's, or of the one asked about.
            let place = try found?.grant.flatMap { try tx.tenant($0.tenant) } ?? tenant
            let regions = try regions(question.region, of: place)
            guard let found, place.id == tenant.id || found.authentication.user.tenant == tenant.id,
                let account = try account(of: found, in: place, wall: wall, tx)
            else { return question.kind.unknown }
            let instant = question.at ?? account.homeNow
            let own = found.grant == nil ? account.home : place
            let explanation = Explanation(
                of: found.subject, account: account, isKnownInTenant: try tx.user(of: account.user.home, in: place.id) != nil,
                tenantNow: own.clock.now(wall: wall), policy: try policy(of: found, account.user, in: place, tx))
            return [
                "kind": .string(question.kind.rawValue), "known": true, "reason": .null,
                "grant": JSON(found.grant?.id.description), "session": JSON(found.session?.description),
                "user": .string(account.user.id.description), "client": JSON(found.grant?.client.description),
                "authTime": JSON(found.authentication.place.at), "at": JSON(instant),
                "verdicts": .array(
                    explanation.verdicts(at: instant, regions: regions).map { $0.json(authTime: found.authentication.place.at) }),
                "history": .array(try history(of: found, tx).map(\.json)),
            ]
        }
    }

    /// What can be asked about.
    enum ExplainedKind: String, CaseIterable {
        case refreshToken = "refresh_token"
        case session
        case accessToken = "access_token"

        /// The answer for what Lapse never issued, or not in this tenant.
        var unknown: JSON {
            let reason =
                switch self {
                case .refreshToken: "Lapse issued no such refresh token in this tenant, or its tenant was reset since."
                case .session: "No browser session of this tenant has this cookie or id."
                case .accessToken: "Lapse signed no such access token for a user of this tenant, or its tenant was reset since."
                }
            return [
                "kind": .string(rawValue), "known": false, "reason": .string(reason), "grant": .null, "session": .null,
                "user": .null, "client": .null, "authTime": .null, "at": .null, "verdicts": [], "history": [],
            ]
        }
    }

    private struct Question {
        let kind: ExplainedKind
        let text: String
        let at: Timestamp?
        let region: String?

        init(_ body: JSON) throws(FieldError) {
            var reader = try ObjectReader(body)
            var given: [(ExplainedKind, String)] = []
            for kind in ExplainedKind.allCases {
                if let text = try reader.string(kind.rawValue, longest: 16_384) { given.append((kind, text)) }
            }
            at = try reader.instant("at")
            region = try reader.string("region")
            try reader.finish()
            guard given.count == 1 else {
                let kinds = ExplainedKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw FieldError("", "exactly one of \(kinds) is required")
            }
            (kind, text) = given[0]
        }
    }

    /// What was asked about, as it stands in the store.
    private struct Explained {
        let subject: Explanation.Subject
        let authentication: Authentication
        let grant: Grant?
        let session: GUID?
    }

    private func policy(
        of found: Explained, _ user: User, in tenant: Tenant, _ tx: StoreTransaction
    ) throws -> Explanation.Policy {
        guard let grant = found.grant, let app = try operation(tx, in: tenant).app(grant.client) else { return .none }
        let scopes = ScopePolicy(app: app, resources: try tx.resources(in: tenant.id), tenant: tenant)
        let resource = (try? scopes.delegated(grant.scope, mayNameSeveralResources: true))?.resource
        return Explanation.Policy(user: user, app: app, tenant: tenant, resource: resource ?? scopes.graph)
    }

    private func refreshToken(_ text: String, _ tx: StoreTransaction) throws -> Explained? {
        guard let origin = RefreshToken.origin(of: text),
            let token = try tx.refreshToken(SecretHash(of: text), of: origin.grant, issuedAt: origin.issuedAt),
            let grant = try tx.grant(origin.grant)
        else { return nil }
        return Explained(
            subject: .refreshToken(token, grant), authentication: grant.authentication, grant: grant, session: grant.session)
    }

    private func accessToken(_ claims: AccessTokenClaims?, _ tx: StoreTransaction) throws -> Explained? {
        guard let claims, let grant = try claims.grant.flatMap({ try tx.grant($0) }) else { return nil }
        return Explained(
            subject: .accessToken(
                end: claims.expiresAt, grant,
                isEvaluated: try tx.user(grant.user).map { ResourceAccess.isEvaluated(claims, of: $0) } ?? claims.declaresCP1),
            authentication: grant.authentication, grant: grant,
            session: grant.session)
    }

    /// A session by its id, or the newest that a browser with this cookie has in the tenant.
    private func session(_ text: String, in tenant: Tenant, _ tx: StoreTransaction) throws -> Explained? {
        let hash = SecretHash(of: text)
        let named = try GUID(text).flatMap { try tx.session($0) }.map { [$0] }
        let sessions = try named ?? BrowserSession.Cookie.allCases.flatMap { try tx.sessions(browsers: [$0: hash]) }
        // The newest that is not signed out, else the newest.
        let newest = try sessions.filter { try tx.user(of: $0.authentication.user, in: tenant.id) != nil }
            .max {
                ($0.endedAt == nil ? 1 : 0, $0.authentication.place.sequence) < (
                    $1.endedAt == nil ? 1 : 0, $1.authentication.place.sequence
                )
            }
        return newest.map {
            Explained(subject: .session($0), authentication: $0.authentication, grant: nil, session: $0.id)
        }
    }

    /// The account with its whole history: as the tenant knows it, else as its home does.
    private func account(
        of found: Explained, in place: Tenant, wall: Timestamp, _ tx: StoreTransaction
    ) throws -> AccountFacts? {
        let home = found.authentication.user
        let subject = found.grant?.id ?? found.session ?? home.user
        return try operation(tx, in: place).account(of: home, since: .epoch, subject: subject)
            ?? tx.tenant(home.tenant).flatMap { try operation(tx, in: $0).account(of: home, since: .epoch, subject: subject) }
    }

    private func regions(_ name: String?, of home: Tenant) throws -> [Region] {
        let regions = model(of: home).regions
        guard let name else { return regions }
        guard let region = regions.first(where: { $0.description == name }) else {
            throw ControlError.invalid(FieldError("region", "is no region of \(home.name)"))
        }
        return [region]
    }

    /// What happened to the grant, or to all grants of the session, with the sign-in before them.
    private func history(of found: Explained, _ tx: StoreTransaction) throws -> [LoggedEvent] {
        var grants = [found.grant?.id].compactMap { $0 }
        if case .session(let session) = found.subject {
            grants = try tx.grants(of: found.authentication.user, tenant: nil, limit: ControlPage<JSON>.size)
                .filter { $0.session == session.id }.map(\.id)
        }
        return try tx.events(of: grants, since: found.authentication.place.sequence, limit: ControlPage<JSON>.size)
    }
}

extension Explanation.Verdict {
    func json(authTime: Timestamp) -> JSON {
        [
            "plane": .string(plane.rawValue), "region": .string(region.description), "accepted": .bool(isAccepted),
            "code": code.map { .integer(Int64($0.rawValue)) } ?? .null, "rule": .string(rule.rawValue), "why": .string(why),
            "authTime": JSON(authTime), "cutOff": JSON(cutOff), "revocation": JSON(revocation?.description),
            "changesAt": JSON(changesAt), "attemptsLeft": attemptsLeft.map { .integer(Int64($0)) } ?? .null,
        ]
    }
}
