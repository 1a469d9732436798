/// How long does it take until a revocation is in effect, on each plane, in each region?
package struct PropagationModel: Equatable, Sendable {
    package enum Delay: Equatable, Sendable {
        case immediate
        case after(Span)
        /// The first so many requests of each grant or session pass.
        case afterAttempts(Int)
        /// Held until somebody releases it.
        case manual
    }

    /// The delays of one plane.
    package enum PlaneDelay: Equatable, Sendable {
        case everywhere(Delay)
        /// A region that is not in here is immediate.
        case byRegion([Region: Delay])

        func delay(in region: Region) -> Delay {
            switch self {
            case .everywhere(let delay): delay
            case .byRegion(let delays): delays[region] ?? .immediate
            }
        }
    }

    package enum Routing: String, CaseIterable, Sendable { case sticky, roundRobin = "round-robin", random }

    /// Whether the region that took the revoke waits for its sampled delay or enforces it at once.
    package enum Origin: String, CaseIterable, Sendable { case sampled, immediate }

    package var seed: Int64
    package var regions: [Region]
    package var routing: Routing
    package var origin: Origin
    private var delays: [Plane: PlaneDelay]

    /// - Parameter planes: a plane that is not in here is immediate.
    package init(
        seed: Int64 = 1, regions: [Region] = [.local], routing: Routing = .sticky, origin: Origin = .sampled,
        planes: [Plane: PlaneDelay] = [:]
    ) {
        self.seed = seed
        self.regions = regions
        self.routing = routing
        self.origin = origin
        delays = Dictionary(uniqueKeysWithValues: Plane.allCases.map { ($0, planes[$0] ?? .everywhere(.immediate)) })
    }

    package subscript(plane: Plane) -> PlaneDelay {
        get { delays[plane] ?? .everywhere(.immediate) }
        set { delays[plane] = newValue }
    }

    /// When an event at `instant`, taken by region `origin`, takes effect where.
    ///
    /// - Parameter ordinal: which of its tenant's revocations and state changes it is: the key of its samples.
    package func propagation(of instant: Timestamp, ordinal: Int64, takenIn origin: Region) -> Propagation {
        Propagation(
            Plane.allCases.flatMap { plane in
                regions.map { region in
                    let isAtOnce = self.origin == .immediate && region == origin
                    let delay = isAtOnce ? .immediate : self[plane].delay(in: region)
                    let chance = { Chance([String(seed), String(ordinal), plane.rawValue, region.description]) }
                    return .init(plane: plane, region: region, moment: delay.moment(of: instant, chance))
                }
            })
    }

    // MARK: Routing

    /// The model's region of this name; nil when it has none.
    package func region(named name: String) -> Region? { regions.first { $0.description == name } }

    /// Whether the region of a request depends on how many came before it.
    package var countsRequests: Bool { regions.count > 1 && routing != .sticky }

    /// The region that a request lands in which asks for none.
    ///
    /// - Parameter number: how many requests of the tenant were counted before this one.
    package func region(of client: ClientID?, user: GUID?, number: Int64) -> Region {
        guard regions.count > 1 else { return regions[0] }
        switch routing {
        case .sticky:
            return regions[Chance(["sticky", client?.description ?? "", user?.description ?? ""]).index(below: regions.count)]
        case .roundRobin: return regions[Int(number % Int64(regions.count))]
        case .random: return regions[Chance(["random", String(seed), String(number)]).index(below: regions.count)]
        }
    }
}

extension PropagationModel.Delay {
    func moment(of instant: Timestamp, _ chance: () -> Chance) -> Propagation.Moment {
        switch self {
        case .immediate: .at(instant)
        case .after(let span): .at(instant + span.drawn(by: chance))
        case .afterAttempts(let number): .afterAttempts(number)
        case .manual: .held
        }
    }
}

// MARK: Presets

extension PropagationModel {
    /// Named models, with their sources.
    package static let presets: [(name: String, model: PropagationModel)] = [
        ("instant", PropagationModel()),
        // Entra: the API page of revokeSignInSessions, "a few minutes"; CAE documentation, up to 15 minutes.
        (
            "documented",
            PropagationModel(planes: [
                .refresh: .everywhere(.after(.fixed(.seconds(180)))), .session: .everywhere(.after(.fixed(.seconds(180)))),
                .cae: .everywhere(.after(.uniform(shortest: .zero, longest: .seconds(900)))),
            ])
        ),
        // Entra: a recording in which Graph challenged and the token endpoint refused 29 seconds after the stamp.
        (
            "observed",
            PropagationModel(
                planes: Dictionary(
                    uniqueKeysWithValues: [Plane.refresh, .session, .cae].map { ($0, .everywhere(.after(.fixed(.seconds(29))))) }))
        ),
        // Assumption: three replicas that learn of it one after the other, as reports of tokens that work "sometimes" suggest.
        (
            "flapping",
            PropagationModel(
                regions: ["eastus", "westeurope", "southeastasia"].map { Region($0)! }, routing: .roundRobin,
                planes: Dictionary(
                    uniqueKeysWithValues: [Plane.refresh, .session, .cae].map {
                        ($0, .everywhere(.after(.uniform(shortest: .seconds(10), longest: .seconds(240)))))
                    }))
        ),
    ]
}

