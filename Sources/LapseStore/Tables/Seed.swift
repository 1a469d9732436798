import Foundation
import GRDB
import LapseRules

// A tenant's directory as one JSON value: the `seed` column, which a reset reads back. It holds the rows of the tenant, its users and its
// apps, column by column, so that a stored seed changes with the schema and with nothing else.

extension TenantSeed {
    var stored: JSON {
        get throws {
            [
                "tenant": try tenant.storedRow,
                "users": .array(try users.map { try $0.storedRow }),
                "apps": .array(try apps.map { try AppRow(app: $0, tenant: tenant.id).storedRow }),
                "faults": .array(faults.map { ["id": .string($0.id.description), "definition": $0.stored] }),
            ]
        }
    }

    init(stored: JSON) throws {
        self.init(
            tenant: try Tenant(row: .stored(stored["tenant"])),
            users: try stored.list("users").map { try User(row: .stored($0)) },
            apps: try stored.list("apps").map { try AppRegistration(row: .stored($0)) },
            faults: try stored.list("faults").enumerated().map { index, value in
                guard let id = value["id"]?.text.flatMap({ GUID($0) }) else {
                    throw FieldError("faults[\(index)].id", "is required")
                }
                return try Fault(stored: value["definition"] ?? .null, id: id, ordinal: Int64(index + 1))
            })
    }
}

extension EncodableRecord {
    /// The columns as the members of an object. A blob is `{"blob":HEXADECIMAL}`.
    fileprivate var storedRow: JSON {
        get throws {
            .object(
                try databaseDictionary.sorted { $0.key < $1.key }.map { column, value in
                    .init(name: column, value: JSON(stored: value))
                })
        }
    }
}

extension JSON {
    fileprivate init(stored value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let number): self = .integer(number)
        case .double(let number): self = .number(number)
        case .string(let text): self = .string(text)
        case .blob(let data): self = ["blob": .string(Hex.encode(data))]
        }
    }

    /// - Throws: `FieldError` for what ``init(stored:)`` does not write.
    fileprivate func columnValue() throws(FieldError) -> DatabaseValue {
        switch self {
        case .null: return .null
        case .bool(let flag): return flag.databaseValue
        case .integer(let number): return number.databaseValue
        case .number(let number): return number.databaseValue
        case .string(let text): return text.databaseValue
        case .object, .array:
            guard let bytes = self["blob"]?.text.flatMap({ Hex.decode($0) }) else {
                throw FieldError("seed", "holds what is no value of a column")
            }
            return Data(bytes).databaseValue
        }
    }

    fileprivate func list(_ name: String) -> [JSON] {
        guard case .array(let elements) = self[name] else { return [] }
        return elements
    }
}

extension Row {
    /// The row that ``EncodableRecord/storedRow`` wrote.
    ///
    /// - Throws: `FieldError` for what it did not write: the database is damaged.
    fileprivate static func stored(_ value: JSON?) throws(FieldError) -> Row {
        guard case .object(let members) = value else { throw FieldError("seed", "holds what is no row") }
        var columns: [String: DatabaseValue] = [:]
        for member in members { columns[member.name] = try member.value.columnValue() }
        return Row(columns)
    }
}
