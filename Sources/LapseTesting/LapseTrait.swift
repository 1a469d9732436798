internal import Synchronization
public import Testing

/// Gives each test a sandbox of its own: see `lapse` and ``Testing/Trait/lapse(_:propagation:)``.
public final class LapseTrait: TestTrait, SuiteTrait, TestScoping {
    private let template: LapseJSON
    private let propagation: LapseJSON?

    fileprivate init(_ template: LapseJSON, _ propagation: LapseJSON?) {
        self.template = template
        self.propagation = propagation
    }

    /// A suite hands it to each of its tests.
    public var isRecursive: Bool { true }

    /// - Returns: the trait for a test or one of its cases; nil where a trait nearer to the test makes the sandbox.
    public func scopeProvider(for test: Test, testCase: Test.Case?) -> LapseTrait? {
        let nearest = test.traits.last { $0 is LapseTrait } as? LapseTrait
        return testCase != nil && nearest === self ? self : nil
    }

    /// Runs the test in its sandbox. When it fails, its first issue says what happened there, and attachments hold it all.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await Lapse.shared.withSandbox(template, propagation: propagation) { tenant in
            let isTold = Mutex(false)
            // An issue is told once: a test with a hundred of them has one log.
            let telling = IssueHandlingTrait.compactMapIssues { issue in
                guard issue.isError, !isTold.exchange(true) else { return issue }
                var issue = issue
                issue.comments.append(Comment(rawValue: WhatHappened.text(in: tenant)))
                return issue
            }
            do {
                try await telling.provideScope(for: test, testCase: testCase, performing: function)
            } catch {
                // What a test throws becomes an issue out of reach; what cancels it becomes none.
                if !(error is CancellationError), !isTold.exchange(true) { WhatHappened.warn(in: tenant, test.sourceLocation) }
                await WhatHappened.attach(in: tenant, test.sourceLocation)
                throw error
            }
            if isTold.withLock(\.self) { await WhatHappened.attach(in: tenant, test.sourceLocation) }
        }
    }
}

extension Trait where Self == LapseTrait {
    /// Gives each test a sandbox of its own, made like the lab's tenant Contoso: ``LapseTenant/current``. It is removed after the test.
    public static var lapse: LapseTrait { LapseTrait("contoso", nil) }

    /// The same with another template, or another propagation model.
    ///
    /// - Parameters:
    ///   - template: the tenant that it is made like, by name, domain or id; or a tenant as in a seed file, whose id, name and domains may
    ///     be left out.
    ///   - propagation: how revocations arrive: a preset's name, or a model; nil: the template's.
    public static func lapse(_ template: LapseJSON = "contoso", propagation: LapseJSON? = nil) -> LapseTrait {
        LapseTrait(template, propagation)
    }
}

extension Mutex<Bool> {
    /// - Returns: the value until now.
    fileprivate borrowing func exchange(_ new: Bool) -> Bool {
        withLock { value in
            defer { value = new }
            return value
        }
    }
}

extension Issue {
    /// Whether it makes its test fail.
    fileprivate var isError: Bool {
        #if compiler(>=6.3)
            isFailure
        #else
            true
        #endif
    }
}
