/// The sign-in page: the first form has the user name and password, and works without scripts.
package struct SignInPage: Page {
    package static let template = "signin"
    let words: Words
    let title: String
    let toContinue: String
    let device: DeviceQuestion?
    let action: String
    let userName: String?
    let error: Refusal?
    let asksForNewPassword: Bool
    let hidden: [HiddenField]

    /// Why the last try did not sign anybody in.
    package struct Refusal: Sendable {
        let reason: String?
        let message: String

        /// - Parameter code: the AADSTS number, for a sentence in the person's language.
        package init(code: Int?, message: String, in words: Words) {
            reason = words.reason(code)
            self.message = message
        }
    }

    package init(
        action: String, appName: String, userName: String?, error: Refusal?, asksForNewPassword: Bool = false,
        hidden: [HiddenField] = [], isDevice: Bool = false, in words: Words
    ) {
        self.words = words
        title = words.filled(\.signInTo, app: appName)
        toContinue = words.filled(\.toContinueTo, app: appName)
        device = isDevice ? DeviceQuestion(appName: appName, in: words) : nil
        self.action = action
        self.userName = userName
        self.error = error
        self.asksForNewPassword = asksForNewPassword
        self.hidden = hidden
    }
}

/// What a person is asked who is about to sign in another device. Entra asks it too: a code may have been sent by somebody else.
package struct DeviceQuestion: Sendable {
    let question: String
    let warning: String

    init(appName: String, in words: Words) {
        question = words.filled(\.tryingToSignIn, app: appName)
        warning = words.onlyIfYouStarted
    }
}

/// The account picker.
package struct PickerPage: Page {
    package static let template = "picker"

    package struct Account: Sendable {
        let session: String
        let displayName: String
        let userPrincipalName: String

        package init(session: String, displayName: String, userPrincipalName: String) {
            self.session = session
            self.displayName = displayName
            self.userPrincipalName = userPrincipalName
        }
    }

    let words: Words
    let title: String
    let heading: String
    let toContinue: String
    let action: String
    let accounts: [Account]
    let hidden: [HiddenField]
    /// Nil: the sign-in is for this browser.
    let device: DeviceQuestion?
    let offersOther: Bool

    package init(
        action: String, appName: String, accounts: [Account], hidden: [HiddenField] = [], isDevice: Bool = false, in words: Words
    ) {
        self.words = words
        title = words.filled(\.pickAccountFor, app: appName)
        heading = words.pickAccount
        toContinue = words.filled(\.toContinueTo, app: isDevice ? words.appOnAnotherDevice(appName) : appName)
        self.action = action
        self.accounts = accounts
        self.hidden = hidden
        device = isDevice ? DeviceQuestion(appName: appName, in: words) : nil
        offersOther = true
    }

    /// Which account to sign out of.
    package init(signingOut accounts: [Account], action: String, in words: Words) {
        self.words = words
        title = words.signOutOf
        heading = words.pickAccount
        toContinue = words.signOutOf
        self.action = action
        self.accounts = accounts
        hidden = []
        device = nil
        offersOther = false
    }
}

/// The consent page.
package struct ConsentPage: Page {
    package static let template = "consent"
    let words: Words
    let title: String
    let wouldAct: String
    let action: String
    let session: String
    let permissions: [Permission]

    /// What the app may do then, in the person's language where there are words for it.
    struct Permission: Sendable {
        let name: String
        let sentence: String?
    }

    package init(
        action: String, appName: String, session: String, userPrincipalName: String, permissions: [String], in words: Words
    ) {
        self.words = words
        title = words.filled(\.asksForPermission, app: appName)
        wouldAct = words.filled(\.wouldActFor, app: appName, user: userPrincipalName)
        self.action = action
        self.session = session
        self.permissions = permissions.map { Permission(name: $0, sentence: words.permissions[$0]) }
    }
}

/// The page where a device's code is entered.
package struct DeviceCodePage: Page {
    package static let template = "device"
    let words: Words
    let action: String
    let code: String?
    let isWrong: Bool

    package init(action: String, code: String?, isWrong: Bool, in words: Words) {
        self.words = words
        self.action = action
        self.code = code
        self.isWrong = isWrong
    }
}
