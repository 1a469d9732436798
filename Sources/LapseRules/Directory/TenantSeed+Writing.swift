// What reading a seed takes, written: members that have their default are left out.

extension TenantSeed {
    /// The seed file of these tenants: whoever reads it gets them back.
    ///
    /// Guests whose home is not among them are left out, and faults that meet nobody here: a file with them would not be read.
    ///
    /// - Parameter withSecrets: whether passwords and client secrets are in it, as hashes. Those that the built-in lab gives everybody
    ///   are in it in any case.
    package static func file(_ seeds: [TenantSeed], withSecrets: Bool) -> JSON {
        let homes = Set(seeds.flatMap(\.users).filter { !$0.isGuest }.map(\.home))
        return ["tenants": .array(seeds.map { $0.json(homes: homes, withSecrets: withSecrets) })]
    }

    private func json(homes: Set<User.Home>, withSecrets: Bool) -> JSON {
        let users = users.filter { homes.contains($0.home) }
        let faults = faults.filter { fault in
            (fault.match.user.map { id in users.contains { $0.id == id } } ?? true)
                && (fault.match.region.map { tenant.propagation?.regions.contains($0) ?? true } ?? true)
        }
        return .object([
            "id": .string(tenant.id.description), "name": .string(tenant.name), "domains": JSON(tenant.domains),
            "sandbox": tenant.isSandbox ? true : nil, "propagation": tenant.propagation?.given,
            "policies": tenant.policies.json.without(Policies().json),
            "users": .filled(users.map { $0.seedJSON(withSecrets: withSecrets) }),
            "apps": .filled(
                apps.map { app in
                    let principal = principals.first { $0.client == app.id }
                    return app.seedJSON(withSecrets: withSecrets).followed(by: principal?.seedJSON ?? [:])
                }), "faults": .filled(faults.map(\.definition)),
        ])
    }
}

extension PropagationModel {
    /// As a person would give it: a preset by its name.
    fileprivate var given: JSON { Self.presets.first { $0.model == self }.map { .string($0.name) } ?? json }
}

extension User {
    fileprivate func seedJSON(withSecrets: Bool) -> JSON {
        let isKnown = isGuest || hasPassword(BuiltInLab.password)
        let members = JSON.object([
            "id": .string(id.description), "userPrincipalName": .string(userPrincipalName),
            "displayName": displayName == userPrincipalName ? nil : .string(displayName), "givenName": givenName.map(JSON.string),
            "surname": surname.map(JSON.string), "mail": mail.map(JSON.string),
            "password": isKnown || !withSecrets
                ? nil
                : passwordHash.map {
                    .object([
                        "sha256": .string($0.hexadecimal), "salt": passwordSalt == id ? nil : .string(passwordSalt.description),
                    ])
                },
            "mustChangePassword": mustChangePassword ? true : nil, "accountEnabled": accountEnabled ? nil : false,
            "roles": .filled(roles.map { .string($0.rawValue) }), "challenges": .filled(challenges.map(\.json)),
            "withdrawnConsents": .filled(withdrawnConsents.map { .string($0.description) }),
            "consents": .filled(
                consents.sorted { $0.key.description < $1.key.description }.map { client, scopes in
                    ["client": .string(client.description), "scopes": JSON(scopes.sorted())]
                }),
            "home": guestOf.map { ["tenant": .string($0.tenant.description), "user": .string($0.user.description)] },
        ])
        let kept = (Self.profileTexts + ["businessPhones"]).compactMap { name in
            profile[name].map { JSON.Member(name: name, value: $0) }
        }
        return members.followed(by: .object(kept)).followed(by: collectionsJSON)
    }
}

extension AppRegistration {
    fileprivate func seedJSON(withSecrets: Bool) -> JSON {
        let known = Dictionary(uniqueKeysWithValues: BuiltInLab.secrets.map { (Self.hash(secret: $0, of: id), $0) })
        let secrets: [JSON] = secretHashes.compactMap { hash in
            let end = secretEnds[hash].map { JSON($0) }
            guard let text = known[hash] else {
                return withSecrets ? .object(["sha256": .string(hash.hexadecimal), "endsAt": end]) : nil
            }
            return end.map { ["value": .string(text), "endsAt": $0] } ?? .string(text)
        }
        return .object([
            "id": .string(id.description), "name": .string(name), "kind": .string(kind.rawValue),
            "signInAudience": signInAudience == .multipleOrgs ? nil : .string(signInAudience.rawValue),
            "idTokens": issuesIDTokens ? true : nil, "secrets": .filled(secrets),
            "certificates": .filled(certificates.map(\.json)),
            "optionalClaims": optionalClaims == OptionalClaims() ? nil : optionalClaims.json,
            "redirectUris": .filled(redirectURIs.map(JSON.string)), "spaRedirectUris": .filled(spaRedirectURIs.map(JSON.string)),
            "logoutUrl": logoutURL.map(JSON.string),
            "flows": flows == Flow.defaults(for: kind) ? nil : JSON(Flow.allCases.filter(flows.contains).map(\.rawValue)),
            "delegated": .filled(delegatedPermissions.map(JSON.string)),
            "application": .filled(applicationPermissions.map(JSON.string)), "exposes": exposes?.json,
            "accessTokenVersion": accessTokenVersion == 2 ? nil : .integer(accessTokenVersion), "foci": isFamilyMember ? true : nil,
            "lifetimes": lifetimes.json.without([:]), "challenges": .filled(challenges.map(\.json)),
        ])
    }
}

extension ServicePrincipal {
    fileprivate var seedJSON: JSON {
        .object([
            "enabled": isEnabled ? nil : false, "assignmentRequired": requiresAssignment ? true : nil,
            "assigned": .filled(assigned.map { .string($0.description) }),
        ])
    }
}

extension JSON {
    /// A list; nil for an empty one.
    fileprivate static func filled(_ elements: [JSON]) -> JSON? { elements.isEmpty ? nil : .array(elements) }

    /// The object without the members that the other one has too; nil when none is left.
    fileprivate func without(_ defaults: JSON) -> JSON? {
        guard case .object(let members) = self else { return nil }
        let own = members.filter { defaults[$0.name] != $0.value }
        return own.isEmpty ? nil : .object(own)
    }
}
