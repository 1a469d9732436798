/// A page that only says something.
package struct MessagePage: Page {
    package static let template = "message"
    let words: Words
    let heading: String
    let text: String

    package init(heading: String, text: String, in words: Words) {
        self.words = words
        self.heading = heading
        self.text = text
    }
}

extension MessagePage {
    /// The end of a sign-in on another device.
    package static func signedInOnDevice(_ app: String, in words: Words) -> MessagePage {
        MessagePage(heading: words.youAreSignedIn, text: words.filled(\.signedInOnDevice, app: app), in: words)
    }

    package static func declinedOnDevice(_ app: String, in words: Words) -> MessagePage {
        MessagePage(heading: words.declined, text: words.filled(\.declinedOnDevice, app: app), in: words)
    }

    package static func notFound(in words: Words) -> MessagePage {
        MessagePage(heading: words.notFound, text: words.nothingHere, in: words)
    }
}

/// What a code means, and what a good app does about it: where `error_uri` leads to.
package struct CodePage: Page {
    package static let template = "code"
    let words: Words
    let heading: String
    /// What Microsoft calls the code; nil: nothing.
    let name: String?
    /// For a person who signs in, in their language; nil: there is no such sentence.
    let reason: String?
    /// Entra's own text, in English.
    let text: String
    let error: String
    let suberror: String?
    let advice: String?

    /// - Parameter advice: the name of what a good app does, see ``Words``.
    package init(
        code: Int, heading: String, name: String?, text: String, error: String, suberror: String?, advice: String, in words: Words
    ) {
        self.words = words
        self.heading = heading
        self.name = name
        reason = words.reasons[code]
        self.text = text
        (self.error, self.suberror) = (error, suberror)
        self.advice = words.advice[advice]
    }
}

/// The end of a sign-out: apps that the user was signed in to are told in hidden frames.
package struct SignedOutPage: Page {
    package static let template = "signedout"
    let words: Words
    let frames: [String]
    let next: String?

    /// - Parameter frames: the apps' front-channel logout addresses.
    /// - Parameter next: where the browser goes on to once they had the time to load.
    package init(frames: [String], next: String?, in words: Words) {
        self.words = words
        self.frames = frames
        self.next = next
    }
}

/// What a person sees when a request may not be answered to the app.
package struct ErrorPage: Page {
    package static let template = "error"
    let words: Words
    let reason: String?
    let message: String
    let requestID: String
    let correlationID: String
    let timestamp: String

    /// - Parameter code: the AADSTS number, for a sentence in the person's language.
    package init(code: Int?, message: String, requestID: String, correlationID: String, timestamp: String, in words: Words) {
        self.words = words
        reason = words.reason(code)
        self.message = message
        self.requestID = requestID
        self.correlationID = correlationID
        self.timestamp = timestamp
    }
}

/// `response_mode=form_post`: posts the answer to the app by itself, or by its button without scripts.
package struct FormPostPage: Page {
    package static let template = "formpost"
    let words: Words
    let action: String
    let hidden: [HiddenField]

    package init(action: String, hidden: [HiddenField], in words: Words) {
        self.words = words
        self.action = action
        self.hidden = hidden
    }
}
