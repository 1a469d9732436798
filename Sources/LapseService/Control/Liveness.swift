import LapseRules
import LapseStore

/// Whether a grant or session is still alive, and what speaks against it when it is not.
package struct Liveness: Sendable {
    /// Why it is dead; nil while it is alive.
    package let reason: String?
    /// The code that every region refuses it with; nil when it ended by itself.
    package let code: AADSTS?
    package let revocation: GUID?

    package var isAlive: Bool { reason == nil }

    /// - Parameter refusal: what every region says; nil when one still accepts it.
    init(_ refusal: Refusal?, reason: String?) {
        self.reason = reason
        code = refusal?.error.code
        revocation = refusal?.revocation
    }
}

extension Operation {
    /// Why no region of the tenant accepts the grant or session; nil when one still does. Explain tells them apart.
    func refusalEverywhere(of subject: RevocationRule.Subject, on plane: Plane, _ account: AccountFacts) -> Refusal? {
        let refusals = model.regions.map { account.refusal(of: subject, on: plane, in: $0) }
        return refusals.contains(nil) ? nil : refusals[0]
    }
}

/// What a sign-in left in the store: a grant or a session.
protocol SignInRecord {
    var id: GUID { get }
    var authentication: Authentication { get }
}

extension Grant: SignInRecord {}
extension BrowserSession: SignInRecord {}

extension ControlPage {
    /// A part of what the sign-ins of a user's account left.
    ///
    /// - Parameters:
    ///   - cursor: the id of the last of the part before.
    ///   - load: the records behind one, at most so many.
    ///   - item: nil for what is not shown.
    /// - Throws: ``ControlError`` for a cursor that names nothing of the account, and what the functions throw.
    init<Record: SignInRecord>(
        ofSignInsOf user: User, after cursor: String?, find: (GUID) throws -> Record?,
        load: (_ after: GUID?, _ limit: Int) throws -> [Record], item: (Record) throws -> Item?
    ) throws {
        let last = try cursor.map { text in
            guard let record = try GUID(text).flatMap(find), record.authentication.user == user.home else {
                throw Self.unknownCursor
            }
            return record.id
        }
        try self.init(of: try load(last, Self.size + 1), cursor: \.id.description, item: item)
    }
}
