import HTTPTypes
import Hummingbird
import LapseRules
import Logging
import Testing

@testable import LapseServer

@Suite("The control API, described by OpenAPI")
struct OpenAPITests {
    @Test("Every call of the control API is in the OpenAPI document, and nothing else is")
    func routes() async throws {
        try await Lab.run { lab async throws in
            let site = Site(
                authority: lab.authority, scheme: .https, certificatePEM: "", version: "test", wall: { Lab.start },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            // What has capital letters is looked up in lower case, so a endpoint must not have any.
            for route in LapseServer.routes(site, []).routes { #expect("\(route.path)" == "\(route.path)".lowercased()) }
            let prefix = "/_lapse/api"
            let built = LapseServer.routes(site).routes.compactMap { route -> String? in
                let path = "\(route.path)"
                guard path.hasPrefix(prefix), route.method != .head else { return nil }
                return "\(route.method.rawValue) \(path.dropFirst(prefix.count))"
            }
            let answer = try await lab.control(.get, "openapi.json")
            #expect(answer.json["openapi"]?.text?.hasPrefix("3.1") == true)
            let methods: Set = ["get", "put", "post", "patch", "delete"]
            let described = (answer.json["paths"]?.members ?? []).flatMap { path in
                path.value.members.filter { methods.contains($0.name) }.map { "\($0.name.uppercased()) \(path.name)" }
            }
            #expect(!built.isEmpty)
            #expect(built.sorted() == described.sorted())
        }
    }
}

extension JSON {
    fileprivate var members: [Member] { if case .object(let members) = self { members } else { [] } }
}
