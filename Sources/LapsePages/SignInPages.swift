/// The sign-in page: the first form has the user name and password, and works without scripts.
public struct SignInPage: Page {
    public static let template = "signin"
    let action: String
    let appName: String
    let userName: String?
    let error: String?
    let asksForNewPassword: Bool
    let hidden: [HiddenField]

    public init(
        action: String, appName: String, userName: String?, error: String?, asksForNewPassword: Bool = false,
        hidden: [HiddenField] = []
    ) {
        self.action = action
        self.appName = appName
        self.userName = userName
        self.error = error
        self.asksForNewPassword = asksForNewPassword
        self.hidden = hidden
    }
}

/// The account picker.
public struct PickerPage: Page {
    public static let template = "picker"

    public struct Account: Sendable {
        let session: String
        let displayName: String
        let userPrincipalName: String

        public init(session: String, displayName: String, userPrincipalName: String) {
            self.session = session
            self.displayName = displayName
            self.userPrincipalName = userPrincipalName
        }
    }

    let action: String
    let appName: String
    let accounts: [Account]
    let hidden: [HiddenField]
    let isDevice: Bool

    public init(action: String, appName: String, accounts: [Account], hidden: [HiddenField] = [], isDevice: Bool = false) {
        self.action = action
        self.appName = appName
        self.accounts = accounts
        self.hidden = hidden
        self.isDevice = isDevice
    }
}

/// The consent page.
public struct ConsentPage: Page {
    public static let template = "consent"
    let action: String
    let appName: String
    let session: String
    let userPrincipalName: String
    let permissions: [String]

    public init(action: String, appName: String, session: String, userPrincipalName: String, permissions: [String]) {
        self.action = action
        self.appName = appName
        self.session = session
        self.userPrincipalName = userPrincipalName
        self.permissions = permissions
    }
}

/// The page where a device's code is entered.
public struct DeviceCodePage: Page {
    public static let template = "device"
    let code: String?
    let isWrong: Bool

    public init(code: String?, isWrong: Bool) {
        self.code = code
        self.isWrong = isWrong
    }
}
