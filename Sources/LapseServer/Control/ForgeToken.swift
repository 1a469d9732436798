import Hummingbird
import LapseRules
import LapseService

/// The control call that forges a token.
struct ForgeTokenCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.post("tenants/{tenant}/tokens/forge", use: forge)
    }

    func forge(_ request: Request, _ context: LapseContext) async throws -> Response {
        let forgery = try await request.control(as: Forgery.init(_:))
        let token = try await authority.forgeToken(forgery, in: try context.parameter("tenant"), trace: context.trace)
        return ControlResponder.answer(token.json, status: .created)
    }
}

extension Forgery {
    /// `{"user","client_id","scope","defect"}`
    init(_ body: JSON) throws(FieldError) {
        var reader = try ObjectReader(body)
        let signIn = try DirectSignIn(&reader)
        let defect = try reader.choice("defect", of: TokenDefect.self)
        try reader.finish()
        guard let defect else {
            let known = TokenDefect.allCases.map(\.rawValue).joined(separator: ", ")
            throw FieldError("defect", "is required, one of: \(known)")
        }
        self.init(signIn, defect: defect)
    }
}

extension ForgedToken {
    var json: JSON { ["access_token": .string(accessToken), "defect": .string(defect.rawValue), "claims": claims] }
}
