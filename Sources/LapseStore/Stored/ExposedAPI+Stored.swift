import LapseRules

extension AppRegistration.ExposedAPI {
    var stored: JSON { ["uri": .string(uri), "scopes": JSON(scopes), "xms_cc": .bool(asksForCapabilities)] }

    init(stored: JSON) throws {
        var object = try StoredObject(stored, "exposes")
        self.init(
            uri: try object.required("uri", \.text), scopes: try object.required("scopes") { $0.list(\.text) },
            asksForCapabilities: try object.required("xms_cc", \.flag))
        try object.finish()
    }
}
