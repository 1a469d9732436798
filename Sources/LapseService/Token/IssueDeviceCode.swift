import LapseRules
import LapseStore

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

/// A code that somebody has to enter, for whoever enters it in place of a person.
package struct IssuedDeviceCode: Sendable {
    package let userCode: String
    package let client: ClientID
    /// Nil: asked for at `common` or `organizations`.
    package let tenant: GUID?
}

extension Authority {
    /// Begins a sign-in on a device.
    ///
    /// - Returns: the codes, or the refusal of an unknown tenant or client, a client without the flow, a scope it may not ask for.
    package func issueDeviceCode(
        _ form: FormParameters, at name: TenantName, version: EndpointVersion, trace: RequestTrace
    ) throws -> Outcome<DeviceAuthorization, EntraError> {
        let userCode = DeviceCode.newUserCode(random)
        var issued: IssuedDeviceCode?
        let outcome: Outcome<DeviceAuthorization, EntraError> = try deciding(trace) { op in
            try op.enter(name)
            let client = form["client_id"].map { ClientID($0) }
            op.region = try op.routeToAuthority(client: client, user: nil)
            let fault = try op.inject(Fault.Subject(.devicecode, client: client, region: op.region))
            let known = try client.flatMap { try op.app($0) }
            let context = FaultContext(tenant: op.tenant, app: known, user: nil, authTime: nil, now: op.now)
            if let refusal = fault?.refusal(context) { return .failure(refusal) }
            let id = ClientID(try form.required("client_id"))
            guard let app = known else { return .failure(.noSuchApp(id, directory: op.tenant.name)) }
            try app.check(isFor: name)
            if let facts = try op.facts(of: app), let error = try op.refusal(facts, on: .refresh) { return .failure(error) }
            guard app.flows.contains(.device) else {
                return .failure(
                    .lapse("unauthorized_client", "The application '\(app.id)' is not registered for the flow 'device'."))
            }
            let text = try version.signInScope(of: form)
            if version == .v2, ScopePolicy.namesDefaultBesideOthers(text) { return .failure(.defaultBesideOthers(text)) }
            let scope = try op.scopes(of: app).delegated(text, several: .first, consented: nil)
            let claims = try ClaimsRequest(form["claims"])
            let lifetime = EffectiveLifetimes(tenant: op.tenant, app: app).deviceCode
            let tenant = op.tenant.isNone ? nil : op.tenant.id
            let deviceCode = DeviceCode.newText(for: app.id, in: tenant, expiresAt: op.now + lifetime, random)
            try op.tx.insert(
                DeviceCode(
                    hash: SecretHash(of: deviceCode), userCodeHash: SecretHash(of: userCode), client: app.id,
                    tenant: tenant, scope: scope.grantText, declaresCP1: claims.declaresCP1,
                    issuedAt: op.now, expiresAt: op.now + lifetime))
            if !op.tenant.isNone {
                var event = op.event(.deviceCodeIssued, client: app.id)
                event.notes.answersChallenge = claims.carriesDemand
                try op.tx.append(event)
            }
            issued = IssuedDeviceCode(userCode: userCode, client: app.id, tenant: tenant)
            return .success(DeviceAuthorization(deviceCode: deviceCode, userCode: userCode, expiresIn: lifetime))
        }
        if let issued { onDeviceCode?(issued) }
        return outcome
    }
}
