/// From how many and how soon the judge counts something against an app. docs/good-client.md says the same to its readers.
struct JudgeThreshold: Equatable, Sendable {
    /// So many more tries after the first are forgiven.
    // Assumption: libraries try once or twice more, an app that starts anew tries once more, and several requests of one app may be
    // under way at once.
    var forgivenRetries = 2

    /// Requests of one app so close to each other may have been under way together.
    // Assumption: an app that sends requests at once needs no longer than this to send them all, and a slow machine no
    // longer to take them.
    var concurrentRequests = Duration.seconds(1)

    /// An app that waits at least so long between most of its tries takes a refusal for an outage; any other loops.
    // Assumption: whoever backs off waits longer: MSAL Python half a second, azure-identity 1.6 s after a first retry at once.
    var shortestBackoff = Duration.milliseconds(200)

    /// More retries than this within the first second of an outage, when no Retry-After was told, are too many.
    // Assumption: growing pauses leave room for fewer. MSAL Python and azure-identity send one.
    var retriesInFirstSecond = 4

    /// So much earlier than Retry-After said is still in time.
    // RFC 9110, section 10.2.3: it counts whole seconds. So do libraries: MSAL Python comes back up to a second early.
    var retryAfterRounding = Duration.seconds(1)

    /// A sign-in later than this after the last failure of an outage has another reason.
    // Assumption: an app that drops its tokens because of a failure asks its user at once, or at the next click.
    var signInAfterOutage = Duration.seconds(60)

    /// A user's sign-in so soon after the refusal of another user is a consequence of that refusal.
    // Assumption: an app that signs out everybody does so at once, and few users sign in again by themselves so soon.
    var signInAfterOthersRefusal = Duration.seconds(5)

    /// A page so soon after a failure of the authority belongs to the outage.
    // Assumption: what a person saw is told a moment after the app got its answer, on a slow machine some seconds.
    var pageAfterFailure = Duration.seconds(5)

    /// So many pages without an answer are forgiven.
    // Assumption: a slow machine loses one now and then.
    var forgivenUnansweredPages = 2

    /// So many pages that go on as if nothing had happened are forgiven.
    // Assumption: one may have been on its way, or stood in a cache.
    var forgivenStalePages = 1
}
