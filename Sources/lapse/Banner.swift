import LapseInstance
import LapseRules
import LapseService

/// What a person reads when Lapse is up: where it is, who can sign in, what to type next.
enum Banner {
    static func text(
        _ addresses: Instance.Addresses, certificate: String, isReissued: Bool, migration: String?, seeding: Authority.Seeding,
        settings: Settings
    ) -> String {
        let base = addresses.https ?? addresses.http ?? ""
        let curl = addresses.https == nil ? "curl -s" : "curl -s --cacert \(certificate)"
        let token = settings.controlToken == nil ? "" : " -H 'Authorization: Bearer YOUR-CONTROL-TOKEN'"
        let members = BuiltInLab.seed.flatMap(\.users).filter { !$0.isGuest }
        let users =
            UnappliedSeed.users(seeding)
            ?? (settings.seed == nil
                ? "Users (password \(BuiltInLab.password)): \(members.map(\.userPrincipalName).joined(separator: ", "))"
                : "Users: those of \(settings.seed!)")
        let tenant = settings.seed == nil ? BuiltInLab.domain : "TENANT"
        let user = settings.seed == nil ? BuiltInLab.adele : "USER"
        let names = settings.tlsNames.isEmpty ? "localhost alone" : "localhost and \(settings.tlsNames.joined(separator: ", "))"
        let authority =
            isReissued ? "\(certificate), issued again with its old key: it speaks for \(names)" : "\(certificate), for \(names)"
        return """
            Lapse \(Instance.version) - a local identity provider for tests. It is no production identity provider.

              Authority  \([addresses.https, addresses.http].compactMap { $0 }.joined(separator: "  "))
              Local CA   \(authority)\(migration.map { "\n  Database   \($0)" } ?? "")
              \(users)

            Try next:
              \(curl) \(base)/\(tenant)/v2.0/.well-known/openid-configuration
              \(curl)\(token) \(base)/_lapse/api/tenants/\(tenant)/grants -H 'Content-Type: application/json' -d '{"user":"\(user)","client_id":"\(BuiltInLab.native)","scope":"openid offline_access User.Read"}'
              \(curl)\(token) \(base)/_lapse/api/tenants/\(tenant)/revocations -H 'Content-Type: application/json' -d '{"user":"\(user)","cause":"adminRevoke"}'

            Stop with Ctrl-C.
            """
    }
}
