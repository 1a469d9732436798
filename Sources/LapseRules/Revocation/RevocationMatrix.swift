/// Which grants and sessions does an event touch? Microsoft's matrix, as data.
///
/// Entra: refresh-tokens.md (2025-05-14), the table "token revocation".
public enum RevocationMatrix {
    /// A column: what a token or cookie rests on.
    public enum Column: CaseIterable, Sendable {
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

    public static func touches(_ cause: Revocation.Cause, _ column: Column) -> Bool {
        rows[cause, default: []].contains(column)
    }
}

extension RevocationMatrix.Column {
    /// A cookie's column never looks at the client.
    public init(cookieOf method: SignInMethod) {
        self = method == .password ? .passwordCookie : .nonPasswordCookie
    }

    /// A confidential client's token counts in the last column alone; a single-page app counts as public.
    public init(tokenOf method: SignInMethod, clientClass: ClientClass) {
        switch clientClass {
        case .confidential: self = .confidentialToken
        case .public, .spa: self = method == .password ? .passwordToken : .nonPasswordToken
        }
    }
}
