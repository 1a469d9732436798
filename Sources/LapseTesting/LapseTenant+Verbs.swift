internal import LapseRules

// What a test does to its sandbox. A user is named as `user(_:)` takes names, a client as `client(_:)` does.
extension LapseTenant {
    /// Why a sign-in is revoked.
    public enum Cause: String, CaseIterable, Sendable {
        case userRevoke, adminRevoke, passwordChange, selfServiceReset, adminResetAzurePortal, adminResetEntra, singleSignOut,
            passwordExpired
    }

    /// How far the clock goes.
    public enum Moment: String, CaseIterable, Sendable {
        /// To what takes effect next.
        case nextEvent = "next-event"
        /// Until all that has an instant is in effect everywhere.
        case propagation
        /// To the next end of a refresh token.
        case refreshTokenExpiry = "refresh-token-expiry"
    }

    /// How a user signed in.
    public enum Method: String, CaseIterable, Sendable {
        case password
        case nonPassword = "non-password"
    }

    /// What is wrong with a forged token.
    public enum Defect: String, CaseIterable, Sendable { case audience, issuer, signature, expired, notYetValid, keyId }

    /// Signs a user in to a client, without a browser.
    ///
    /// - Parameter authTime: when the user gave the credential, in RFC 3339; nil: now, on the tenant's clock.
    /// - Throws: ``LapseError`` for a user, client or scope that does not do.
    public func signIn(
        _ user: String = "adele", client: String = "native", scope: String = "openid profile offline_access User.Read",
        authTime: String? = nil, method: Method? = nil
    ) async throws -> SignIn {
        let body = JSON.object([
            "user": .string(self.user(user)), "client_id": .string(self.client(client)), "scope": .string(scope),
            "authTime": authTime.map(JSON.string), "method": method.map { .string($0.rawValue) },
        ])
        return SignIn(try await send("POST", "grants", body))
    }

    /// Redeems a refresh token at the token endpoint, as the client would: a single-page app's page names its origin.
    ///
    /// - Parameters:
    ///   - scope: nil: the token's own.
    ///   - region: the region that takes the request; nil: the one that the tenant's routing chooses.
    ///   - claims: the `claims` parameter: JSON, as text.
    ///   - secret: nil: the client's own, where it has one.
    /// - Returns: the answer, whatever its status.
    /// - Throws: ``LapseError`` when there is no answer, which a fault can bring about.
    public func refresh(
        _ refreshToken: String, client: String = "native", scope: String? = nil, region: String? = nil, claims: String? = nil,
        secret: String? = nil
    ) async throws -> TokenAnswer {
        let form: [(String, String?)] = [
            ("grant_type", "refresh_token"), ("client_id", self.client(client)), ("refresh_token", refreshToken),
            ("client_secret", secret ?? self.secret(of: client)), ("scope", scope), ("claims", claims),
        ]
        let headers = [("x-lapse-region", region), ("Origin", origin(of: client))]
        return TokenAnswer(
            try await lapse.control.redeem(
                in: domain, form.compactMap { name, value in value.map { (name, $0) } },
                headers: headers.compactMap { name, value in value.map { (name, $0) } }))
    }

    /// Revokes a user's sign-ins.
    ///
    /// - Parameter wait: how long to wait, a minute at most, until it is in effect everywhere; it is told as it is then. A frozen clock
    ///   brings nothing about: see ``advance(by:)``.
    /// - Throws: ``LapseError`` for a user or a wait that does not do.
    @discardableResult
    public func revoke(_ user: String = "adele", cause: Cause = .adminRevoke, wait: Duration? = nil) async throws -> Revocation {
        let made = Revocation(
            try await send("POST", "revocations", ["user": .string(self.user(user)), "cause": .string(cause.rawValue)]))
        guard let wait else { return made }
        return Revocation(try await lapse.control.send("GET", path("revocations/\(made.id)"), waiting: wait))
    }

