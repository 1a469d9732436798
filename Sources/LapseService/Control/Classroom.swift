import LapseRules

/// The learners of a class: each has a key that steers one sandbox, and nothing else.
package struct Classroom: Sendable {
    package struct Learner: Sendable {
        package let number: Int
        package let tenant: GUID
        /// Of the key in the learner's link.
        package let key: SecretHash

        package init(number: Int, tenant: GUID, key: SecretHash) {
            (self.number, self.tenant, self.key) = (number, tenant, key)
        }
    }

    package let learners: [Learner]

    package init(_ learners: [Learner]) { self.learners = learners }

    /// The sandbox that the key steers; nil: it is no learner's. All are compared, whichever it is.
    package func tenant(of key: SecretHash) -> GUID? {
        learners.reduce(nil) { found, learner in learner.key == key ? learner.tenant : found }
    }
}
