/// Which grants and sessions does an event touch? Microsoft's matrix, as data that a tenant may override row by row.
///
/// Entra: refresh-tokens.md (2025-05-14), the table "token revocation".
package struct RevocationMatrix: Equatable, Sendable {
    /// A column: what a token or cookie rests on.
    package enum Column: String, CaseIterable, Sendable {
        case passwordCookie, passwordToken, nonPasswordCookie, nonPasswordToken, confidentialToken
    }

    private static let rows: [Revocation.Cause: Set<Column>] = [
        .passwordExpired: [],
        .passwordChange: [.passwordCookie, .passwordToken],
        .selfServiceReset: [.passwordCookie, .passwordToken],
        .adminResetAzurePortal: [.passwordCookie, .passwordToken],
        .adminResetEntra: [.passwordCookie, .passwordToken, .nonPasswordToken, .confidentialToken],
        .userRevoke: Set(Column.allCases),
        .adminRevoke: Set(Column.allCases),
        .singleSignOut: [.passwordCookie, .nonPasswordCookie],
    ]

    /// As Microsoft documents it.
    package static let entra = RevocationMatrix(overrides: [:])

    /// Rows that are other than Microsoft's.
    package private(set) var overrides: [Revocation.Cause: Set<Column>]

    package init(overrides: [Revocation.Cause: Set<Column>]) { self.overrides = overrides }

    package func touches(_ cause: Revocation.Cause, _ column: Column) -> Bool {
        (overrides[cause] ?? Self.rows[cause, default: []]).contains(column)
    }

    /// Reads rows by cause, each a list of the columns that it touches.
    init(_ value: JSON, path: String) throws(FieldError) {
        self = .entra
        var reader = try ObjectReader(value, path: path)
        for cause in Revocation.Cause.allCases {
            guard let columns = try reader.choices(cause.rawValue, of: Column.self).map(Set.init) else { continue }
            overrides[cause] = columns
        }
        try reader.finish()
    }

    /// The rows that were overridden.
    var json: JSON {
        .object(
            Revocation.Cause.allCases.compactMap { cause in
                overrides[cause].map { columns in
                    JSON.Member(name: cause.rawValue, value: JSON(Column.allCases.filter(columns.contains).map(\.rawValue)))
                }
            })
    }
}

extension RevocationMatrix.Column {
    /// A cookie's column never looks at the client.
    package init(cookieOf method: SignInMethod) {
        self = method == .password ? .passwordCookie : .nonPasswordCookie
    }

    /// A confidential client's token counts in the last column alone; a single-page app counts as public.
    package init(tokenOf method: SignInMethod, clientClass: ClientClass) {
        switch clientClass {
        case .confidential: self = .confidentialToken
        case .public, .spa: self = method == .password ? .passwordToken : .nonPasswordToken
        }
    }
}
