import Hummingbird
import LapseRules
import LapseService
import ServiceLifecycle

/// The control calls on revocations and state changes.
struct RevocationCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("tenants/{tenant}/revocations", use: list)
        routes.post("tenants/{tenant}/revocations", use: create)
        routes.get("tenants/{tenant}/revocations/{id}", use: revocation)
        routes.post("tenants/{tenant}/revocations/{id}/release", use: release)
    }

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        let tenant = try context.parameter("tenant")
        let page = try authority.listRevocations(after: try request.controlQuery("after"), of: tenant)
        return ControlResponder.answer(page.json(\.json))
    }

    func create(_ request: Request, _ context: LapseContext) async throws -> Response {
        let new = try await request.control(as: NewRevocation.init(_:))
        let revocation = try await authority.createRevocation(
            new, takenIn: context.trace.region, in: try context.parameter("tenant"))
        return ControlResponder.answer(revocation.json, status: .created)
    }

    func revocation(_ request: Request, _ context: LapseContext) async throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        guard let wait = try request.controlWait() else {
            return ControlResponder.answer(try authority.revocation(id, of: tenant).json)
        }
        // A stopping Lapse does not wait with them.
        let revocation = try await cancelWhenGracefulShutdown {
            try await authority.revocation(id, of: tenant, waiting: wait)
        }
        return ControlResponder.answer(revocation.json)
    }

    func release(_ request: Request, _ context: LapseContext) async throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        let release = try await request.control(as: Release.init(_:))
        return ControlResponder.answer(try authority.releaseRevocation(id, release, of: tenant).json)
    }
}

// MARK: Read

extension NewRevocation {
    /// `{"user","cause","actor"?,"newPassword"?}`
    init(_ body: JSON) throws(FieldError) {
        var reader = try ObjectReader(body)
        let user = try reader.required("user")
        guard let cause = try reader.choice("cause", of: Revocation.Cause.self) else { throw FieldError("cause", "is required") }
        let actor = try reader.string("actor", longest: 256)
        let newPassword = reader.has("newPassword") ? try reader.required("newPassword") : nil
        try self.init(user: user, cause: cause, actor: actor, newPassword: newPassword)
        try reader.finish()
    }
}

extension Release {
    /// `{"plane"?,"region"?}`
    init(_ body: JSON) throws(FieldError) {
        var reader = try ObjectReader(body)
        let plane = try reader.choice("plane", of: Plane.self)
        let name = try reader.string("region")
        try reader.finish()
        let region = name.flatMap { Region($0) }
        guard name == nil || region != nil else { throw FieldError("region", "is not the name of a region") }
        self.init(plane: plane, region: region)
    }
}

// MARK: Written

extension RevocationStatus {
    var json: JSON {
        let planes = Plane.allCases.map { JSON.Member(name: $0.rawValue, value: .object(arrivals(on: $0))) }
        return [
            "id": .string(id.description), "user": .string(user.user.description), "at": JSON(place.at),
            "cause": .string(cause.word), "actor": JSON(actor), "stamp": JSON(stamp), "planes": .object(planes),
        ]
    }

    private func arrivals(on plane: Plane) -> [JSON.Member] {
        propagation.arrivals.filter { $0.plane == plane }.map { arrival in
            JSON.Member(
                name: arrival.region.description,
                value: [
                    "visibleAt": JSON(arrival.visibleAt), "held": .bool(arrival.moment == .held),
                    "effective": .bool(arrival.isEffective(at: now)),
                ])
        }
    }
}

extension RevocationStatus.Cause {
    fileprivate var word: String {
        switch self {
        case .revocation(let cause): cause.rawValue
        case .stateChange(let kind): kind.rawValue
        }
    }
}
