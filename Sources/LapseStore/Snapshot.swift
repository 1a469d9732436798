import GRDB
import LapseRules

// A tenant's directory as one JSON value: the `seed` column, which a reset reads back. Secrets are in it as hashes.

extension TenantSeed {
    var json: JSON {
        [
            "tenant": .object([
                "id": .string(tenant.id.description), "name": .string(tenant.name), "domains": JSON(tenant.domains),
                "propagation": tenant.propagation?.json, "policies": tenant.policies.json, "isSandbox": .bool(tenant.isSandbox),
            ]),
            "users": .array(
                users.map { user in
                    user.json().adding([
                        "passwordHash": user.passwordHash.map { .string($0.hexadecimal) },
                        "passwordSalt": .string(user.passwordSalt.description),
                    ])
                }),
            "apps": .array(apps.map { $0.json().adding(["secretHashes": JSON($0.secretHashes.map(\.hexadecimal))]) }),
            "faults": .array(faults.map { ["id": .string($0.id.description), "definition": $0.definition] }),
        ]
    }

    init(stored: JSON) throws {
        var reader = try ObjectReader(stored)
        guard var tenantReader = try reader.object("tenant"), let id = try tenantReader.guid("id") else {
            throw FieldError("tenant.id", "is required")
        }
        let tenant = Tenant(
            id: id, name: try tenantReader.required("name"), domains: try tenantReader.strings("domains") ?? [],
            propagation: try tenantReader.value("propagation").map { try PropagationModel($0) },
            policies: try tenantReader.value("policies").map { try Policies($0) } ?? Policies(),
            isSandbox: try tenantReader.bool("isSandbox") ?? false)
        let users = try (reader.array("users") ?? []).map { value in
            let user = try User(
                value.without(["createdDateTime", "passwordHash", "passwordSalt"]), tenant: tenant, newID: id,
                createdAt: Tenant.birth)
            var stored = User(
                id: user.id, tenant: user.tenant, userPrincipalName: user.userPrincipalName, displayName: user.displayName,
                givenName: user.givenName, surname: user.surname, mail: user.mail,
                passwordHash: value["passwordHash"]?.text.flatMap(SecretHash.init(hexadecimal:)),
                passwordSalt: value["passwordSalt"]?.text.flatMap(GUID.init), accountEnabled: user.accountEnabled,
                roles: user.roles, guestOf: user.guestOf, createdAt: user.createdAt)
            stored.challenges = user.challenges
            return stored
        }
        let apps = try (reader.array("apps") ?? []).map { value in
            var (app, hashes) = try value.taking("secretHashes") { rest in try AppRegistration(rest, newID: "") }
            app.secretHashes = (hashes?.texts ?? []).compactMap(SecretHash.init(hexadecimal:))
            return app
        }
        let faults = try (reader.array("faults") ?? []).enumerated().map { index, value in
            try Fault(
                value["definition"] ?? .null, id: value["id"]?.text.flatMap(GUID.init) ?? id, ordinal: Int64(index + 1)
            ) { GUID($0) }
        }
        self.init(tenant: tenant, users: users, apps: apps, faults: faults)
    }
}

extension JSON {
    fileprivate func without(_ names: Set<String>) -> JSON {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { !names.contains($0.name) })
    }

    fileprivate func taking<Value>(_ name: String, _ read: (JSON) throws -> Value) rethrows -> (Value, JSON?) {
        (try read(without([name])), self[name])
    }
}
