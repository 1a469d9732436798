import GRDB
import LapseRules

// A tenant's directory as one JSON value: the `seed` column, which a reset reads back. Secrets are in it as hashes.

extension TenantSeed {
    var json: JSON {
        [
            "tenant": .object([
                "id": .string(tenant.id.description), "name": .string(tenant.name), "domains": JSON(tenant.domains),
                "propagation": tenant.propagation?.json, "policies": tenant.policies.json,
            ]),
            "users": .array(users.map { $0.json().adding(["passwordHash": $0.passwordHash.map { .string($0.hexadecimal) }]) }),
            "apps": .array(apps.map { $0.json().adding(["secretHashes": JSON($0.secretHashes.map(\.hexadecimal))]) }),
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
            policies: try tenantReader.value("policies").map { try Policies($0) } ?? Policies())
        let users = try (reader.array("users") ?? []).map { value in
            var (user, hash) = try value.taking("passwordHash") { rest in
                try User(rest.without(["createdDateTime"]), tenant: tenant, newID: id, createdAt: Tenant.birth)
            }
            user.passwordHash = hash?.text.flatMap(SecretHash.init(hexadecimal:))
            return user
        }
        let apps = try (reader.array("apps") ?? []).map { value in
            var (app, hashes) = try value.taking("secretHashes") { rest in try AppRegistration(rest, newID: "") }
            app.secretHashes = (hashes?.texts ?? []).compactMap(SecretHash.init(hexadecimal:))
            return app
        }
        self.init(tenant: tenant, users: users, apps: apps)
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