// MARK: As JSON

extension PropagationModel {
    private static let mostRegions = 16
    static let mostAttempts: Int64 = 1_000_000

    /// Reads a preset's name or a model.
    package init(_ value: JSON, path: String = "") throws(FieldError) {
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
            let field = reader.field("regions")
            guard (1...Self.mostRegions).contains(names.count) else {
                throw FieldError(field, "must name 1 to \(Self.mostRegions) regions")
            }
            regions = []
            for (index, name) in names.enumerated() {
                guard let region = Region(name) else {
                    throw FieldError(
                        "\(field)[\(index)]", "must be a name of small letters, digits and hyphens, no word of a model")
                }
                guard !regions.contains(region) else { throw FieldError("\(field)[\(index)]", "names \(name) twice") }
                regions.append(region)
            }
        }
        routing = try reader.choice("routing", of: Routing.self) ?? routing
        origin = try reader.choice("origin", of: Origin.self) ?? origin
        if var planes = try reader.object("planes") {
            for plane in Plane.allCases {
                guard let value = planes.value(plane.rawValue) else { continue }
                self[plane] = try PlaneDelay(value, path: planes.field(plane.rawValue), plane: plane, regions: regions)
            }
            try planes.finish()
        }
        try reader.finish()
    }

    package var json: JSON {
        [
            "seed": .integer(seed), "regions": JSON(regions.map(\.description)), "routing": .string(routing.rawValue),
            "origin": .string(origin.rawValue),
            "planes": .object(Plane.allCases.map { .init(name: $0.rawValue, value: self[$0].json(regions: regions)) }),
        ]
    }
}

extension PropagationModel.PlaneDelay {
    init(_ value: JSON, path: String, plane: Plane, regions: [Region]) throws(FieldError) {
        guard case .object(let members) = value, members.contains(where: { Region($0.name) != nil }) else {
            self = .everywhere(try PropagationModel.Delay(value, path: path, plane: plane))
            return
        }
        var reader = try ObjectReader(value, path: path)
        var delays: [Region: PropagationModel.Delay] = [:]
        for region in regions {
            guard let value = reader.value(region.description) else { continue }
            delays[region] = try PropagationModel.Delay(value, path: reader.field(region.description), plane: plane)
        }
        if let other = members.first(where: { member in !regions.contains { $0.description == member.name } }) {
            throw FieldError(reader.field(other.name), "is not a region of this model")
        }
        self = .byRegion(delays)
    }

    func json(regions: [Region]) -> JSON {
        switch self {
        case .everywhere(let delay): delay.json
        case .byRegion(let delays):
            .object(regions.compactMap { region in delays[region].map { .init(name: region.description, value: $0.json) } })
        }
    }
}

extension PropagationModel.Delay {
    /// The word of each case that a span of time does not say.
    package enum Word: String, CaseIterable { case immediate, manual, afterAttempts }

    /// What a model writes where a region's name may stand in its place.
    static let words = Word.allCases.map(\.rawValue) + Span.Word.allCases.map(\.rawValue)

    init(_ value: JSON, path: String, plane: Plane) throws(FieldError) {
        let forms = FieldError(
            path, "must be \"immediate\", \"manual\", or an object with one of fixed, uniform, lognormal, afterAttempts")
        switch value {
        case .string(let text):
            switch Word(rawValue: text) {
            case .immediate: self = .immediate
            case .manual: self = .manual
            case .afterAttempts, nil: throw forms
            }
        case .object(let members) where members.count == 1 && Word(rawValue: members[0].name) == .afterAttempts:
            self = .afterAttempts(try Self.attempts(value, path: path, plane: plane, orElse: forms))
        default: self = .after(try Span(value, path: path, orElse: forms))
        }
    }

    private static func attempts(
        _ value: JSON, path: String, plane: Plane, orElse forms: FieldError
    ) throws(FieldError) -> Int {
        var reader = try ObjectReader(value, path: path)
        let field = Word.afterAttempts.rawValue
        // A read of Graph belongs to no grant that could be counted.
        guard plane != .directory else { throw FieldError(reader.field(field), "is not for the plane directory") }
        guard let number = try reader.integer(field, in: 1...PropagationModel.mostAttempts) else { throw forms }
        return Int(number)
    }

    var json: JSON {
        switch self {
        case .immediate: .string(Word.immediate.rawValue)
        case .after(let span): span.json
        case .afterAttempts(let number): .object([Word.afterAttempts.rawValue: .integer(Int64(number))])
        case .manual: .string(Word.manual.rawValue)
        }
    }
}
