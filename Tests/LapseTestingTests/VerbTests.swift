import Foundation
import LapseRules
import LapseService
import LapseTesting
import Testing

@Suite("The verbs of the kit", .lapse)
struct VerbTests {
    @Test("A token endpoint's answer is told whatever its status")
    func refresh() async throws {
        let tenant = try LapseTenant.current
        let web = try await tenant.signIn("alex", client: "web", method: .nonPassword)
        let token = try #require(web.refreshToken)
        let answer = try await tenant.refresh(token, client: "web")
        #expect(answer.isAccepted && answer.accessToken != nil && answer.refreshToken != nil && answer.error == nil)
        let refused = try await tenant.refresh(token, client: "web", secret: "wrong")
        #expect(refused.status == 401 && refused.error == "invalid_client" && refused.code == 7_000_215)
        #expect(try await tenant.refresh("no token").error == "invalid_grant")
    }

    @Test("A revocation is waited for, and the clock goes to where it takes effect")
    func revoke() async throws {
        let tenant = try LapseTenant.current
        #expect(try await tenant.propagation("observed")["planes"]["refresh"]["fixed"] == "PT29S")
        let revocation = try await tenant.revoke("adele", cause: .passwordChange, wait: .milliseconds(10))
        #expect(!revocation.isEffective(on: "refresh") && revocation.isEffective(on: "directory") && !revocation.isEffective())
        #expect(revocation.json["cause"] == "passwordChange")
        let advance = try await tenant.until(.propagation)
        #expect(Set(advance.tookEffect.map { $0["plane"].string }) == ["refresh", "session", "cae"])
        let found = try await tenant.call("GET", "revocations/\(revocation.id)")
        #expect(found["planes"]["refresh"]["local"]["effective"] == true)
        await #expect { try await tenant.until(.propagation) } throws: { ($0 as? LapseError)?.status == 409 }
    }

    @Test("Faults take names, and are cleared by theirs")
    func faults() async throws {
        let tenant = try LapseTenant.current
        let fault = try await tenant.fault(
            match: ["client": "native", "user": "adele"], effect: ["code": 50173], times: 1, probability: 1, name: "mine")
        #expect(fault["match"]["client"].string == tenant.client("native"))
        try await tenant.fault(match: ["client": "web"], effect: ["code": 90033])
        let token = try #require(try await tenant.signIn().refreshToken)
        #expect(try await tenant.refresh(token).code == 50173)
        #expect(try await tenant.refresh(token).isAccepted)
        try await tenant.clearFaults(named: "mine")
        #expect(try await tenant.call("GET", "faults")["items"].items.count == 1)
        try await tenant.clearFaults()
        #expect(try await tenant.call("GET", "faults")["items"] == [])
    }

    @Test("A request without an answer throws")
    func dropped() async throws {
        let tenant = try LapseTenant.current
        let token = try #require(try await tenant.signIn().refreshToken)
        try await tenant.fault(effect: ["answer": "closed"], times: 1)
        await #expect { try await tenant.refresh(token) } throws: { ($0 as? LapseError)?.status == nil }
    }

    @Test("Tokens are forged, and explained as the sign-ins that they come from")
    func tokens() async throws {
        let tenant = try LapseTenant.current
        let forged = try await tenant.forge(defect: .audience)
        #expect(forged.accessToken.split(separator: ".").count == 3 && forged.claims["aud"].string != nil)
        let signIn = try await tenant.signIn()
        let token = try #require(signIn.refreshToken)
        try await tenant.revoke()
        let explanation = try await tenant.explain(refreshToken: token, region: "local")
        #expect(explanation["known"] == true && explanation["grant"].string == signIn.grant)
        #expect(explanation["verdicts"].items.contains { $0["plane"] == "refresh" && $0["code"] == 50173 })
        let earlier = try await tenant.explain(refreshToken: token, at: "2026-01-01T00:00:00.0000000Z")
        #expect(earlier["at"] == "2026-01-01T00:00:00.0000000Z")
        #expect(try await tenant.explain(accessToken: signIn.accessToken)["known"] == true)
        let cookie = try #require(signIn.cookies["ESTSAUTH"])
        #expect(try await tenant.explain(session: cookie)["session"].string != nil)
        #expect(try await tenant.explain(refreshToken: "no token")["known"] == false)
    }

    @Test("Events are filtered, and go on from one on")
    func events() async throws {
        let tenant = try LapseTenant.current
        for _ in 0..<3 { _ = try await tenant.signIn() }
        _ = try await tenant.signIn("alex")
        let all = try await tenant.events(type: "signedIn")
        #expect(all.count == 4 && all.map(\.id) == all.map(\.id).sorted() && all[0].client == tenant.client("native"))
        #expect(try await tenant.events(type: "signedIn", user: "alex").map(\.id) == [all[3].id])
        #expect(try await tenant.events(type: "signedIn", after: all[1].id).map(\.id) == [all[2].id, all[3].id])
    }

