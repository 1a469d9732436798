import LapseRules

extension Lifetimes {
    var stored: JSON {
        .object([
            "accessToken": accessToken?.stored, "caeAccessToken": caeAccessToken?.stored, "idToken": idToken?.stored,
            "refreshTokenInactivity": refreshTokenInactivity?.stored, "spaRefreshToken": spaRefreshToken?.stored,
            "code": code?.stored, "deviceCode": deviceCode?.stored, "session": session?.stored,
            "persistentSession": persistentSession?.stored, "signInFrequency": signInFrequency?.stored,
        ])
    }

    init(stored: JSON) throws {
        self.init()
        var object = try StoredObject(stored, "lifetimes")
        accessToken = try object.optional("accessToken", \.duration)
        caeAccessToken = try object.optional("caeAccessToken", \.duration)
        idToken = try object.optional("idToken", \.duration)
        refreshTokenInactivity = try object.optional("refreshTokenInactivity", \.duration)
        spaRefreshToken = try object.optional("spaRefreshToken", \.duration)
        code = try object.optional("code", \.duration)
        deviceCode = try object.optional("deviceCode", \.duration)
        session = try object.optional("session", \.duration)
        persistentSession = try object.optional("persistentSession", \.duration)
        signInFrequency = try object.optional("signInFrequency", \.duration)
        try object.finish()
    }
}
