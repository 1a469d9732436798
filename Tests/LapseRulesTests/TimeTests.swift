import LapseRules
import Testing

@Suite("Instants and durations")
struct TimeTests {
    @Test(
        "An instant is read and printed to the tick",
        arguments: [
            ("1970-01-01T00:00:00Z", Int64(0), "1970-01-01T00:00:00.0000000Z"),
            ("2021-10-29T17:15:58.1234567Z", 16_355_277_581_234_567, "2021-10-29T17:15:58.1234567Z"),
            ("2021-10-29T19:15:58.12345678+02:00", 16_355_277_581_234_567, "2021-10-29T17:15:58.1234567Z"),
            ("2000-02-29t23:59:59.5z", 9_518_687_995_000_000, "2000-02-29T23:59:59.5000000Z"),
            ("9999-12-31T23:59:59.9999999Z", 2_534_023_007_999_999_999, "9999-12-31T23:59:59.9999999Z"),
        ])
    func instants(text: String, ticks: Int64, printed: String) throws {
        let instant = try #require(Timestamp(text))
        #expect(instant.ticks == ticks)
        #expect(instant.description == printed)
        #expect(Timestamp(printed) == instant)
    }

    @Test(
        "What is no instant is refused",
        arguments: [
            "", "2021-10-29", "2021-10-29T17:15:58", "2021-02-29T00:00:00Z", "2021-13-01T00:00:00Z", "2021-10-29T24:00:00Z",
            "1969-12-31T23:59:59Z", "2021-10-29T17:15:58.Z", "2021-10-29T17:15:58Zx", "2021-10-29T17:15:58+25:00", "now",
        ])
    func noInstants(text: String) { #expect(Timestamp(text) == nil) }

    @Test(
        "A person may leave out the time, its seconds, and that it is UTC",
        arguments: [
            ("2026-11-28", "2026-11-28T00:00:00.0000000Z"), ("2026-11-28T10:00", "2026-11-28T10:00:00.0000000Z"),
            ("2026-11-28 10:00", "2026-11-28T10:00:00.0000000Z"), ("2026-11-28T10:00:05", "2026-11-28T10:00:05.0000000Z"),
            ("2026-11-28T10:00:05.25", "2026-11-28T10:00:05.2500000Z"), ("2026-11-28T10:00:05Z", "2026-11-28T10:00:05.0000000Z"),
            ("2026-11-28T10:00:05-02:00", "2026-11-28T12:00:05.0000000Z"), ("2026-11-28T10:00Z", "2026-11-28T10:00:00.0000000Z"),
            ("2026-11-28T10:00+01:00", "2026-11-28T09:00:00.0000000Z"),
        ])
    func writtenInstants(text: String, printed: String) { #expect(Timestamp(written: text)?.description == printed) }

    @Test(
        "A person's instant has a whole date, and a time of the day that there is",
        arguments: [
            "", "now", "2026", "2026-11", "2026-1-28", "2026-02-30", "2026-11-28T", "2026-11-28T10", "2026-11-28T1000",
            "2026-11-28T10:0",
            "2026-11-28T24:00", "2026-11-28T10Z", "2026-11-28Z", "28.11.2026", "10:00", "2026-11-28T10:00+1", "2026-11-28+01:00",
            "１０２６-11-28",
        ])
    func noWrittenInstants(text: String) { #expect(Timestamp(written: text) == nil) }

    @Test("Every day of eight centuries comes back from its own date")
    func calendar() {
        for day in stride(from: Int64(0), to: 292_000, by: 1) {
            let instant = Timestamp(secondsSinceEpoch: day * 86_400 + 3723)
            guard Timestamp(instant.description) == instant else { return #expect(Bool(false), "\(instant)") }
        }
    }

    @Test("The four spellings that Entra and Graph use")
    func spellings() throws {
        let instant = try #require(Timestamp("2021-10-29T17:16:31.9999999Z"))
        #expect(instant.wholeSecondText == "2021-10-29T17:16:31Z")
        #expect(instant.errorText == "2021-10-29 17:16:31Z")
        #expect(instant.zonelessText == "2021-10-29T17:16:31")
        #expect(instant.truncatedToSecond.description == "2021-10-29T17:16:31.0000000Z")
    }

    @Test("Adding stays inside the years that can be written")
    func saturation() {
        #expect(Timestamp.latest + .seconds(1) == .latest)
        #expect(Timestamp.latest + .longest == .latest)
        #expect(Timestamp.epoch - .seconds(1) == .epoch)
    }

    @Test(
        "A duration is read, and printed in its shortest form",
        arguments: [
            ("PT3M", 180.0, "PT3M"), ("PT180S", 180, "PT3M"), ("P1DT2H", 93_600, "P1DT2H"), ("P2W", 1_209_600, "P14D"),
            ("PT0S", 0, "PT0S"), ("PT0.5S", 0.5, "PT0.5S"), ("PT1H0M1.25S", 3601.25, "PT1H1.25S"), ("P90D", 7_776_000, "P90D"),
        ])
    func durations(text: String, seconds: Double, printed: String) throws {
        let duration = try #require(Duration(iso8601: text))
        #expect(duration.ticks == Int64(seconds * 10_000_000))
        #expect(duration.iso8601 == printed)
    }

    @Test(
        "What is no duration is refused",
        arguments: [
            "", "P", "PT", "3M", "P1M", "P1Y", "-PT3M", "PT-3M", "PT3", "PT3m", "PT1.5M", "PT1S2M", "P1DT", "PT1S1S", "P36501D",
            "PT999999999999999S", "PT.5S",
        ])
    func noDurations(text: String) { #expect(Duration(iso8601: text) == nil) }

    @Test(
        "A person writes a duration in units or in ISO 8601",
        arguments: [
            ("90s", "PT1M30S"), ("5m", "PT5M"), ("10s", "PT10S"), ("1h30m", "PT1H30M"), ("2d", "P2D"), ("1w", "P7D"),
            ("0s", "PT0S"),
            ("1d1s", "P1DT1S"), ("0.5s", "PT0.5S"), ("1m0.0000001s", "PT1M0.0000001S"), ("1w2d3h4m5s", "P9DT3H4M5S"),
            ("36500d", "P36500D"), ("PT5M", "PT5M"), ("P1DT2H", "P1DT2H"), ("PT0.5S", "PT0.5S"),
        ])
    func written(text: String, printed: String) { #expect(Duration(written: text)?.iso8601 == printed) }

    @Test(
        "A number without a unit, or with one out of its place, is no duration",
        arguments: [
            "", "foo", "5", "s", "5 m", "5min", "5M", "5S", "-5m", "+5m", "5m-", "m5", "5m1h", "5m5m", "1h30", "1.5h", "1.5m",
            ".5s", "1.s",
            "1s.5", "36501d", "999999999999d", "1y", "1mo", "P5m", "PT5m", "p5m", "T5M", "5mT", "١m",
        ])
    func notWritten(text: String) { #expect(Duration(written: text) == nil) }

    @Test(
        "Messages print durations as .NET does",
        arguments: [(7_776_000, "90.00:00:00"), (86_400, "1.00:00:00"), (3725, "01:02:05")])
    func dotNet(seconds: Int, printed: String) { #expect(Duration.seconds(seconds).dotNetText == printed) }
}

@Suite("A tenant's clock")
struct TenantClockTests {
    private let noon = Timestamp("2026-03-01T12:00:00Z")!

    @Test("Freezing keeps the instant, resuming goes on from it without a jump")
    func freezeAndResume() {
        let frozen = TenantClock.real.setting(mode: .frozen, now: nil, systemTime: noon)
        #expect(frozen.now(systemTime: noon + .seconds(100)) == noon)
        let resumed = frozen.setting(mode: .running, now: nil, systemTime: noon + .seconds(100))
        #expect(resumed.now(systemTime: noon + .seconds(100)) == noon)
        #expect(resumed.now(systemTime: noon + .seconds(101)) == noon + .seconds(1))
    }

    @Test("Advancing adds, in either mode", arguments: TenantClock.Mode.allCases)
    func advance(mode: TenantClock.Mode) {
        let clock = TenantClock.real.setting(mode: mode, now: noon + .seconds(90), systemTime: noon)
        #expect(clock.now(systemTime: noon) == noon + .seconds(90))
        #expect(clock.mode == mode)
    }

    @Test("It can be set back and forth")
    func set() {
        let past = TenantClock.real.setting(mode: nil, now: noon - .seconds(3600), systemTime: noon)
        #expect(past.now(systemTime: noon + .seconds(1)) == noon - .seconds(3599))
        #expect(past.setting(mode: .frozen, now: noon + .seconds(5), systemTime: noon).now(systemTime: noon) == noon + .seconds(5))
    }
}