    @Test("More events than one page has come whole")
    func pages() async throws {
        let tenant = try LapseTenant.current
        for _ in 0..<120 { try await tenant.advance(by: .seconds(1)) }
        #expect(try await tenant.events(type: "clockChanged").count == 121)
    }

    @Test("What the control API refuses is thrown in its words, with status, code and field")
    func refusals() async throws {
        let tenant = try LapseTenant.current
        let error = await #expect(throws: LapseError.self) { try await tenant.signIn("nobody") }
        #expect(error?.status == 404 && error?.code == "notFound")
        #expect(error.map { "\($0)" }?.contains("nobody") == true)
        let bad = await #expect(throws: LapseError.self) { try await tenant.call("POST", "clock/advance", ["by": "soon"]) }
        #expect(bad?.status == 400 && bad?.code == "invalid" && bad?.field == "by")
        let unknown = await #expect(throws: LapseError.self) { try await tenant.call("GET", "no/such/call") }
        #expect(unknown?.status == 404 && unknown?.code == "notFound")
        let back = await #expect(throws: LapseError.self) { try await tenant.advance(by: .seconds(-1)) }
        #expect(back?.status == nil)
        await #expect(throws: LapseError.self) { try await Lapse.shared.sandbox("no-such-template") }
        await #expect(throws: LapseError.self) { try await Lapse.shared.sandbox(propagation: "never") }
    }

    @Test("Outside of a test of Swift Testing an expectation that is not met throws in words")
    func expectationElsewhere() async throws {
        let tenant = try LapseTenant.current
        let error = await Task.detached {
            await #expect(throws: LapseError.self) { try await tenant.expect("web").recovers(within: .milliseconds(1)) }
        }.value
        #expect(error.map { "\($0)" }?.contains("Lapse Web was expected to recover") == true)
    }

    @Test("The kit knows the causes, moments, methods, defects and occasions that Lapse knows")
    func words() {
        #expect(LapseTenant.Cause.allCases.map(\.rawValue) == Revocation.Cause.allCases.map(\.rawValue))
        #expect(LapseTenant.Method.allCases.map(\.rawValue) == SignInMethod.allCases.map(\.rawValue))
        #expect(LapseTenant.Defect.allCases.map(\.rawValue) == TokenDefect.allCases.map(\.rawValue))
        #expect(LapseTenant.Occasion.allCases.map(\.rawValue) == Expectation.Occasion.allCases.map(\.rawValue))
        #expect(LapseTenant.Moment.allCases.map(\.rawValue) == ClockAdvance.Target.allCases.map(\.rawValue))
    }
}

@Suite("JSON of the kit")
struct LapseJSONTests {
    private static let sample: LapseJSON = [
        "text": "a", "number": 1, "part": 1.5, "flag": true, "none": nil, "list": [1, "b"], "object": ["member": 2],
    ]

    @Test("Members and elements are read, and what is not there is null")
    func reading() {
        let sample = Self.sample
        #expect(sample["text"].string == "a" && sample["number"].int == 1 && sample["part"].double == 1.5)
        #expect(sample["flag"].bool == true && sample["none"].isNull && sample["list"][1] == "b")
        #expect(sample["object"]["member"].double == 2 && sample["list"].items.count == 2)
        #expect(sample["object"].members.keys.sorted() == ["member"])
        #expect(sample["nothing"][3]["deep"].isNull && sample["list"][2].isNull && sample["list"][-1].isNull)
        #expect(sample["text"].int == nil && sample["number"].string == nil && sample["text"].items.isEmpty)
    }

    @Test("Text is read and written, and order does not count")
    func text() throws {
        #expect(LapseJSON(parsing: "{") == nil)
        #expect(LapseJSON(parsing: Self.sample.description) == Self.sample)
        #expect(LapseJSON(parsing: #"{"b":2,"a":1.0}"#) == ["a": 1, "b": 2])
        let (text, number, part, flag) = ("x", 3, 1.5, true)
        #expect(LapseJSON(text) == "x" && LapseJSON(number) == 3 && LapseJSON(part) == 1.5 && LapseJSON(flag) == true)
        #expect(LapseJSON([LapseJSON(text), LapseJSON(number)]).description == #"["x",3]"#)
        #expect(LapseJSON(["b": LapseJSON(number), "a": LapseJSON(text)]).description == #"{"a":"x","b":3}"#)
    }
}
