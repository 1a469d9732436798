import Foundation
import GRDB
import LapseRules

// A tenant's directory as one JSON value: the `seed` column, which a reset reads back. It holds the rows of the tenant, its users, apps
// and service principals, column by column, so that a stored seed changes with the schema and with nothing else.

extension TenantSeed {
    var stored: JSON {
        get throws {
            [
                "tenant": try tenant.storedRow,
                "users": .array(try users.map { try $0.storedRow }),
                "apps": .array(try apps.map { try AppRow(app: $0, tenant: tenant.id).storedRow }),
                "faults": .array(faults.map { ["id": .string($0.id.description), "definition": $0.stored] }),
                "principals": .array(try principals.map { try $0.storedRow }),
            ]
        }
    }

    init(stored: JSON) throws {
        var object = try StoredObject(stored, "seed")
        let tenant = try object.required("tenant") { try $0.row(Tenant.init(row:)) { $0 } }
        self.init(
            tenant: tenant, users: try object.required("users") { try $0.list { try $0.row(User.init(row:)) { $0 } } },
            apps: try object.required("apps") {
                try $0.list { try $0.row(AppRegistration.init(row:)) { AppRow(app: $0, tenant: tenant.id) } }
            },
            faults: try object.required("faults") { $0.list { $0 } }.enumerated().map { index, value in
                var fault = try StoredObject(value, "faults")
                let id = try fault.required("id", \.guid)
                let read = try fault.required("definition") { try Fault(stored: $0, id: id, ordinal: Int64(index + 1)) }
                try fault.finish()
                return read
            },
            principals: try object.required("principals") { try $0.list { try $0.row(ServicePrincipal.init(row:)) { $0 } } })
        try object.finish()
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
            guard case .object(let members) = self, members.count == 1, members[0].name == "blob",
                let bytes = members[0].value.text.flatMap({ Hex.decode($0) })
            else {
                throw FieldError("seed", "holds what is no value of a column")
            }
            return Data(bytes).databaseValue
        }
    }

    /// What was read from the row that ``EncodableRecord/storedRow`` wrote.
    ///
    /// - Parameter record: writes it, with those columns and no other.
    /// - Throws: `FieldError` for what it did not write, `RowDecodingError` for a column: the database is damaged.
    fileprivate func row<Value>(_ read: (Row) throws -> Value, record: (Value) -> some EncodableRecord) throws -> Value {
        guard case .object(let members) = self else { throw FieldError("seed", "holds what is no row") }
        var columns: [String: DatabaseValue] = [:]
        for member in members { columns[member.name] = try member.value.columnValue() }
        let value = try read(Row(columns))
        guard Set(columns.keys) == Set(try record(value).databaseDictionary.keys) else {
            throw FieldError("seed", "holds a row of other columns")
        }
        return value
    }
}
