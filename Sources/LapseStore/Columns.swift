import Foundation
import GRDB
import LapseRules

// How the domain's values stand in columns. The domain structs are the rows: there is no second model.

extension GUID: DatabaseValueConvertible {
    package var databaseValue: DatabaseValue { description.databaseValue }
    package static func fromDatabaseValue(_ value: DatabaseValue) -> GUID? { String.fromDatabaseValue(value).flatMap(GUID.init) }
}

extension ClientID: DatabaseValueConvertible {
    package var databaseValue: DatabaseValue { description.databaseValue }
    package static func fromDatabaseValue(_ value: DatabaseValue) -> ClientID? {
        String.fromDatabaseValue(value).map { ClientID($0) }
    }
}

extension Timestamp: DatabaseValueConvertible {
    package var databaseValue: DatabaseValue { ticks.databaseValue }
    package static func fromDatabaseValue(_ value: DatabaseValue) -> Timestamp? {
        Int64.fromDatabaseValue(value).map(Timestamp.init(ticks:))
    }
}

extension SecretHash: DatabaseValueConvertible {
    package var databaseValue: DatabaseValue { Data(bytes).databaseValue }
    package static func fromDatabaseValue(_ value: DatabaseValue) -> SecretHash? {
        Data.fromDatabaseValue(value).flatMap { SecretHash(bytes: Array($0)) }
    }
}

extension Region: DatabaseValueConvertible {
    package var databaseValue: DatabaseValue { description.databaseValue }
    package static func fromDatabaseValue(_ value: DatabaseValue) -> Region? {
        String.fromDatabaseValue(value).flatMap(Region.init)
    }
}

extension SignInMethod: DatabaseValueConvertible {}
extension ClientClass: DatabaseValueConvertible {}
extension Plane: DatabaseValueConvertible {}
extension Revocation.Cause: DatabaseValueConvertible {}
extension StateChange.Kind: DatabaseValueConvertible {}
extension AppRegistration.Audience: DatabaseValueConvertible {}
extension DeviceCode.State: DatabaseValueConvertible {}
extension PKCE.Method: DatabaseValueConvertible {}
extension AppRegistration.Kind: DatabaseValueConvertible {}
extension TenantClock.Mode: DatabaseValueConvertible {}
extension Event.Kind: DatabaseValueConvertible {}
extension ClockEffect.Kind: DatabaseValueConvertible {}

/// A JSON column. What cannot be read back was not written by Lapse: the database is damaged.
extension JSON: DatabaseValueConvertible {
    package var databaseValue: DatabaseValue { encodedText.databaseValue }
    package static func fromDatabaseValue(_ value: DatabaseValue) -> JSON? {
        String.fromDatabaseValue(value).flatMap { JSON(parsing: Array($0.utf8)) }
    }
}

extension Row {
    /// The elements of a column that holds a JSON list.
    ///
    /// - Parameter read: nil for what Lapse does not write: the database is damaged.
    func list<Element>(_ column: String, _ read: (JSON) -> Element?) throws -> [Element] {
        guard let elements = try decode(JSON.self, forColumn: column).list(read) else {
            throw FieldError(column, "holds what is no such list")
        }
        return elements
    }
}
