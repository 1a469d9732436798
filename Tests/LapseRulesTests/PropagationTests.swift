import Testing

@testable import LapseRules

private let start = Timestamp("2026-03-01T12:00:00Z")!
private let (east, west, north) = (Region("east")!, Region("west")!, Region("north")!)

@Suite("The propagation model")
struct PropagationModelTests {
    private func read(_ text: String) throws -> PropagationModel {
        try PropagationModel(try #require(JSON(parsing: Array(text.utf8))))
    }

    @Test("Each plane and region is delayed by its own model, and a missing one not at all")
    func delays() throws {
        let model = try read(
            #"{"regions":["east","west"],"planes":{"refresh":{"fixed":"PT3M"},"session":{"west":"manual"},"cae":{"afterAttempts":2}}}"#
        )
        let moments = model.propagation(of: start, ordinal: 1, takenIn: east).arrivals.map(\.moment)
        let late = Propagation.Moment.at(start + .seconds(180))
        #expect(moments == [late, late, .at(start), .held, .afterAttempts(2), .afterAttempts(2), .at(start), .at(start)])
        #expect(try PropagationModel(model.json) == model)
    }

    @Test("The region that took the revoke enforces it at once when the model says so")
    func origin() throws {
        let model = try read(#"{"regions":["east","west"],"origin":"immediate","planes":{"refresh":"manual"}}"#)
        let moments = model.propagation(of: start, ordinal: 1, takenIn: west).arrivals.prefix(2).map(\.moment)
        #expect(moments == [.held, .at(start)])
    }

    @Test("Each preset can be written out and read back")
    func presets() throws {
        for (name, model) in PropagationModel.presets {
            #expect(try PropagationModel(.string(name)) == model)
            #expect(try PropagationModel(model.json) == model)
        }
    }

    @Test("A region that joined later enforces it as soon as the first of the others does")
    func laterRegion() {
        let propagation = Propagation([
            .init(plane: .refresh, region: east, moment: .at(start + .seconds(9))),
            .init(plane: .refresh, region: west, moment: .at(start + .seconds(5))),
            .init(plane: .session, region: east, moment: .held),
        ])
        #expect(propagation.moment(on: .refresh, in: north) == .at(start + .seconds(5)))
        #expect(propagation.moment(on: .session, in: north) == .held)
    }

    @Test("A release makes effective what is not, and never before the event")
    func release() {
        let propagation = Propagation([
            .init(plane: .refresh, region: east, moment: .at(start)), .init(plane: .refresh, region: west, moment: .held),
            .init(plane: .session, region: east, moment: .afterAttempts(3)),
        ])
        let now = start + .seconds(7)
        #expect(propagation.released(on: nil, in: nil, now: now, of: start).map(\.region) == [west, east])
        #expect(propagation.released(on: .session, in: nil, now: now, of: start).map(\.moment) == [.at(now)])
        #expect(propagation.released(on: .refresh, in: east, now: now, of: start).isEmpty)
        #expect(propagation.released(on: .refresh, in: west, now: start - .seconds(60), of: start).map(\.moment) == [.at(start)])
    }

    @Test(
        "A model that cannot be is refused by the name of its field",
        arguments: [
            (#""fast""#, ""), (#"{"planes":{"cache":"immediate"}}"#, "planes.cache"),
            (#"{"planes":{"refresh":"later"}}"#, "planes.refresh"), (#"{"planes":{"refresh":{}}}"#, "planes.refresh"),
            (#"{"planes":{"refresh":{"fixed":"-PT3M"}}}"#, "planes.refresh.fixed"),
            (#"{"planes":{"refresh":{"fixed":"PT1M","uniform":["PT1S","PT2S"]}}}"#, "planes.refresh"),
            (#"{"planes":{"refresh":{"uniform":["PT1S"]}}}"#, "planes.refresh.uniform"),
            (#"{"planes":{"refresh":{"uniform":["PT2S","PT1S"]}}}"#, "planes.refresh.uniform"),
            (#"{"planes":{"cae":{"lognormal":{"median":"PT2S","p95":"PT1S"}}}}"#, "planes.cae.lognormal.p95"),
            (#"{"planes":{"cae":{"lognormal":{"median":"PT0S","p95":"PT1S"}}}}"#, "planes.cae.lognormal.median"),
            (#"{"planes":{"cae":{"lognormal":{"median":"PT1S","p95":"PT1S","p99":"PT1S"}}}}"#, "planes.cae.lognormal.p99"),
            (#"{"planes":{"session":{"afterAttempts":0}}}"#, "planes.session.afterAttempts"),
            (#"{"planes":{"directory":{"afterAttempts":3}}}"#, "planes.directory.afterAttempts"),
            (#"{"planes":{"refresh":{"nowhere":"manual"}}}"#, "planes.refresh.nowhere"),
            (#"{"planes":{"refresh":{"local":{"local":"manual"}}}}"#, "planes.refresh.local"),
            (#"{"regions":[]}"#, "regions"), (#"{"regions":["a","a"]}"#, "regions[1]"), (#"{"regions":["A B"]}"#, "regions[0]"),
            (#"{"regions":["fixed"]}"#, "regions[0]"), (#"{"regions":["afterattempts"]}"#, "regions[0]"),
            (#"{"planes":{"refresh":"afterAttempts"}}"#, "planes.refresh"),
            (#"{"planes":{"refresh":{"manual":1}}}"#, "planes.refresh"), (#"{"routing":"hash"}"#, "routing"),
            (#"{"seed":-1}"#, "seed"),
            (#"{"origin":"late"}"#, "origin"), (#"{"sed":1}"#, "sed"),
        ])
    func refused(text: String, field: String) throws {
        let value = try #require(JSON(parsing: Array(text.utf8)))
        do throws(FieldError) {
            _ = try PropagationModel(value)
            #expect(Bool(false), "\(text) was taken")
        } catch {
            #expect(error.field == field)
        }
    }

    @Test("Round-robin goes round, sticky and random depend on nothing but their keys")
    func routing() throws {
        var model = PropagationModel(regions: [east, west, north], routing: .roundRobin)
        #expect((0..<4).map { model.region(of: nil, user: nil, number: $0) } == [east, west, north, east])
        model.routing = .random
        let drawn = (0..<600).map { model.region(of: nil, user: nil, number: $0) }
        #expect(drawn == (0..<600).map { model.region(of: "x", user: nil, number: $0) })
        for region in model.regions { #expect((150..<250).contains(drawn.count { $0 == region })) }
        model.routing = .sticky
        let chosen = Set((0..<40).map { model.region(of: ClientID("client \($0)"), user: nil, number: 0) })
        #expect(chosen.count == 3)
        #expect(model.region(of: "x", user: nil, number: 7) == model.region(of: "x", user: nil, number: 8))
    }
}

@Suite("Sampled delays")
struct ChanceTests {
    private static let count = 200_000

    /// The sorted seconds of so many revocations' samples.
    private static func sample(_ delay: PropagationModel.Delay) -> [Double] {
        let model = PropagationModel(seed: 42, planes: [.cae: .everywhere(delay)])
        return (1...count).map { ordinal in
            let arrivals = model.propagation(of: start, ordinal: Int64(ordinal), takenIn: .local).arrivals
            return Double((arrivals.first { $0.plane == .cae }!.visibleAt! - start).ticks) / 1e7
        }.sorted()
    }

    private func isWithin(_ value: Double, _ share: Double, of expected: Double) -> Bool {
        abs(value - expected) <= share * expected
    }

    @Test("200,000 lognormal delays have their median and 95th percentile within 3 %")
    func lognormal() {
        let sample = Self.sample(.after(.lognormal(median: .seconds(60), p95: .seconds(300))))
        #expect(isWithin(sample[Self.count / 2], 0.03, of: 60), "median \(sample[Self.count / 2])")
        #expect(isWithin(sample[Self.count * 95 / 100], 0.03, of: 300), "p95 \(sample[Self.count * 95 / 100])")
        // By symmetry: the 5th percentile is as far below the median as the 95th is above it.
        #expect(isWithin(sample[Self.count * 5 / 100], 0.03, of: 12), "p5 \(sample[Self.count * 5 / 100])")
    }

    @Test("200,000 uniform delays have their median and 95th percentile within 3 %, and none lies outside")
    func uniform() {
        let sample = Self.sample(.after(.uniform(shortest: .seconds(10), longest: .seconds(240))))
        #expect(isWithin(sample[Self.count / 2], 0.03, of: 125), "median \(sample[Self.count / 2])")
        #expect(isWithin(sample[Self.count * 95 / 100], 0.03, of: 228.5), "p95 \(sample[Self.count * 95 / 100])")
        #expect(sample[0] >= 10 && sample[Self.count - 1] <= 240)
    }

    @Test("A sample is the same on every machine: these numbers are part of the contract")
    func fixed() {
        func ticks(_ delay: PropagationModel.Delay, seed: Int64, ordinal: Int64) -> Int64 {
            let model = PropagationModel(seed: seed, regions: [east], planes: [.refresh: .everywhere(delay)])
            return model.propagation(of: start, ordinal: ordinal, takenIn: east).arrivals[0].visibleAt!.ticks - start.ticks
        }
        let lognormal = PropagationModel.Delay.after(.lognormal(median: .seconds(60), p95: .seconds(300)))
        let uniform = PropagationModel.Delay.after(.uniform(shortest: .seconds(10), longest: .seconds(240)))
        #expect([1, 2, 3].map { ticks(uniform, seed: 1, ordinal: $0) } == [105_715_010, 487_971_793, 941_051_027])
        #expect([1, 2, 3].map { ticks(lognormal, seed: 1, ordinal: $0) } == [20_560_271, 129_957_918, 709_427_912])
        #expect(ticks(uniform, seed: 2, ordinal: 1) != ticks(uniform, seed: 1, ordinal: 1))
    }

    @Test("Logarithm, exponential and cosine are right to the last few bits")
    func functions() {
        for (number, logarithm) in [
            (1.0, 0.0), (2.0, 0.693147180559945309), (5.0, 1.60943791243410037), (1e-9, -20.7232658369464111),
        ] {
            #expect(abs(Chance.logarithm(number) - logarithm) < 1e-14)
            #expect(abs(Chance.exponential(logarithm) / number - 1) < 1e-13)
        }
        for (turn, cosine) in [(0.0, 1.0), (0.125, 0.707106781186547524), (0.5, -1.0), (0.75, 0.0), (0.9, 0.809016994374947424)] {
            #expect(abs(Chance.cosineOfTurn(turn) - cosine) < 1e-14)
        }
    }
}
