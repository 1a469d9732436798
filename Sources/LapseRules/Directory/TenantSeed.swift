/// A tenant with its users and apps, as a seed file or the built-in lab describes it: what `reset` returns to.
package struct TenantSeed: Equatable, Sendable {
    package var tenant: Tenant
    package var users: [User]
    package var apps: [AppRegistration]
    package var faults: [Fault]
    /// The service principals that somebody changed.
    package var principals: [ServicePrincipal]

    package init(
        tenant: Tenant, users: [User], apps: [AppRegistration], faults: [Fault] = [], principals: [ServicePrincipal] = []
    ) {
        self.tenant = tenant
        self.users = users
        self.apps = apps
        self.faults = faults
        self.principals = principals
    }

    /// Reads a whole seed file: `{"tenants": [...]}`. Ids that it leaves out depend on what it says and on nothing else, so that who reads
    /// it again gets the same.
    ///
    /// - Throws: `FieldError` with the path of what is wrong, within one tenant or between them.
    package static func read(_ file: JSON) throws(FieldError) -> [TenantSeed] {
        let digest = SecretHash(of: file.normalized.encodedText)
        let random = RandomSource.seeded(digest.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
        var reader = try ObjectReader(file)
        guard let tenants = try reader.array("tenants"), !tenants.isEmpty else { throw FieldError("tenants", "is required") }
        try reader.finish()
        var seeds: [TenantSeed] = []
        for (index, value) in tenants.enumerated() {
            seeds.append(try TenantSeed(value, path: "tenants[\(index)]", random: random))
        }
        try check(seeds) { "tenants[\($0)]." }
        return seeds
    }

    /// - Parameter sandbox: for a tenant that may leave out its id, name and domains; nil where a file must name them.
    init(_ value: JSON, path: String = "", sandbox: NewSandbox? = nil, random: RandomSource) throws(FieldError) {
        var reader = try ObjectReader(value, path: path)
        let id = try reader.guid("id") ?? sandbox?.id ?? random.guid()
        guard id != Tenant.noID, id != TenantName.consumersTenant else {
            throw FieldError(reader.field("id"), "is not the id of a tenant")
        }
        let name = sandbox != nil && !reader.has("name") ? "Sandbox" : try reader.required("name")
        let isSandbox = sandbox != nil ? true : try reader.bool("sandbox") ?? false
        var tenant = Tenant(id: id, name: name, domains: [], isSandbox: isSandbox)
        let domains = try reader.strings("domains") ?? sandbox.map { [$0.domain(under: NewSandbox.parent)] } ?? []
        guard !domains.isEmpty else { throw FieldError(reader.field("domains"), "must name at least one domain") }
        for (index, domain) in domains.enumerated() where !TenantName.isDNSName(domain.lowercased()) {
            throw FieldError(reader.field("domains") + "[\(index)]", "must be a DNS name")
        }
        tenant.domains = domains.map { $0.lowercased() }
        if let model = reader.value("propagation") {
            tenant.propagation = try PropagationModel(model, path: reader.field("propagation"))
        }
        if let policies = reader.value("policies") {
            tenant.policies = try Policies(policies, path: reader.field("policies"))
        }
        var users: [User] = []
        for (index, user) in (try reader.array("users") ?? []).enumerated() {
            users.append(
                try User(
                    user, path: reader.field("users") + "[\(index)]", tenant: tenant, newID: random.guid(), createdAt: Tenant.birth,
                    isOfSeed: true))
        }
        var apps: [AppRegistration] = []
        var principals: [ServicePrincipal] = []
        for (index, value) in (try reader.array("apps") ?? []).enumerated() {
            let path = reader.field("apps") + "[\(index)]"
            let app = try AppRegistration(value, path: path, newID: ClientID(random.guid().description), isOfSeed: true)
            apps.append(app)
            var principal = ServicePrincipal(of: app.id, in: id)
            try principal.apply(value, path: path) { Self.user($0, among: users) }
            if !principal.isPlain { principals.append(principal) }
        }
        var faults: [Fault] = []
        for (index, fault) in (try reader.array("faults") ?? []).enumerated() {
            let path = reader.field("faults") + "[\(index)]"
            guard index < Fault.most else { throw FieldError(reader.field("faults"), "may be at most \(Fault.most)") }
            let fault = try Fault(fault, path: path, id: random.guid(), ordinal: Int64(index + 1)) { Self.user($0, among: users) }
            // Without a model of its own the tenant takes the server's, which nobody knows here.
            if let region = fault.match.region, let model = tenant.propagation, !model.regions.contains(region) {
                throw FieldError("\(path).match.region", "is not a region of this tenant")
            }
            faults.append(fault)
        }
        try reader.finish()
        self.init(tenant: tenant, users: users, apps: apps, faults: faults, principals: principals)
    }

    /// The user of that name or id.
    static func user(_ name: String, among users: [User]) -> GUID? {
        users.first { $0.userPrincipalName.lowercased() == name.lowercased() || $0.id.description == name.lowercased() }?.id
    }

    /// What one seed cannot see: names that are taken twice, guests whose home is not there.
    ///
    /// - Parameter path: how the path of that seed's members begins.
    static func check(_ seeds: [TenantSeed], path: (Int) -> String) throws(FieldError) {
        var taken: Set<String> = []
        for (index, seed) in seeds.enumerated() {
            let path = path(index)
            guard taken.insert(seed.tenant.id.description).inserted else { throw FieldError("\(path)id", "is taken") }
            for domain in seed.tenant.domains where !taken.insert(domain).inserted {
                throw FieldError("\(path)domains", "names \(domain), which is taken")
            }
            for (number, user) in seed.users.enumerated() {
                let path = "\(path)users[\(number)]"
                guard taken.insert("user " + user.id.description).inserted else { throw FieldError("\(path).id", "is taken") }
                guard taken.insert("name " + user.userPrincipalName.lowercased()).inserted else {
                    throw FieldError("\(path).userPrincipalName", "is taken")
                }
                guard let home = user.guestOf else { continue }
                let homeSeed = seeds.first { $0.tenant.id == home.tenant }
                guard homeSeed?.users.contains(where: { $0.id == home.user && !$0.isGuest }) == true else {
                    throw FieldError("\(path).home", "names no member of a tenant that is given here")
                }
            }
            for (number, app) in seed.apps.enumerated() where !taken.insert("app \(seed.tenant.id) \(app.id)").inserted {
                throw FieldError("\(path)apps[\(number)].id", "is taken")
            }
        }
    }
}

extension ServicePrincipal {
    /// The members of an app object that are its service principal's.
    static let members = ["enabled", "assignmentRequired", "assigned"]

    /// Takes what an app object of a seed file or of the control API says of its service principal.
    ///
    /// - Parameter user: finds a user of the tenant by id or name.
    package mutating func apply(_ value: JSON, path: String = "", user: (String) -> GUID?) throws(FieldError) {
        var reader = try ObjectReader(value, path: path)
        isEnabled = try reader.bool("enabled") ?? isEnabled
        requiresAssignment = try reader.bool("assignmentRequired") ?? requiresAssignment
        guard let names = try reader.strings("assigned") else { return }
        assigned = []
        for (index, name) in names.enumerated() {
            guard let id = user(name) else {
                throw FieldError(reader.field("assigned") + "[\(index)]", "names no user of the tenant")
            }
            if !assigned.contains(id) { assigned.append(id) }
        }
    }
}

extension User {
    /// Reads a user object of a seed file or of the control API.
    ///
    /// - Parameter isOfSeed: a seed may also say what other calls change, and a password's hash in its place.
    package init(
        _ value: JSON, path: String = "", tenant: Tenant, newID: GUID, createdAt: Timestamp, isOfSeed: Bool = false
    ) throws(FieldError) {
        var reader = try ObjectReader(value, path: path)
        let id = try reader.guid("id") ?? newID
        var guestOf: Home?
        if var home = try reader.object("home") {
            guard let homeTenant = try home.guid("tenant") else { throw FieldError(home.field("tenant"), "is required") }
            guard let homeUser = try home.guid("user") else { throw FieldError(home.field("user"), "is required") }
            guard homeTenant != tenant.id else { throw FieldError(home.field("tenant"), "must be another tenant") }
            try home.finish()
            guestOf = Home(tenant: homeTenant, user: homeUser)
        }
        guard reader.has("userPrincipalName") else { throw FieldError(reader.field("userPrincipalName"), "is required") }
        self.init(
            id: id, tenant: tenant.id, userPrincipalName: "", displayName: "", passwordHash: nil, guestOf: guestOf,
            createdAt: createdAt)
        if isOfSeed { try applySeed(&reader) }
        try apply(&reader, tenant: tenant)
        if displayName.isEmpty { displayName = userPrincipalName }
        // A member without a password could never sign in: it gets the lab's.
        if passwordHash == nil, guestOf == nil { set(password: BuiltInLab.password) }
    }

    /// The user with the changes of a PATCH. The new password is returned apart: changing it is an event.
    package func changed(by value: JSON, tenant: Tenant) throws(FieldError) -> (user: User, newPassword: String?) {
        var reader = try ObjectReader(value)
        for name in ["id", "home"] where reader.has(name) { throw FieldError(name, "cannot be changed") }
        var user = self
        try user.apply(&reader, tenant: tenant)
        return (user, value["password"]?.text)
    }

    private mutating func applySeed(_ reader: inout ObjectReader) throws(FieldError) {
        if reader.isObject("password"), var hashed = try reader.object("password") {
            guard !isGuest else { throw FieldError(hashed.path, "belongs to the guest's home tenant") }
            set(passwordHash: try hashed.secretHash(), salt: try hashed.guid("salt") ?? id)
            try hashed.finish()
        }
        mustChangePassword = try reader.bool("mustChangePassword") ?? false
        withdrawnConsents = (try reader.strings("withdrawnConsents") ?? []).map { ClientID($0) }
        for (index, entry) in (try reader.array("consents") ?? []).enumerated() {
            var entry = try ObjectReader(entry, path: reader.field("consents") + "[\(index)]")
            let client = ClientID(try entry.required("client"))
            consents[client] = Set(try entry.strings("scopes") ?? [])
            try entry.finish()
        }
        for name in Self.profileTexts where reader.has(name) {
            profile[name] = try reader.filled(name, longest: 1024).map(JSON.string)
        }
        if let phones = try reader.strings("businessPhones"), !phones.isEmpty {
            guard phones.count == 1 else { throw FieldError(reader.field("businessPhones"), "may name one") }
            profile["businessPhones"] = JSON(phones)
        }
    }

    private mutating func apply(_ reader: inout ObjectReader, tenant: Tenant) throws(FieldError) {
        if reader.has("userPrincipalName") {
            let name = try reader.required("userPrincipalName")
            let parts = name.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, tenant.domains.contains(parts[1].lowercased()), name.utf8.count <= 256 else {
                throw FieldError(reader.field("userPrincipalName"), "must be NAME@DOMAIN with a domain of the tenant")
            }
            userPrincipalName = name
        }
        if reader.has("displayName") { displayName = try reader.required("displayName") }
        for (name, field) in [("givenName", \User.givenName), ("surname", \.surname), ("mail", \.mail)] where reader.has(name) {
            self[keyPath: field] = try reader.string(name)
        }
        if reader.has("password") {
            let password = try reader.required("password")
            guard !isGuest else { throw FieldError(reader.field("password"), "belongs to the guest's home tenant") }
            set(password: password)
        }
        accountEnabled = try reader.bool("accountEnabled") ?? accountEnabled
        challenges = try Challenge.list(&reader, ofApp: false) ?? challenges
        roles = try reader.choices("roles", of: DirectoryRole.self) ?? roles
        try UserCollections.apply(&reader, to: &profile, of: id)
        try reader.finish()
    }
}

extension AppRegistration {
    /// Reads an app object of a seed file or of the control API.
    ///
    /// - Parameter isOfSeed: a seed may say the hash of a secret in its place.
    package init(_ value: JSON, path: String = "", newID: ClientID, isOfSeed: Bool = false) throws(FieldError) {
        var reader = try ObjectReader(value, path: path)
        let id = try reader.string("id", longest: 128).map { ClientID($0) } ?? newID
        guard !id.description.isEmpty, !FirstPartyApps.all.contains(where: { $0.id == id }) else {
            throw FieldError(reader.field("id"), "must not be empty nor one of Microsoft's own")
        }
        guard let kind = try reader.choice("kind", of: Kind.self) else { throw FieldError(reader.field("kind"), "is required") }
        self.init(id: id, name: try reader.required("name"), kind: kind)
        try applySecrets(&reader, isOfSeed: isOfSeed)
        try apply(&reader)
    }

    /// The app with the changes of a PATCH.
    package func changed(by value: JSON) throws(FieldError) -> AppRegistration {
        var reader = try ObjectReader(value)
        if reader.has("id") { throw FieldError("id", "cannot be changed") }
        var app = self
        app.kind = try reader.choice("kind", of: Kind.self) ?? kind
        if reader.has("name") { app.name = try reader.required("name") }
        try app.applySecrets(&reader, isOfSeed: false)
        try app.apply(&reader)
        return app
    }

    /// Each of them is read whenever the app is loaded.
    package static let mostCertificates = 20

    /// - Parameter isOfSeed: whether a hash may stand in a secret's place.
    private mutating func applySecrets(_ reader: inout ObjectReader, isOfSeed: Bool) throws(FieldError) {
        guard let secrets = try reader.array("secrets") else { return }
        (secretHashes, secretEnds) = ([], [:])
        for (index, secret) in secrets.enumerated() {
            let path = reader.field("secrets") + "[\(index)]"
            guard case .object = secret else {
                guard let text = secret.text, !text.isEmpty, text.utf8.count <= 2048 else {
                    throw FieldError(path, "must be a text that is not empty, or an object with value")
                }
                secretHashes.append(Self.hash(secret: text, of: id))
                continue
            }
            var object = try ObjectReader(secret, path: path)
            let isHashed = isOfSeed && !object.has("value")
            let hash = isHashed ? try object.secretHash() : Self.hash(secret: try object.required("value"), of: id)
            secretHashes.append(hash)
            if let text = try object.string("endsAt") {
                guard let end = Timestamp(text) else { throw FieldError(object.field("endsAt"), "must be a time (RFC 3339)") }
                secretEnds[hash] = end
            }
            try object.finish()
        }
    }

    private mutating func apply(_ reader: inout ObjectReader) throws(FieldError) {
        // What a service principal reads of the same object.
        for name in ServicePrincipal.members { _ = reader.value(name) }
        signInAudience = try reader.choice("signInAudience", of: Audience.self) ?? signInAudience
        issuesIDTokens = try reader.bool("idTokens") ?? issuesIDTokens
        if let list = try reader.array("certificates") {
            certificates = []
            for (index, certificate) in list.enumerated() {
                let path = reader.field("certificates") + "[\(index)]"
                guard index < Self.mostCertificates else {
                    throw FieldError(reader.field("certificates"), "may be at most \(Self.mostCertificates)")
                }
                certificates.append(try AppCertificate(certificate, path: path))
            }
        }
        if let claims = reader.value("optionalClaims") {
            optionalClaims = try OptionalClaims(claims, path: reader.field("optionalClaims"))
        }
        redirectURIs = try reader.strings("redirectUris") ?? redirectURIs
        spaRedirectURIs = try reader.strings("spaRedirectUris") ?? spaRedirectURIs
        for (name, uris) in [("redirectUris", redirectURIs), ("spaRedirectUris", spaRedirectURIs)] {
            for (index, uri) in uris.enumerated() where !RedirectURI.isAbsolute(uri) {
                throw FieldError(reader.field(name) + "[\(index)]", "must be an absolute URI without a fragment")
            }
        }
        if reader.has("logoutUrl") { logoutURL = try reader.string("logoutUrl") }
        flows = try reader.choices("flows", of: Flow.self).map(Set.init) ?? flows
        delegatedPermissions = try reader.strings("delegated") ?? delegatedPermissions
        applicationPermissions = try reader.strings("application") ?? applicationPermissions
        if reader.has("exposes") {
            exposes = nil
            if let api = reader.value("exposes") { exposes = try ExposedAPI(api, path: reader.field("exposes")) }
        }
        accessTokenVersion = try reader.integer("accessTokenVersion", in: Self.accessTokenVersions) ?? accessTokenVersion
        isFamilyMember = try reader.bool("foci") ?? isFamilyMember
        if let set = reader.value("lifetimes") { lifetimes = try Lifetimes(set, path: reader.field("lifetimes")) }
        challenges = try Challenge.list(&reader, ofApp: true) ?? challenges
        try reader.finish()
    }
}

extension ObjectReader {
    /// The hash of a secret, as an export writes it.
    fileprivate mutating func secretHash() throws(FieldError) -> SecretHash {
        guard let text = try string("sha256"), let hash = SecretHash(hexadecimal: text) else {
            throw FieldError(field("sha256"), "must be a SHA-256 in 64 hexadecimal digits")
        }
        return hash
    }
}

extension RedirectURI {
    /// Whether the text can be registered: a scheme, something behind it, no fragment, no blank, no control character.
    static func isAbsolute(_ uri: String) -> Bool {
        // By bytes: a mark that combines with the colon makes another character of it.
        let bytes = uri.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon != bytes.startIndex,
            bytes.index(after: colon) != bytes.endIndex
        else { return false }
        return bytes[..<colon].allSatisfy {
            (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || [43, 45, 46].contains($0)
        }
            && bytes.allSatisfy { $0 > 32 && $0 != 35 && $0 != 127 }
    }
}
