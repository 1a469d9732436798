import LapseRules
import Testing

@testable import LapseStore

@Suite("Waiting for a commit", .timeLimit(.minutes(10)))
struct CommitSignalTests {
    private let commits = CommitSignal()
    private let tenant = BuiltInLab.contoso
    /// Later than the suite may take: who waits for it in vain fails.
    private let never = ContinuousClock.now + .seconds(3600)

    @Test("What is there already is not waited for, whatever the deadline")
    func atOnce() async {
        var looks = 0
        let value = await commits.until(.now - .seconds(1), of: tenant) {
            looks += 1
            return .done("there")
        }
        #expect((value, looks) == ("there", 1))
    }

    @Test("A signal between looking and waiting is not missed")
    func between() async {
        var looks = 0
        let value = await commits.until(never, of: tenant) {
            looks += 1
            commits.signal(for: tenant)
            return looks < 100 ? .waiting(looks) : .done(looks)
        }
        #expect(value == 100)
    }

    @Test("Of a thousand signals from elsewhere, before and after the wait has begun, each leads to a look")
    func elsewhere() async {
        let (looks, looked) = AsyncStream<Int>.makeStream()
        async let value = commits.until(never, of: tenant) {
            let signals = commits.signals(for: tenant)
            looked.yield(Int(signals))
            return signals < 1000 ? .waiting(signals) : .done(signals)
        }
        for await signals in looks {
            if signals == 1000 { break }
            commits.signal(for: tenant)
        }
        #expect(await value == 1000)
    }

    @Test("A signal wakes all who wait for its tenant")
    func all() async {
        let (looks, looked) = AsyncStream<Void>.makeStream()
        await withTaskGroup(of: UInt64.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    await commits.until(never, of: tenant) {
                        let signals = commits.signals(for: tenant)
                        looked.yield()
                        return signals == 0 ? .waiting(signals) : .done(signals)
                    }
                }
            }
            var number = 0
            for await _ in looks {
                number += 1
                if number == 10 { break }
            }
            commits.signal(for: tenant)
            for await signals in group { #expect(signals == 1) }
        }
    }

    @Test("After the deadline it looks for the last time, and signals for other tenants lead to no look")
    func deadline() async {
        let deadline = ContinuousClock.now + .milliseconds(20)
        var looks = 0
        let last = await commits.until(deadline, of: tenant) {
            looks += 1
            commits.signal(for: BuiltInLab.fabrikam)
            return CommitSignal.Look.waiting(ContinuousClock.now)
        }
        #expect(last >= deadline)
        #expect(looks <= 2)
        #expect(await commits.until(deadline, of: tenant) { .waiting("over") } == "over")
    }

    @Test("Who asked for it looks again without a signal")
    func recheck() async {
        var looks = 0
        let value = await commits.until(never, of: tenant) {
            looks += 1
            return looks < 3 ? .waiting(looks, recheck: .milliseconds(1)) : .done(looks)
        }
        #expect(value == 3)
    }

    @Test("Between two looks lies the pause that was asked for, however many signals come")
    func pause() async {
        var looks: [ContinuousClock.Instant] = []
        await commits.until(never, of: tenant, pause: .milliseconds(20)) {
            looks.append(.now)
            commits.signal(for: tenant)
            return looks.count < 3 ? .waiting(()) : .done(())
        }
        for (earlier, later) in zip(looks, looks.dropFirst()) { #expect(later - earlier >= .milliseconds(20)) }
    }

    @Test("A task that is cancelled waits no longer", arguments: [Duration.zero, .seconds(3600)])
    func cancelled(pause: Duration) async {
        let (looks, looked) = AsyncStream<Void>.makeStream()
        let task = Task {
            await commits.until(never, of: tenant, pause: pause) {
                looked.yield()
                return CommitSignal.Look.waiting("nothing")
            }
        }
        for await _ in looks {
            task.cancel()
            break
        }
        #expect(await task.value == "nothing")
    }

    @Test("What a look throws ends the wait")
    func throwing() async {
        struct Gone: Error {}
        var looks = 0
        await #expect(throws: Gone.self) {
            try await commits.until(never, of: tenant) {
                looks += 1
                guard looks < 2 else { throw Gone() }
                commits.signal(for: tenant)
                return .waiting(())
            }
        }
    }
}
