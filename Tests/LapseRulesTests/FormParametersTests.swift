import Testing

@testable import LapseRules

private func form(_ text: String) throws -> FormParameters { try FormParameters(Array(text.utf8)) }

@Suite("Parameters of forms")
struct FormParametersTests {
    @Test(
        "A value is decoded, and an empty one counts as missing",
        arguments: [
            ("x=1", "1"), ("x=a+b", "a b"), ("x=a%20b", "a b"), ("x=%2B", "+"), ("x=a=b", "a=b"), ("x=%c3%A9", "é"),
            ("&&x=1&", "1"),
            ("%78=1", "1"), ("x=", nil), ("x", nil), ("y=1", nil), ("", nil), ("X=1", nil),
        ])
    func value(text: String, value: String?) throws {
        let form = try form(text)
        #expect(form["x"] == value)
        if let value {
            #expect(try form.required("x") == value)
        } else {
            #expect(throws: EntraError.missing("x")) { try form.required("x") }
        }
    }

    @Test("Names come in their order")
    func names() throws {
        #expect(try form("b=1&a=2&c").names == ["a", "b", "c"])
        #expect(FormParameters.empty.names.isEmpty)
    }

    @Test("Two lots of parameters may not name the same")
    func merged() throws {
        let merged = try form("a=1").merging(try form("b=2"))
        #expect((merged["a"], merged["b"]) == ("1", "2"))
        #expect(throws: AADSTS.duplicateParameter.error(["parameter": "a"])) { try form("a=1").merging(try form("a=1")) }
    }

    @Test(
        "All but what is unreserved is encoded",
        arguments: [("aZ09-._~", "aZ09-._~"), (" +&=/é", "%20%2B%26%3D%2F%C3%A9"), ("", "")])
    func encoded(text: String, encoded: String) { #expect(FormParameters.encode(text) == encoded) }

    @Test(
        "In a path a plus is a plus",
        arguments: [("a+b", "a+b"), ("a%2Bb+c", "a+b+c"), ("a%20b", "a b"), ("%zz", nil), ("%00", nil), ("%ff", nil), ("", "")])
    func paths(segment: String, decoded: String?) { #expect(FormParameters.decodePath(segment) == decoded) }
}

@Suite("Proof keys")
struct PKCETests {
    /// The example of RFC 7636.
    private static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    private static let hashed = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    private static func text(_ count: Int) -> String { String(repeating: "a", count: count) }

    @Test(
        "A challenge has the length of its method",
        arguments: [
            ("code_challenge=\(hashed)&code_challenge_method=S256", nil),
            ("code_challenge=\(hashed)&code_challenge_method=plain", nil),
            ("code_challenge=\(text(43))", nil), ("code_challenge=\(text(128))", nil),
            ("code_challenge=\(text(42))", .badChallenge),
            ("code_challenge=\(text(129))", .badChallenge),
            ("code_challenge=\(text(44))&code_challenge_method=S256", .badChallenge),
            ("code_challenge=\(text(42))&code_challenge_method=S256", .badChallenge),
            ("code_challenge=\(hashed)&code_challenge_method=s256", .badChallengeMethod),
            ("code_challenge=x&code_challenge_method=S512", .badChallengeMethod),
        ] as [(String, AADSTS?)])
    func challenges(text: String, code: AADSTS?) throws {
        guard let code else { return #expect(try PKCE.Challenge(form(text)) != nil) }
        #expect(throws: code.error()) { try PKCE.Challenge(form(text)) }
    }

    @Test("Without a challenge there is none, whatever method is named")
    func none() throws {
        #expect(try PKCE.Challenge(form("code_challenge_method=S256")) == nil)
        #expect(try PKCE.Challenge(form("code_challenge=\(Self.text(43))"))?.method == .plain)
    }

    @Test(
        "A verifier fits its challenge, and no other",
        arguments: [
            (hashed, PKCE.Method.s256, verifier, nil), (hashed, .s256, hashed, .wrongVerifier),
            (hashed, .s256, nil, .missingVerifier), (hashed, .s256, verifier + "x", .wrongVerifier),
            (verifier, .plain, verifier, nil), (verifier, .plain, verifier.lowercased(), .wrongVerifier),
            (hashed, .plain, verifier, .wrongVerifier), (verifier, .plain, nil, .missingVerifier),
            (nil, .plain, nil, nil), (nil, .s256, verifier, .wrongVerifier),
        ] as [(String?, PKCE.Method, String?, AADSTS?)])
    func verifiers(value: String?, method: PKCE.Method, verifier: String?, code: AADSTS?) {
        let challenge = value.map { PKCE.Challenge(value: $0, method: method) }
        #expect(PKCE.Challenge.refusal(of: verifier, for: challenge)?.code == code)
    }
}
