import Testing

@testable import LapseRules

@Suite("The parameter claims")
struct ClaimsRequestTests {
    /// A text, whether the client understands challenges, whether it answers one, whether it demands anything at all.
    static let readable: [(text: String, declaresCP1: Bool, answers: Bool, demands: Bool)] = [
        ("{}", false, false, false), (#"{"access_token":null}"#, false, false, false),
        (#"{"access_token":"x"}"#, false, false, false), (#"{"access_token":{}}"#, false, false, false),
        (#"{"id_token":{"auth_time":{"essential":true}}}"#, false, false, false),
        (#"{"xms_cc":{"values":["cp1"]},"nbf":{"essential":true}}"#, false, false, false),
        (#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#, true, false, false),
        (#"{"access_token":{"xms_cc":{"values":["cp0","CP1"]}}}"#, true, false, false),
        (#"{"access_token":{"xms_cc":{"value":"Cp1"}}}"#, true, false, false),
        (#"{"access_token":{"xms_cc":["cp1"]}}"#, true, false, false),
        (#"{"access_token":{"xms_cc":{"values":["cp2"]}}}"#, false, false, false),
        (#"{"access_token":{"xms_cc":{"values":["cp11"]}}}"#, false, false, false),
        (#"{"access_token":{"xms_cc":{"values":[1]}}}"#, false, false, false),
        (#"{"access_token":{"xms_cc":"cp1"}}"#, false, false, false),
        (#"{"access_token":{"nbf":null}}"#, false, false, true),
        (#"{"access_token":{"nbf":{"essential":false}}}"#, false, false, true),
        (#"{"access_token":{"nbf":{"essential":true}}}"#, false, true, true),
        (#"{"access_token":{"nbf":{"value":"1"}}}"#, false, true, true),
        (#"{"access_token":{"nbf":{"value":null}}}"#, false, false, true),
        (#"{"access_token":{"nbf":{"values":["1"]}}}"#, false, true, true),
        (#"{"access_token":{"nbf":{"values":null}}}"#, false, false, true),
        (#"{"access_token":{"capolids":{"essential":true,"values":["x"]}}}"#, false, false, true),
        (#"{"access_token":{"nbf":{"essential":true,"value":"1"},"xms_cc":{"values":["cp1"]}}}"#, true, true, true),
    ]

    @Test("What it tells and what it asks", arguments: readable)
    func reading(text: String, declaresCP1: Bool, answers: Bool, demands: Bool) throws {
        let claims = try ClaimsRequest(text)
        #expect(claims.declaresCP1 == declaresCP1)
        #expect(claims.answersChallenge == answers)
        #expect(claims.carriesDemand == demands)
    }

    @Test("A request without it says nothing")
    func none() throws {
        #expect(try ClaimsRequest(nil) == .none)
        #expect(!ClaimsRequest.none.declaresCP1)
        #expect(!ClaimsRequest.none.answersChallenge)
        #expect(!ClaimsRequest.none.carriesDemand)
    }

    @Test("What is no JSON object is refused", arguments: ["{", "[]", "\"cp1\"", "null", "1"])
    func unreadable(text: String) {
        let error = #expect(throws: EntraError.self) { try ClaimsRequest(text) }
        #expect(error?.code == nil)
        #expect(error?.error == "invalid_request")
        #expect(error?.text == "Lapse: The parameter 'claims' is no JSON object.")
    }

    @Test("A resource's challenge, handed back, is an answer")
    func roundTrip() throws {
        #expect(try ClaimsRequest(ClaimsRequest.challenge(at: World.now)).answersChallenge)
    }
}
