import LapseRules
import Synchronization

/// What is put down of the request at hand, for a log, besides what its answer says.
package final class RequestNote: Sendable {
    @TaskLocal package static var current: RequestNote?

    private struct State {
        var error: ErrorName?
        var event: Int64?
        var subject = RequestSubject()
        var body: [UInt8]?
        var answer: [UInt8]?
    }

    private let state = Mutex(State())

    package init() {}

    /// The error that the request was answered with, the last of several.
    package var error: ErrorName? {
        get { state.withLock { $0.error } }
        set { state.withLock { $0.error = newValue } }
    }

    /// The event that the request wrote, the last of several.
    package var event: Int64? {
        get { state.withLock { $0.event } }
        set { state.withLock { $0.event = newValue } }
    }

    /// The request's body, once somebody has read it.
    package var body: [UInt8]? {
        get { state.withLock { $0.body } }
        set { state.withLock { $0.body = newValue } }
    }

    /// The answer's body where it was made of text, the last of several; nil: nobody has said.
    package var answer: [UInt8]? {
        get { state.withLock { $0.answer } }
        set { state.withLock { $0.answer = newValue } }
    }

    /// Whom the request was about, as far as that is known.
    package var subject: RequestSubject { state.withLock { $0.subject } }

    /// Puts down whom a request is about before it is decided.
    package func put(tenant: GUID, client: ClientID?, user: GUID?) {
        state.withLock { state in
            state.subject.tenant = tenant
            state.subject.client = client ?? state.subject.client
            state.subject.user = user ?? state.subject.user
        }
    }

    /// Puts down an app that the request names, registered or not.
    func put(client: ClientID) { state.withLock { $0.subject.client = client } }

    /// Puts down what came of an operation: the tenant it ran in, nil under an alias, and the last event that it wrote.
    func put(tenant: GUID?, _ event: Event?) {
        state.withLock { state in
            state.subject.tenant = state.subject.tenant ?? tenant ?? event?.tenant
            // Another tenant's user is none of this one's business.
            let event = event.flatMap { $0.tenant == state.subject.tenant ? $0 : nil }
            state.subject.client = event?.client ?? state.subject.client
            state.subject.user = event?.user ?? state.subject.user
            state.subject.code = event?.code
        }
    }
}

/// Whom a request was about, and with what code it was refused. Nil is what is not known.
package struct RequestSubject: Sendable {
    package var tenant: GUID?
    package var client: ClientID?
    package var user: GUID?
    /// The code of its event.
    package var code: AADSTS?

    package init(tenant: GUID? = nil, client: ClientID? = nil, user: GUID? = nil, code: AADSTS? = nil) {
        (self.tenant, self.client, self.user, self.code) = (tenant, client, user, code)
    }
}

/// An error as a person looks it up.
package struct ErrorName: Equatable, Sendable {
    /// AADSTS and a number, or the code of Graph and its like.
    package let code: String
    /// What Microsoft calls it; nil where nothing, or where the code is a name.
    package var name: String?
    /// The same code where it is AADSTS and a number.
    package var aadsts: AADSTS?

    package init(_ code: AADSTS) { (self.code, name, aadsts) = ("AADSTS\(code.rawValue)", code.name, code) }
    package init(_ code: String) { self.code = code }
    package init(_ error: EntraError) { self = error.code.map { ErrorName($0) } ?? ErrorName(error.error) }
}
