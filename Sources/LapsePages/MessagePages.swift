/// A page that only says something.
public struct MessagePage: Page {
    public static let template = "message"
    let heading: String
    let text: String

    public init(heading: String, text: String) {
        self.heading = heading
        self.text = text
    }
}

/// The end of a sign-out: apps that the user was signed in to are told in hidden frames.
public struct SignedOutPage: Page {
    public static let template = "signedout"
    let frames: [String]
    let next: String?

    /// - Parameter frames: the apps' front-channel logout addresses.
    /// - Parameter next: where the browser goes on to once they had the time to load.
    public init(frames: [String], next: String?) {
        self.frames = frames
        self.next = next
    }
}

/// What a person sees when a request may not be answered to the app.
public struct ErrorPage: Page {
    public static let template = "error"
    let message: String
    let requestID: String
    let correlationID: String
    let timestamp: String

    public init(message: String, requestID: String, correlationID: String, timestamp: String) {
        self.message = message
        self.requestID = requestID
        self.correlationID = correlationID
        self.timestamp = timestamp
    }
}

/// `response_mode=form_post`: posts the answer to the app by itself, or by its button without scripts.
public struct FormPostPage: Page {
    public static let template = "formpost"
    let action: String
    let hidden: [HiddenField]

    public init(action: String, hidden: [HiddenField]) {
        self.action = action
        self.hidden = hidden
    }
}
