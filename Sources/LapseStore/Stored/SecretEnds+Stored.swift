import LapseRules

extension [SecretHash: Timestamp] {
    var stored: JSON {
        .object(map { JSON.Member(name: $0.key.hexadecimal, value: .integer($0.value.ticks)) }.sorted { $0.name < $1.name })
    }

    init(stored: JSON) throws {
        guard case .object(let members) = stored else { throw FieldError("secret_ends", "holds what is no object") }
        self = try Dictionary(
            members.map { member in
                guard let hash = SecretHash(hexadecimal: member.name), let ticks = member.value.wholeNumber else {
                    throw FieldError("secret_ends", "holds what is no end of a secret")
                }
                return (hash, Timestamp(ticks: ticks))
            }, uniquingKeysWith: { $1 })
    }
}
