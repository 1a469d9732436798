import HTTPTypes
import Hummingbird
import Logging
import Testing

@testable import LapseRules
@testable import LapseServer
@testable import LapseService

@Suite("The control API, described by OpenAPI")
struct OpenAPITests {
    @Test("Every call of the control API is in the OpenAPI document, and nothing else is")
    func routes() async throws {
        try await Lab.run { lab async throws in
            let site = Site(
                authority: lab.authority, scheme: .https, certificatePEM: "", version: "test", systemTime: { Lab.start },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            // What has capital letters is looked up in lower case, so an endpoint must not have any.
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

    @Test("Every reference of the document leads to one of its components")
    func references() async throws {
        try await Lab.run { lab async throws in
            let document = try await lab.control(.get, "openapi.json").json
            let there = (document["components"]?.members ?? []).flatMap { kind in
                kind.value.members.map { JSON.string("#/components/\(kind.name)/\($0.name)") }
            }
            let references = document.all("$ref")
            #expect(references.count > there.count)
            for reference in references { #expect(there.contains(reference)) }
        }
    }

    // MARK: Its files

    @Test("The files are joined section by section, in their order, each value as it is written")
    func joins() throws {
        let first = #"{"openapi": "3.1.0", "paths": {"/a": {"b": [1, "}\"{"]}}, "components": {"schemas": {"B": {}, "A": true}}}"#
        let second = #"{"paths": {"/0": {}}, "components": {"parameters": {"P": {"z": 1, "a": 2}}, "schemas": {"C": null}}}"#
        let joined = """
            {
              "openapi": "3.1.0",
              "paths": {
                "/a": {"b": [1, "}\\"{"]},
                "/0": {}
              },
              "components": {
                "schemas": {
                  "B": {},
                  "A": true,
                  "C": null
                },
                "parameters": {
                  "P": {"z": 1, "a": 2}
                }
              }
            }

            """
        #expect(String(decoding: try join(first, second), as: UTF8.self) == joined)
    }

    @Test(
        "What two files describe is not joined",
        arguments: [
            (#"{"paths": {"/a": {}}}"#, #"{"paths": {"/b": {}, "/a": {}}}"#, ["paths", "/a"]),
            (
                #"{"components": {"schemas": {"A": {}}}}"#, #"{"components": {"schemas": {"A": {}}}}"#,
                ["components", "schemas", "A"]
            ),
            (#"{"info": {}}"#, #"{"info": {}}"#, ["info"]),
            (#"{"paths": {"/a": {}, "/a": {}}}"#, "{}", ["paths", "/a"]),
        ])
    func twice(_ first: String, _ second: String, _ place: [String]) {
        #expect(throws: OpenAPIDocument.JoinError.isThereTwice(place)) { try join(first, second) }
    }

    @Test(
        "What is no object is not joined",
        arguments: [
            ("", 0), ("[]", 0), (#"{"paths""#, 8), (#"{"paths": "x"}"#, 10), (#"{"info": 1"#, 10), (#"{"info": "\"}"#, 13),
            (#"{"a": 1 "b": 2}"#, 8),
        ])
    func malformed(_ text: String, at index: Int) {
        #expect(throws: OpenAPIDocument.JoinError.isNoObject(at: index)) { try join(text) }
    }

    private func join(_ files: String...) throws -> [UInt8] { try OpenAPIDocument.joined(files.map { Array($0.utf8) }) }

    // MARK: Its enums

    @Test("Every enum of the document has the values of its Swift type, in their order")
    func enums() async throws {
        try await Lab.run { lab async throws in
            var found: [String: [JSON]] = [:]
            collectEnums(in: try await lab.control(.get, "openapi.json").json, at: [], into: &found)
            #expect(Set(found.keys).symmetricDifference(Self.enums.keys) == [])
            for (place, values) in Self.enums { #expect(found[place] == values, "\(place)") }
        }
    }

    /// Where the document has an enum, and what it must be. A schema that spreads its values over several enums has them in a row.
    private static let enums: [String: [JSON]] = [
        // The server.
        "Error.error.code": values(ControlResponder.Code.allCases.filter { $0 != .internal }),
        "responses.Foreign.content.application/json.schema.error.code": values([ControlResponder.Code.foreignHost, .foreignOrigin]),
        "parameters.EventDetail.schema": flags,
        "paths./tenants/{tenant}/users/{id}/timeline.get.parameters.schema": flags,

        // Clock and propagation.
        "ClockMode": values(TenantClock.Mode.allCases),
        "ClockAdvance.until": values(ClockAdvance.Target.allCases),
        "Effect.type": values(ClockEffect.Kind.allCases),
        "Plane": values(Plane.allCases),
        "Preset": PropagationModel.presets.map { .string($0.name) },
        "Routing": values(PropagationModel.Routing.allCases),
        "Origin": values(PropagationModel.Origin.allCases),
        "TimedDelay": [PropagationModel.Delay.immediate, .manual].map(\.json),

        // Policies.
        "TieRule": values(Policies.TieRule.allCases),
        "RevokeAnswer": Policies.revokeAnswers.map(JSON.integer),
        "MatrixRow": values(RevocationMatrix.Column.allCases),
        "Edition": values(Policies.Edition.allCases),
        "ErrorLayout": values(Policies.ErrorLayout.allCases),
        "Cloud": values(Cloud.allCases),
        "TokenTimes": values(Policies.TokenTimes.allCases),
        "ChallengeCode": codes(Challenge.codes),
        "Occasion": values(Challenge.Occasion.allCases),

        // The directory.
        "Role": values(DirectoryRole.allCases),
        "AppKind": values(AppRegistration.Kind.allCases),
        "Flow": values(AppRegistration.Flow.allCases),
        "TokenVersion": AppRegistration.accessTokenVersions.map(JSON.integer),

        // Sign-ins.
        "Method": values(SignInMethod.allCases),
        "Grant.clientClass": values(ClientClass.allCases),
        "Timeline.mode": values(TenantClock.Mode.allCases),
        "TimelineRow.kind": values(Timeline.Row.Kind.allCases),

        // Revocations.
        "Cause": values(Revocation.Cause.allCases),
        "NewRevocation.then.cause": values(Revocation.Cause.allCases.filter(\.setsPassword)),
        "StateChange.cause": values(StateChange.Kind.allCases),
        "Explanation.kind": values(Explanation.Question.Kind.allCases),
        "Verdict.rule": values(Explanation.Rule.allCases),
        "Verdict.then.rule": values(Explanation.Rule.allCases.filter(\.accepts)),
        "Verdict.else.rule": values(Explanation.Rule.allCases.filter { !$0.accepts }),

        // Faults.
        "Endpoint": values(Fault.Endpoint.allCases),
        "GrantType": AppRegistration.Flow.allCases.map { .string($0.grantType) },
        "RefusalCode": codes(AADSTS.allCases.sorted { $0.rawValue < $1.rawValue }),
        "FaultEffect.status": FaultEffect.statuses.map(JSON.integer),
        "Spoiling": values(FaultEffect.ResponseFault.allCases),
        "KeyTrouble": values(FaultEffect.KeyTrouble.allCases),
        "Gate": values(Gate.allCases),
        "TokenDefect": values(TokenDefect.allCases),

        // Reports.
        "ReportVerdict": values(Reaction.Verdict.allCases),
        "Reaction.else.findings.severity": values(ReactionRule.Severity.allCases.filter { $0 != .fail }),
        "ReactionRule": values(ReactionRule.allCases),
        "Severity": values(ReactionRule.Severity.allCases),
        "Finding.if.rule": values(ReactionRule.allCases.filter { $0.severity == .good }),
        "Finding.else.if.rule": values(ReactionRule.allCases.filter { $0.severity == .note }),
        "IncidentKind": values(Incident.Kind.allCases),
        "MetOccasion": values(Expectation.Occasion.allCases),
        "ExpectationStatus": values(Expectation.Status.allCases),
        "Expectation.if.status": values(Expectation.Status.allCases.filter { $0 != .pending }),

        // Events.
        "EventType": values(Event.Kind.allCases),
        "Prompt": values(AuthorizeRequest.Prompt.allCases),
    ]

    /// A flag of a query.
    private static let flags: [JSON] = [true, false].map { .string($0.description) }

    private static func values<Value: RawRepresentable<String>>(_ values: [Value]) -> [JSON] { values.map { .string($0.rawValue) } }
    private static func codes(_ codes: [AADSTS]) -> [JSON] { codes.map { .integer(Int64($0.rawValue)) } }
}

/// Words of JSON Schema and OpenAPI that only lead to a schema: its place goes without them.
private let steps: Set = ["components", "schemas", "properties", "items", "oneOf"]

private func collectEnums(in value: JSON, at place: [String], into found: inout [String: [JSON]]) {
    switch value {
    case .object(let members):
        for member in members {
            if member.name == "enum", case .array(let values) = member.value {
                found[place.joined(separator: "."), default: []] += values
            } else {
                let isStep = steps.contains(member.name)
                collectEnums(in: member.value, at: isStep ? place : place + [member.name], into: &found)
            }
        }
    case .array(let elements): for element in elements { collectEnums(in: element, at: place, into: &found) }
    default: break
    }
}

extension JSON {
    fileprivate var members: [Member] { if case .object(let members) = self { members } else { [] } }

    /// The values of all members of that name, however deep.
    fileprivate func all(_ name: String) -> [JSON] {
        switch self {
        case .object(let members): members.flatMap { $0.name == name ? [$0.value] : $0.value.all(name) }
        case .array(let elements): elements.flatMap { $0.all(name) }
        default: []
        }
    }
}
