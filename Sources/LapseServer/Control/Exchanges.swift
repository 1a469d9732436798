import Hummingbird
import LapseRules
import LapseService
import ServiceLifecycle

/// The control calls on requests and their answers.
struct ExchangeCalls {
    let site: Site

    private var authority: Authority { site.authority }

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("exchanges", use: all)
        routes.get("tenants/{tenant}/exchanges", use: list)
        routes.get("tenants/{tenant}/exchanges.har", use: archive)
    }

    /// Of all tenants, the newest first.
    func all(_ request: Request, _ context: LapseContext) throws -> Response {
        let after = try request.eventAfter() ?? 0
        return ControlResponder.answer(["items": .array(site.exchanges.newest(after: after).map(\.json)), "next": .null])
    }

    /// Of one tenant, the oldest first.
    func list(_ request: Request, _ context: LapseContext) async throws -> Response {
        let page = ControlPage(of: try await found(request, context)) { String($0.id) }
        let names = try names(page.items)
        return ControlResponder.answer(page.json { $0.json(names) })
    }

    /// The same as a HAR file, all at once.
    func archive(_ request: Request, _ context: LapseContext) async throws -> Response {
        let exchanges = try await found(request, context)
        let names = try names(exchanges)
        return ControlResponder.answer(
            HTTPArchive.json(version: site.version, exchanges) { exchange, shown in
                (["id": .integer(exchange.id)] as JSON).followed(by: exchange.subject(as: shown, names))
            })
    }

    private func found(_ request: Request, _ context: LapseContext) async throws -> [ExchangeLog.Exchange] {
        let endpoint = try request.controlQuery("endpoint").map(Self.endpoint)
        let (after, wait) = (try request.exchangeAfter() ?? 0, try request.controlWait())
        let subject = try authority.exchangeSubject(user: try request.controlQuery("user"), in: try context.parameter("tenant"))
        let filter = ExchangeLog.Filter(
            tenant: subject.tenant, client: try request.controlQuery("client").map { ClientID($0) }, user: subject.user,
            endpoint: endpoint)
        // A stopping Lapse does not wait with them.
        return await cancelWhenGracefulShutdown { await site.exchanges.exchanges(filter, after: after, waiting: wait) }
    }

    private static func endpoint(_ text: String) throws(ControlError) -> ExchangeEndpoint {
        guard let endpoint = ExchangeEndpoint(rawValue: text) else {
            let known = ExchangeEndpoint.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(FieldError("endpoint", "must be one of: \(known)"))
        }
        return endpoint
    }

    /// What users and apps of exchanges of one tenant are called.
    typealias Names = (users: [GUID: String], apps: [ClientID: String])

    private func names(_ exchanges: [ExchangeLog.Exchange]) throws -> Names {
        guard let tenant = exchanges.first?.subject.tenant else { return ([:], [:]) }
        return try authority.names(
            ofUsers: Set(exchanges.compactMap(\.subject.user)), apps: Set(exchanges.compactMap(\.subject.client)), in: tenant)
    }
}

extension ExchangeLog.Exchange {
    var json: JSON { json(as: Masking.shown(self)) }

    fileprivate func json(_ names: ExchangeCalls.Names) -> JSON {
        let shown = Masking.shown(self)
        return json(as: shown).followed(by: subject(as: shown, names))
    }

    private func json(as shown: ShownExchange) -> JSON {
        [
            "id": .integer(id), "at": JSON(at), "method": .string(method), "path": .string(shown.target),
            "status": .integer(Int64(status)), "request": .string(shown.request.text), "response": .string(shown.response.text),
        ]
    }

    /// Whom it was about, and what came of it.
    fileprivate func subject(as shown: ShownExchange, _ names: ExchangeCalls.Names) -> JSON {
        [
            "tenant": JSON(subject.tenant?.description), "client": JSON(shown.client),
            "clientName": JSON(subject.client.flatMap { names.apps[$0] }), "user": JSON(subject.user?.description),
            "userPrincipalName": JSON(subject.user.flatMap { names.users[$0] }), "endpoint": JSON(endpoint?.rawValue),
            "code": code.map { .integer(Int64($0.rawValue)) } ?? .null, "region": JSON(region),
            "event": event.map(JSON.integer) ?? .null,
        ]
    }
}
