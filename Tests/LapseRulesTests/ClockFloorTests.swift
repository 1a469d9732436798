import Testing

@testable import LapseRules

@Suite("A running clock never shows less than it has")
struct ClockFloorTests {
    private static let noon = World.now

    /// What the clock would show by itself and what it shows, in seconds after noon, and what has to be stored first.
    struct Step: Sendable {
        let raw: Int64
        let shown: Int64
        var stored: Int64?
    }

    @Test(
        "What is shown, and what is stored before it is",
        arguments: [
            ("it runs", [Step(raw: 0, shown: 0, stored: 1), Step(raw: 1, shown: 1), Step(raw: 2, shown: 2, stored: 3)]),
            ("two seconds back", [Step(raw: 10, shown: 10, stored: 11), Step(raw: 8, shown: 10), Step(raw: 11, shown: 11)]),
            (
                "an hour back, until the machine's clock comes there again",
                [
                    Step(raw: 3600, shown: 3600, stored: 3601), Step(raw: 0, shown: 3600), Step(raw: 1800, shown: 3600),
                    Step(raw: 3602, shown: 3602, stored: 3603),
                ]
            ),
        ] as [(String, [Step])])
    func runs(_ what: String, _ steps: [Step]) {
        var floor = ClockFloor(stored: nil)
        for step in steps {
            #expect(floor.show(Self.noon + .seconds(step.raw)) == Self.noon + .seconds(step.shown), "\(what)")
            #expect(floor.toStore == step.stored.map { Self.noon + .seconds($0) }, "\(what)")
            if let instant = floor.toStore { floor.set(stored: instant) }
        }
    }

    @Test("A run goes on from what an earlier one stored")
    func restart() {
        var floor = ClockFloor(stored: Self.noon)
        #expect(floor.show(Self.noon - .seconds(3600)) == Self.noon)
        #expect(floor.toStore == nil)
        #expect(floor.show(Self.noon + .seconds(5)) == Self.noon + .seconds(5))
        #expect(floor.toStore == Self.noon + .seconds(6))
    }

    @Test("What was stored and then undone is stored again, and what was shown stays")
    func undone() {
        var floor = ClockFloor(stored: nil)
        _ = floor.show(Self.noon)
        floor.set(stored: floor.toStore)
        floor.set(stored: nil)
        #expect(floor.show(Self.noon - .seconds(1)) == Self.noon)
        #expect(floor.toStore == Self.noon + ClockFloor.step)
    }
}
