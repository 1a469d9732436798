import LapseRules

extension [ClientID: Set<String>] {
    var stored: JSON {
        .object(map { JSON.Member(name: $0.key.description, value: JSON($0.value.sorted())) }.sorted { $0.name < $1.name })
    }

    init(stored: JSON) throws {
        guard case .object(let members) = stored else { throw FieldError("consents", "holds what is no object") }
        self = try Dictionary(
            members.map { member in
                guard let scopes = member.value.list(\.text) else { throw FieldError("consents", "holds what is no list of names") }
                return (ClientID(member.name), Set(scopes))
            }, uniquingKeysWith: { $1 })
    }
}
