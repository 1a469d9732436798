import LapseRules

extension PropagationModel {
    var stored: JSON {
        [
            "seed": .integer(seed), "regions": JSON(regions.map(\.description)), "routing": .string(routing.rawValue),
            "origin": .string(origin.rawValue),
            "planes": .object(Plane.allCases.map { .init(name: $0.rawValue, value: self[$0].stored(regions: regions)) }),
        ]
    }

    init(stored: JSON) throws {
        var object = try StoredObject(stored, "propagation")
        let seed = try object.required("seed", \.wholeNumber)
        let regions = try object.required("regions") { value in
            // A request lands in one of them, and names are the keys of delays.
            value.list { $0.text.flatMap { Region($0) } }.flatMap { !$0.isEmpty && Set($0).count == $0.count ? $0 : nil }
        }
        let routing: Routing = try object.required("routing") { $0.word() }
        let origin: Origin = try object.required("origin") { $0.word() }
        let delays = try object.required("planes") { value in
            var planes = try StoredObject(value, "planes")
            var delays: [Plane: PlaneDelay] = [:]
            for plane in Plane.allCases {
                delays[plane] = try planes.required(plane.rawValue) { try PlaneDelay(stored: $0, regions: regions) }
            }
            try planes.finish()
            return delays
        }
        try object.finish()
        self.init(seed: seed, regions: regions, routing: routing, origin: origin, planes: delays)
    }
}

extension PropagationModel.PlaneDelay {
    fileprivate func stored(regions: [Region]) -> JSON {
        switch self {
        case .everywhere(let delay): delay.stored
        case .byRegion(let delays):
            .object(regions.compactMap { region in delays[region].map { .init(name: region.description, value: $0.stored) } })
        }
    }

    fileprivate init(stored: JSON, regions: [Region]) throws {
        // No region has the name of a member of a delay.
        guard regions.contains(where: { stored[$0.description] != nil }) else {
            self = .everywhere(try PropagationModel.Delay(stored: stored))
            return
        }
        var object = try StoredObject(stored, "plane")
        var delays: [Region: PropagationModel.Delay] = [:]
        for region in regions {
            delays[region] = try object.optional(region.description) { try PropagationModel.Delay(stored: $0) }
        }
        try object.finish()
        self = .byRegion(delays)
    }
}

extension PropagationModel.Delay {
    fileprivate var stored: JSON {
        switch self {
        case .immediate: "immediate"
        case .after(let span): span.stored
        case .afterAttempts(let number): ["afterAttempts": .integer(Int64(number))]
        case .manual: "manual"
        }
    }

    fileprivate init(stored: JSON) throws {
        switch stored {
        case .string("immediate"): self = .immediate
        case .string("manual"): self = .manual
        case .object where stored["afterAttempts"] != nil:
            var object = try StoredObject(stored, "delay")
            self = .afterAttempts(Int(try object.required("afterAttempts", \.wholeNumber)))
            try object.finish()
        default: self = .after(try Span(stored: stored))
        }
    }
}