    /// Says how revocations arrive from now on.
    ///
    /// - Parameter model: a preset's name (`instant`, `documented`, `observed`, `flapping`), or a model such as
    ///   `["planes": ["refresh": ["fixed": "PT3M"]]]`.
    /// - Returns: the model as it is.
    /// - Throws: ``LapseError`` for a model that does not do.
    @discardableResult
    public func propagation(_ model: LapseJSON) async throws -> LapseJSON { try await call("PUT", "propagation", model) }

    /// Moves the tenant's clock forward.
    ///
    /// - Throws: ``LapseError`` for a negative duration, or a century and more.
    @discardableResult
    public func advance(by duration: Duration) async throws -> Advance {
        guard duration >= .zero, duration <= .longest else {
            throw LapseError("advance(by:): the clock goes forward, and not further than \(Duration.longest.iso8601)")
        }
        return Advance(try await send("POST", "clock/advance", ["by": .string(duration.iso8601)]))
    }

    /// Moves the tenant's clock forward to that moment.
    ///
    /// - Throws: ``LapseError`` when nothing of the kind is ahead.
    @discardableResult
    public func until(_ moment: Moment) async throws -> Advance {
        Advance(try await send("POST", "clock/advance", ["until": .string(moment.rawValue)]))
    }

    /// Makes requests go wrong.
    ///
    /// - Parameters:
    ///   - match: which requests, by `endpoint`, `grantType`, `client`, `user`, `region`; empty: all. Clients and users may be named as
    ///     everywhere here.
    ///   - effect: what happens to them, such as `["code": 50173]` or `["status": 503]`.
    ///   - times: how often at most; nil: until it is taken away.
    ///   - probability: how likely each of them is hit; nil: 1.
    /// - Returns: the fault.
    /// - Throws: ``LapseError`` for a fault that does not do.
    @discardableResult
    public func fault(
        match: LapseJSON = [:], effect: LapseJSON, times: Int? = nil, probability: Double? = nil, name: String? = nil
    ) async throws -> LapseJSON {
        let body = JSON.object([
            "match": named(match).value, "effect": effect.value, "times": times.map { .integer(Int64($0)) },
            "probability": probability.map(JSON.number), "name": name.map(JSON.string),
        ])
        return LapseJSON(try await send("POST", "faults", body))
    }

    /// The match with ids and full names.
    private func named(_ match: LapseJSON) -> LapseJSON {
        guard case .object(let members) = match.value else { return match }
        return LapseJSON(
            .object(
                members.map { member in
                    switch (member.name, member.value) {
                    case ("client", .string(let name)): JSON.Member(name: member.name, value: .string(client(name)))
                    case ("user", .string(let name)): JSON.Member(name: member.name, value: .string(user(name)))
                    default: member
                    }
                }))
    }

    /// Takes the tenant's faults away.
    ///
    /// - Parameter name: only those of that name; nil: all.
    public func clearFaults(named name: String? = nil) async throws {
        try await lapse.control.send("DELETE", path("faults"), query: [("name", name)])
    }

    /// Makes an access token with one defect, which an API has to refuse.
    ///
    /// - Throws: ``LapseError`` for a user, client or scope that does not do.
    public func forge(
        _ user: String = "adele", client: String = "native", scope: String = "User.Read", defect: Defect
    ) async throws -> ForgedToken {
        ForgedToken(
            try await send(
                "POST", "tokens/forge",
                [
                    "user": .string(self.user(user)), "client_id": .string(self.client(client)), "scope": .string(scope),
                    "defect": .string(defect.rawValue),
                ]))
    }

    /// Explains why a refresh token is accepted or refused: a verdict for each plane and region, and what happened to its grant.
    ///
    /// - Parameters:
    ///   - instant: when, in RFC 3339; nil: now, on the clock of the user's home.
    ///   - region: only this region; nil: each.
    /// - Returns: the explanation; `known` is false for a token that Lapse did not issue here.
    public func explain(refreshToken: String, at instant: String? = nil, region: String? = nil) async throws -> LapseJSON {
        try await explain("refresh_token", refreshToken, instant, region)
    }

