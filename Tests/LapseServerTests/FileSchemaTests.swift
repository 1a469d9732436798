import Foundation
import LapseRules
import Testing

@testable import LapseServer

/// The schemas of `docs/schemas`, made of the description of the control API and of the tables of settings; `UPDATE_GOLDEN=1` writes them.
@Suite("JSON Schemas of the files that people write")
struct FileSchemaTests {
    @Test(
        "The schema is what the code takes",
        arguments: ["seed", "lapse", "scenario", "faults", "expectations", "lab"])
    func schema(name: String) throws {
        let described = try #require(JSON(parsing: try OpenAPIDocument.whole.get())?["components"]?["schemas"])
        let root: JSON =
            switch name {
            case "seed": ["$ref": "#/$defs/SeedFile"]
            case "lab": ["$ref": "#/$defs/LabScript"]
            case "lapse": Self.settings
            case "scenario": Self.scenario
            case "faults": Self.list("faults", of: "NewFault")
            default: Self.list("expectations", of: "NewExpectation")
            }
        var definitions: [String: JSON] = [:]
        Self.collect(root, from: described, into: &definitions)
        let schema = JSON.object([
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": .string(Self.titles[name] ?? ""),
        ]).followed(by: Self.open(root)).adding([
            "$defs": .object(definitions.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) })
        ])
        try Golden.compare(Self.pretty(schema), with: "../../docs/schemas/\(name).schema.json")
    }

    private static let titles = [
        "seed": "A seed file of Lapse: tenants, users, apps", "lapse": "lapse.yaml: how `lapse serve` runs",
        "scenario": "A scenario of `lapse check`", "faults": "Faults for `lapse fault add --file`",
        "expectations": "Expectations for `lapse check --expect`", "lab": "A lab of `lapse lab`",
    ]

    // MARK: What the control API does not describe

    /// A list, or an object that has one; the object's name is that of items without one.
    private static func list(_ member: String, of item: String) -> JSON {
        let items: JSON = ["type": "array", "items": ["$ref": .string("#/$defs/\(item)")]]
        return [
            "oneOf": [
                items,
                [
                    "type": "object", "required": [.string(member)],
                    "properties": .object([
                        .init(name: "name", value: ["type": "string", "minLength": 1, "maxLength": 100]),
                        .init(name: member, value: items),
                    ]),
                ],
            ]
        ]
    }

    private static let scenario: JSON = {
        let types: JSON = ["type": "string", "enum": .array(OpenAPIDocument.enums["EventType"] ?? [])]
        let wait: JSON = [
            "type": "object", "required": ["type"], "additionalProperties": false,
            "properties": [
                "type": ["oneOf": [types, ["type": "array", "items": types, "minItems": 1]]],
                "count": ["type": "integer", "minimum": 1, "maximum": 10000], "within": ["$ref": "#/$defs/Duration"],
            ],
        ]
        func step(_ name: String, _ value: JSON, _ more: [JSON.Member] = []) -> JSON {
            [
                "type": "object", "required": [.string(name)], "additionalProperties": false,
                "properties": .object([.init(name: name, value: value)] + more),
            ]
        }
        return [
            "type": "object", "required": ["name", "steps"], "additionalProperties": false,
            "properties": [
                "name": ["type": "string", "minLength": 1, "maxLength": 2048], "about": ["type": "string", "maxLength": 2048],
                "needs": ["type": "string", "enum": .array(Scenario.Need.allCases.map { .string($0.rawValue) })],
                "policies": ["$ref": "#/$defs/GivenPolicies"], "propagation": ["$ref": "#/$defs/GivenPropagation"],
                "steps": [
                    "type": "array", "minItems": 1,
                    "items": [
                        "oneOf": [
                            step("wait", wait), step("pause", ["$ref": "#/$defs/Duration"]),
                            step(
                                "call",
                                [
                                    "description": "A call of the control API on the tenant.", "type": "string",
                                    "pattern": "^ *(GET|POST|PUT|PATCH|DELETE) +[^ ]+ *$",
                                ], [.init(name: "body", value: true)]),
                        ]
                    ],
                ],
            ],
        ]
    }()

    private static let settings: JSON = [
        "type": "object", "additionalProperties": false,
        "properties": .object(
            Settings.Option.all.map { option in
                let described = JSON.object(["description": .string(option.help), "default": option.defaultText.map(JSON.string)])
                return .init(name: option.name, value: described.followed(by: value(of: option)))
            }),
    ]

    /// What a key of `lapse.yaml` takes. A kind that is not told apart here is text.
    private static func value(of option: Settings.Option) -> JSON {
        switch option.name {
        case "https-port", "http-port":
            [
                "oneOf": [
                    ["type": "integer", "minimum": 0, "maximum": 65535],
                    [
                        "type": "string",
                        "pattern": "^(off|[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$",
                    ],
                    ["description": "As YAML reads off.", "const": false],
                ]
            ]
        case "propagation": ["anyOf": [["$ref": "#/$defs/GivenPropagation"], ["type": "string", "pattern": "^\\{"]]]
        case "public-url", "graph-url": ["type": "string", "pattern": "^https?://[^/?#@\\s]+/*$"]
        case "back-channel": ["enum": .array(Settings.BackChannel.allCases.map { .string($0.rawValue) })]
        case "log-level": ["enum": .array(Settings.LogLevel.allCases.map { .string($0.rawValue) })]
        case "log-format": ["enum": .array(Settings.LogFormat.allCases.map { .string($0.rawValue) })]
        case "control-token": ["type": "string", "pattern": "^[!-~]{8,}$"]
        default:
            switch option.kind {
            case .text: ["type": "string", "minLength": 1]
            case .list: ["type": ["string", "array"], "minLength": 1, "items": ["type": "string", "minLength": 1]]
            case .toggle: ["enum": [true, false, "true", "false", "1", "0"]]
            }
        }
    }

    // MARK: What it does describe

    /// Takes over what the schema refers to, and what that refers to.
    private static func collect(_ schema: JSON, from described: JSON, into definitions: inout [String: JSON]) {
        switch schema {
        case .array(let elements): for element in elements { collect(element, from: described, into: &definitions) }
        case .object(let members):
            for member in members {
                guard member.name == "$ref", let reference = member.value.text else {
                    collect(member.value, from: described, into: &definitions)
                    continue
                }
                let name = String(reference.split(separator: "/").last ?? "")
                guard definitions[name] == nil, let definition = described[name] else { continue }
                definitions[name] = name == "Duration" ? duration : open(definition)
                collect(definition, from: described, into: &definitions)
            }
        default: break
        }
    }

    /// As files spell it.
    private static let duration: JSON = [
        "description":
            "Such as 90s, 5m, 1h30m, 2d; or ISO 8601 in weeks, days, hours, minutes and seconds. At most a hundred years.",
        "type": "string",
        "anyOf": [
            [
                "pattern":
                    "^P(?=.)([0-9]{1,12}W)?([0-9]{1,12}D)?(T(?=[0-9])([0-9]{1,12}H)?([0-9]{1,12}M)?([0-9]{1,12}([.,][0-9]+)?S)?)?$"
            ],
            ["pattern": "^(?=.)([0-9]{1,12}w)?([0-9]{1,12}d)?([0-9]{1,12}h)?([0-9]{1,12}m)?([0-9]{1,12}(\\.[0-9]+)?s)?$"],
        ],
        "examples": ["5m", "1h30m", "PT3M", "P90D", "PT0.5S"],
    ]

    /// The schema for files: a member that may be left out may be null, as one without a value is in YAML.
    private static func open(_ schema: JSON) -> JSON {
        switch schema {
        case .array(let elements): return .array(elements.map(open))
        case .string(let text): return .string(text.replacing("#/components/schemas/", with: "#/$defs/"))
        case .object(let members):
            let required = (schema["required"]?.elements ?? []).compactMap(\.text)
            return .object(
                members.map { member in
                    guard member.name == "properties", case .object(let properties) = member.value else {
                        return .init(name: member.name, value: open(member.value))
                    }
                    return .init(
                        name: member.name,
                        value: .object(
                            properties.map { property in
                                let value = open(property.value)
                                return .init(
                                    name: property.name,
                                    value: required.contains(property.name) ? value : orNull(value, property.name))
                            }))
                })
        default: return schema
        }
    }

    private static func orNull(_ schema: JSON, _ name: String) -> JSON {
        // What only narrows another schema, and what takes anything, take null already; these two have to be there where they stand.
        guard case .object(let members) = schema, !["password", "displayName"].contains(name),
            schema["not"] == nil || schema["$ref"] != nil
        else {
            return schema
        }
        if case .string? = schema["type"], schema["enum"] == nil, let type = schema["type"] {
            return .object(members.map { $0.name == "type" ? .init(name: "type", value: [type, "null"]) : $0 })
        }
        if case .array(let types)? = schema["type"], !types.contains("null") {
            return .object(members.map { $0.name == "type" ? .init(name: "type", value: .array(types + ["null"])) : $0 })
        }
        return schema["type"] == nil || schema["enum"] != nil ? ["anyOf": [schema, ["type": "null"]]] : schema
    }

    private static func pretty(_ schema: JSON) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(schema.encoded))
        let data = try JSONSerialization.data(
            withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self)
    }
}
