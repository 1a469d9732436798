/// How long does it take until a revocation is believed, on each plane?
public struct PropagationModel: Equatable, Sendable {
    public enum Delay: Equatable, Sendable {
        case immediate
        case fixed(Duration)
    }

    public enum Routing: String, CaseIterable, Sendable { case sticky, roundRobin = "round-robin", random }

    /// Whether the region that took the revoke waits for its sampled delay or believes at once.
    public enum Origin: String, CaseIterable, Sendable { case sampled, immediate }

    public var seed: Int64
    public var regions: [Region]
    public var routing: Routing
    public var origin: Origin
    public var planes: [Plane: Delay]

    /// - Parameter planes: a plane that is not in here is immediate.
    public init(
        seed: Int64 = 1, regions: [Region] = [.local], routing: Routing = .sticky, origin: Origin = .sampled,
        planes: [Plane: Delay] = [:]
    ) {
        self.seed = seed
        self.regions = regions
        self.routing = routing
        self.origin = origin
        self.planes = Dictionary(uniqueKeysWithValues: Plane.allCases.map { ($0, planes[$0] ?? .immediate) })
    }

    /// Named models. `instant`: everything is believed at once.
    public static let presets: [(name: String, model: PropagationModel)] = [("instant", PropagationModel())]

    /// When an event at `instant`, taken by region `origin`, is believed where.
    public func propagation(of instant: Timestamp, takenIn origin: Region) -> Propagation {
        Propagation(
            Plane.allCases.flatMap { plane in
                regions.map { region in
                    let isAtOnce = self.origin == .immediate && region == origin
                    let delay = isAtOnce ? .immediate : planes[plane] ?? .immediate
                    return .init(plane: plane, region: region, visibleAt: delay.visibleAt(instant))
                }
            })
    }
}

extension PropagationModel.Delay {
    func visibleAt(_ instant: Timestamp) -> Timestamp {
        switch self {
        case .immediate: instant
        case .fixed(let duration): instant + duration
        }
    }

    init(_ value: JSON, path: String) throws(FieldError) {
        if case .string(let name) = value {
            guard name == "immediate" else { throw FieldError(path, "must be \"immediate\" or {\"fixed\": DURATION}") }
            self = .immediate
            return
        }
        var reader = try ObjectReader(value, path: path)
        guard let duration = try reader.duration("fixed") else {
            throw FieldError(path, "must be \"immediate\" or {\"fixed\": DURATION}")
        }
        try reader.finish()
        self = .fixed(duration)
    }

    var json: JSON {
        switch self {
        case .immediate: "immediate"
        case .fixed(let duration): ["fixed": .string(duration.iso8601)]
        }
    }
}

extension PropagationModel {
    /// Reads a preset's name or a model.
    public init(_ value: JSON, path: String = "") throws(FieldError) {
        if case .string(let name) = value {
            guard let preset = Self.presets.first(where: { $0.name == name }) else {
                let names = Self.presets.map(\.name).joined(separator: ", ")
                throw FieldError(path, "must be a model or the name of a preset: \(names)")
            }
            self = preset.model
            return
        }
        self.init()
        var reader = try ObjectReader(value, path: path)
        seed = try reader.integer("seed", in: 0...Int64.max) ?? seed
        if let names = try reader.strings("regions") {
            // One region is all that requests can be routed to today.
            guard names.count == 1, let region = Region(names[0]) else {
                throw FieldError(reader.field("regions"), "must name one region, in small letters, digits and hyphens")
            }
            regions = [region]
        }
        routing = try reader.choice("routing", of: Routing.self) ?? routing
        origin = try reader.choice("origin", of: Origin.self) ?? origin
        if var planes = try reader.object("planes") {
            for plane in Plane.allCases {
                guard let value = planes.value(plane.rawValue) else { continue }
                self.planes[plane] = try Delay(value, path: planes.field(plane.rawValue))
            }
            try planes.finish()
        }
        try reader.finish()
    }

    public var json: JSON {
        [
            "seed": .integer(seed), "regions": JSON(regions.map(\.description)), "routing": .string(routing.rawValue),
            "origin": .string(origin.rawValue),
            "planes": .object(Plane.allCases.map { .init(name: $0.rawValue, value: (planes[$0] ?? .immediate).json) }),
        ]
    }
}