    /// The same of a browser's session, by its cookie's value or its id.
    public func explain(session: String, at instant: String? = nil, region: String? = nil) async throws -> LapseJSON {
        try await explain("session", session, instant, region)
    }

    /// The same of an access token.
    public func explain(accessToken: String, at instant: String? = nil, region: String? = nil) async throws -> LapseJSON {
        try await explain("access_token", accessToken, instant, region)
    }

    private func explain(_ kind: String, _ text: String, _ instant: String?, _ region: String?) async throws -> LapseJSON {
        let body: JSON = .object([
            "at": instant.map(JSON.string), "region": region.map(JSON.string),
        ]).followed(by: .object([JSON.Member(name: kind, value: .string(text))]))
        return LapseJSON(try await send("POST", "explain", body))
    }

    /// The tenant's log, oldest first.
    ///
    /// - Parameters:
    ///   - type: only this type; nil: each.
    ///   - user: only this user's; nil: everybody's.
    ///   - after: only what came after the event of that id.
    /// - Throws: ``LapseError`` for a type or user that there is not.
    public func events(type: String? = nil, user: String? = nil, after: Int? = nil) async throws -> [Event] {
        let found = try await lapse.control.all(
            path("events"), query: [("type", type), ("user", user.map(self.user)), ("after", after.map(String.init))])
        return found.map(Event.init)
    }

    /// The tenant's requests to the authority and Graph with their answers, oldest first, as far as Lapse has kept them. Secrets
    /// are masked.
    ///
    /// - Parameters:
    ///   - client: only this client's; nil: each.
    ///   - user: only this user's; nil: everybody's.
    ///   - endpoint: only those at this endpoint, such as `token` or `graph`; nil: each.
    ///   - after: only what came after the exchange of that id.
    ///   - wait: how long to wait, in the machine's time, until one fits; a minute at most. Nil: not at all.
    /// - Throws: ``LapseError`` for a user or endpoint that there is not.
    public func exchanges(
        client: String? = nil, user: String? = nil, endpoint: String? = nil, after: Int? = nil, wait: Duration? = nil
    ) async throws -> [LapseJSON] {
        let query = [
            ("client", client.map(self.client)), ("user", user.map(self.user)), ("endpoint", endpoint),
            ("after", after.map(String.init)),
            ("wait", wait.map(\.iso8601)),
        ]
        return try await lapse.control.all(path("exchanges"), query: query).map(LapseJSON.init)
    }

    /// The same as an HTTP archive (HAR 1.2), for a browser's tools.
    public func har() async throws -> LapseJSON { LapseJSON(try await lapse.control.send("GET", path("exchanges.har"))) }

    /// How each client handled what it met: `verdict` is `good`, `bad` or `untested`.
    ///
    /// - Parameter client: only this one; nil: each.
    public func report(client: String? = nil) async throws -> LapseJSON {
        LapseJSON(try await lapse.control.send("GET", path("report"), query: [("client", client.map(self.client))]))
    }

    /// Any other call of the control API.
    ///
    /// - Parameters:
    ///   - path: below the tenant, such as `clock` or `users/adele@…`, with its query.
    ///   - body: nil: none.
    /// - Returns: what was answered; null for an empty answer.
    /// - Throws: ``LapseError`` for what is refused.
    @discardableResult
    public func call(_ method: String, _ path: String, _ body: LapseJSON? = nil) async throws -> LapseJSON {
        LapseJSON(try await send(method, path, body?.value))
    }

    func send(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        try await lapse.control.send(method, self.path(path), body: body)
    }

    /// The path of a call on this tenant.
    func path(_ rest: String) -> String {
        let rest = rest.drop { $0 == "/" }
        return "tenants/\(id)" + (rest.isEmpty ? "" : "/\(rest)")
    }
}
