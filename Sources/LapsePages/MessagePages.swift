/// A page that only says something.
public struct MessagePage: Page {
    public static let template = "message"
    let words: Words
    let heading: String
    let text: String

    public init(heading: String, text: String, in words: Words) {
        self.words = words
        self.heading = heading
        self.text = text
    }
}

extension MessagePage {
    /// The end of a sign-in on another device.
    public static func signedInOnDevice(_ app: String, in words: Words) -> MessagePage {
        MessagePage(heading: words.youAreSignedIn, text: words.filled(\.signedInOnDevice, app: app), in: words)
    }

    public static func declinedOnDevice(_ app: String, in words: Words) -> MessagePage {
        MessagePage(heading: words.declined, text: words.filled(\.declinedOnDevice, app: app), in: words)
    }

    public static func notFound(in words: Words) -> MessagePage {
        MessagePage(heading: words.notFound, text: words.nothingHere, in: words)
    }
}

/// The end of a sign-out: apps that the user was signed in to are told in hidden frames.
public struct SignedOutPage: Page {
    public static let template = "signedout"
    let words: Words
    let frames: [String]
    let next: String?

    /// - Parameter frames: the apps' front-channel logout addresses.
    /// - Parameter next: where the browser goes on to once they had the time to load.
    public init(frames: [String], next: String?, in words: Words) {
        self.words = words
        self.frames = frames
        self.next = next
    }
}

/// What a person sees when a request may not be answered to the app.
public struct ErrorPage: Page {
    public static let template = "error"
    let words: Words
    let reason: String?
    let message: String
    let requestID: String
    let correlationID: String
    let timestamp: String

    /// - Parameter code: the AADSTS number, for a sentence in the person's language.
    public init(code: Int?, message: String, requestID: String, correlationID: String, timestamp: String, in words: Words) {
        self.words = words
        reason = words.reason(code)
        self.message = message
        self.requestID = requestID
        self.correlationID = correlationID
        self.timestamp = timestamp
    }
}

/// `response_mode=form_post`: posts the answer to the app by itself, or by its button without scripts.
public struct FormPostPage: Page {
    public static let template = "formpost"
    let words: Words
    let action: String
    let hidden: [HiddenField]

    public init(action: String, hidden: [HiddenField], in words: Words) {
        self.words = words
        self.action = action
        self.hidden = hidden
    }
}
