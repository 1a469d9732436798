import Hummingbird
import LapseRules
import LapseService

/// The control calls on a tenant's clock.
struct ClockCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("tenants/{tenant}/clock", use: clock)
        routes.put("tenants/{tenant}/clock", use: set)
        routes.post("tenants/{tenant}/clock/advance", use: advance)
    }

    func clock(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.clock(of: try context.parameter("tenant")).json)
    }

    func set(_ request: Request, _ context: LapseContext) async throws -> Response {
        let setting = try await request.control(as: ClockSetting.init)
        let clock = try authority.setClock(mode: setting.mode, now: setting.now, of: try context.parameter("tenant"))
        return ControlResponder.answer(clock.json)
    }

    func advance(_ request: Request, _ context: LapseContext) async throws -> Response {
        let advance = try await request.control(as: ClockAdvance.init)
        let advanced = try authority.advanceClock(advance, of: try context.parameter("tenant"))
        return ControlResponder.answer(advanced.clock.json.adding(["tookEffect": .array(advanced.effects.map(\.json))]))
    }
}

/// `{"mode"?,"now"?}`, at least one of the two.
private struct ClockSetting {
    let mode: TenantClock.Mode?
    let now: Timestamp?

    init(_ body: JSON) throws(FieldError) {
        var reader = try ObjectReader(body)
        mode = try reader.choice("mode", of: TenantClock.Mode.self)
        now = try reader.instant("now")
        try reader.finish()
        guard mode != nil || now != nil else { throw FieldError("", "names neither mode nor now") }
        if let now, now < Tenant.birth {
            throw FieldError("now", "must not be before the tenant's birth, \(Tenant.birth.wholeSecondText)")
        }
    }
}

extension ClockAdvance {
    /// `{"by"}` or `{"until"}`
    fileprivate init(_ body: JSON) throws(FieldError) {
        var reader = try ObjectReader(body)
        let duration = try reader.duration("by")
        let target = try reader.choice("until", of: Target.self)
        try reader.finish()
        switch (duration, target) {
        case (let duration?, nil): self = .by(duration)
        case (nil, let target?): self = .until(target)
        case (nil, nil), (.some, .some): throw FieldError("by", "or until is required, one of the two")
        }
    }
}

extension ClockReading {
    var json: JSON { ["now": JSON(now), "mode": .string(mode.rawValue)] }
}

extension ClockEffect {
    var json: JSON {
        .object([
            "at": JSON(at), "type": .string(type.rawValue), "id": .string(id), "plane": plane.map { .string($0.rawValue) },
            "region": region.map { .string($0.description) },
        ])
    }
}
