import LapseRules
import LapseStore

extension Authority {
    /// Loads a device code with the grant that its approval made.
    func prepareDeviceCode(_ text: String, _ request: TokenRequest, _ tx: StoreTransaction, wall: Timestamp) throws -> PreparedGrant
    {
        let code = try tx.deviceCode(SecretHash(of: text))
        let grant = try code?.grant.flatMap { try tx.grant($0) }
        return PreparedGrant(
            tenant: code?.tenant ?? grant?.tenant, grantClass: grant?.clientClass, user: grant?.user, grant: grant?.id,
            accepted: .deviceCodeRedeemed, refused: .deviceCodeRefused
        ) { context in
            let facts = try code.map { code in
                DeviceCodeGrant.Facts(
                    code: code, grant: grant,
                    account: try grant.flatMap { try tx.account(of: $0, in: context.tenant.id, wall: wall) })
            }
            return DeviceCodeGrant.decide(request, facts: facts, in: context)
        }
    }
}

/// A device code as its device hears it. Entra: facts of the devicecode endpoint.
package struct DeviceAuthorization: Sendable {
    package let deviceCode: String
    package let userCode: String
    package let expiresIn: Duration

    /// - Parameter endpoint: version 1 knows one name for the page, and numbers as text.
    package func json(origin: String, version: EndpointVersion) -> JSON {
        let page = "\(origin)/devicelogin"
        func number(_ value: Int64) -> JSON { version == .v1 ? .string(String(value)) : .integer(value) }
        return .object([
            "user_code": .string(userCode), "device_code": .string(deviceCode),
            "verification_uri": version == .v1 ? nil : .string(page),
            // MSAL Python reads this name.
            "verification_url": .string(page), "expires_in": number(expiresIn.wholeSeconds), "interval": number(5),
            "message": .string(
                "To sign in, use a web browser to open the page \(page) and enter the code \(userCode) to authenticate."),
        ])
    }
}

extension Authority {
    /// Begins a sign-in on a device.
    ///
    /// - Throws: ``Refused`` for an unknown tenant or client, a client without the flow, a scope it may not ask for.
    package func issueDeviceCode(
        _ form: FormParameters, at name: TenantName, version: EndpointVersion, trace: RequestTrace
    ) throws -> (DeviceAuthorization, Landing) {
        let deviceCode = random.token(bytes: 48)
        let userCode = DeviceCode.newUserCode(random)
        return try deciding { tx, landing in
            let wall = wall()
            let tenant = try tenant(name, orOf: nil, tx, wall: wall)
            let now = tenant.clock.now(wall: wall)
            let client = form["client_id"].map { ClientID($0) }
            landing.region = try self.landing(trace, in: tenant, client: client, user: nil, now: now, tx)
            let fault = try inject(
                Fault.Subject(.devicecode, client: client, region: landing.region), in: tenant, now: now, trace, tx)
            let known = try client.flatMap { try app($0, in: tenant, tx) }
            if let refusal = fault?.refusal(FaultContext(tenant: tenant, app: known, user: nil, authTime: nil, now: now)) {
                throw Refused(refusal, now: now, in: tenant)
            }
            do {
                let id = ClientID(try form.required("client_id"))
                guard let app = try app(id, in: tenant, tx) else { throw EntraError.noSuchApp(id, directory: tenant.name) }
                guard app.flows.contains(.device) else {
                    throw EntraError.lapse(
                        "unauthorized_client", "The application '\(app.id)' is not registered for the flow 'device'.")
                }
                let policy = ScopePolicy(app: app, resources: try tx.resources(in: tenant.id), tenant: tenant)
                let scope = try policy.delegated(try version.signInScope(of: form), mayNameSeveralResources: true)
                let lifetime = EffectiveLifetimes(tenant: tenant, app: app).deviceCode
                try tx.insert(
                    DeviceCode(
                        hash: SecretHash(of: deviceCode), userCodeHash: SecretHash(of: userCode), client: app.id,
                        tenant: tenant.isNone ? nil : tenant.id, scope: scope.grantText,
                        declaresCP1: try ClaimsRequest(form["claims"]).declaresCP1, issuedAt: now, expiresAt: now + lifetime))
                if !tenant.isNone {
                    var event = Event(
                        tenant: tenant.id, at: now, kind: .deviceCodeIssued, client: app.id, region: landing.region,
                        requestID: trace.requestID)
                    event.notes.answersChallenge = try ClaimsRequest(form["claims"]).carriesDemand
                    try tx.append(event)
                }
                return DeviceAuthorization(deviceCode: deviceCode, userCode: userCode, expiresIn: lifetime)
            } catch let error as EntraError {
                throw Refused(error, now: now, in: tenant)
            }
        }
    }
}
