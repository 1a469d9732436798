import HTTPTypes
import LapseRules
import Testing

@Suite("Batches of Graph")
struct BatchTests {
    private func batch(_ lab: Lab, _ token: String, _ requests: [JSON], version: String = "v1.0") async throws -> Answer {
        try await lab.send(
            .post, "/\(version)/$batch", headers: [.authorization: "Bearer \(token)", .contentType: "application/json"],
            body: (["requests": .array(requests)] as JSON).encodedText)
    }

    private func part(_ answer: Answer, _ id: String) -> JSON {
        answer.json["responses"]?.elements.first { $0["id"]?.text == id } ?? .null
    }

    @Test("Each part is answered as a request of its own")
    func parts() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant(
                user: "admin@contoso.example", scope: "User.Read User.RevokeSessions.All Directory.AccessAsUser.All")
            let answer = try await batch(
                lab, grant["access_token"],
                [
                    ["id": "1", "method": "GET", "url": "/me?$select=displayName"],
                    ["id": "2", "method": "GET", "url": "users/nobody@contoso.example"],
                    [
                        "id": "3", "method": "POST", "url": "/users/\(Lab.adele)/revokeSignInSessions",
                        "headers": ["Content-Type": "application/json"],
                    ],
                    ["id": "4", "method": "PATCH", "url": "/users/\(Lab.adele)", "body": ["jobTitle": "Diver"]],
                    ["id": "5", "method": "get", "url": "/groups"],
                    [
                        "id": "6", "method": "GET", "url": "/users?$search=%22displayName:ada%22",
                        "headers": ["ConsistencyLevel": "eventual"],
                    ],
                ])
            #expect(answer.status == 200)
            #expect(answer.json["responses"]?.elements.compactMap { $0["status"]?.int } == [200, 404, 200, 204, 400, 200])
            #expect(part(answer, "1")["body"]?["displayName"] == "Ada Admin")
            #expect(part(answer, "2")["body"]?["error"]?["code"] == "Request_ResourceNotFound")
            #expect(part(answer, "3")["body"]?["value"] == true)
            #expect(part(answer, "4")["body"] == nil)
            #expect(part(answer, "6")["body"]?["value"]?.elements.count == 1)
            #expect(try await lab.contoso(.get, "revocations").items.count == 1)
        }
    }

    @Test("A part waits for what it depends on, and falls with it")
    func dependencies() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["access_token"]
            let answer = try await batch(
                lab, token,
                [
                    ["id": "a", "method": "GET", "url": "/me"], ["id": "b", "method": "GET", "url": "/x", "dependsOn": ["a"]],
                    ["id": "c", "method": "GET", "url": "/me", "dependsOn": ["b"]],
                    ["id": "d", "method": "GET", "url": "/me", "dependsOn": ["c"]],
                ])
            #expect(answer.json["responses"]?.elements.compactMap { $0["status"]?.int } == [200, 400, 424, 424])
        }
    }

    @Test(
        "A batch that is none is refused whole, and nothing was done",
        arguments: [
            ("[]", "Invalid batch payload format."), (#"[{"method":"GET","url":"/me"}]"#, "needs an id"),
            (#"[{"id":"1","url":"/me"}]"#, "needs a method"),
            (#"[{"id":"1","method":"GET","url":"/me"},{"id":"1","method":"GET","url":"/me"}]"#, "has to be unique in a batch."),
            (#"[{"id":"1","method":"GET","url":"/me","dependsOn":["2"]}]"#, "does not come before it"),
            (
                #"[{"id":"1","method":"POST","url":"/me/revokeSignInSessions"}]"#,
                "Write request id : 1 does not contain Content-Type header or body."
            ),
            (
                "[" + (0..<21).map { #"{"id":"\#($0)","method":"GET","url":"/me"}"# }.joined(separator: ",") + "]",
                "exceeds the maximum value of 20."
            ),
        ])
    func refused(requests: String, message: String) async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["access_token"]
            let answer = try await lab.send(
                .post, "/v1.0/$batch", headers: [.authorization: "Bearer \(token)", .contentType: "application/json"],
                body: #"{"requests":\#(requests)}"#)
            #expect(answer.status == 400)
            #expect(answer.json["error"]?["message"]?.text?.contains(message) == true, "\(answer.text)")
            #expect(try await lab.contoso(.get, "revocations").items.isEmpty)
        }
    }

    @Test("Without a token nothing of a batch is looked at; a challenged one is refused part by part")
    func tokens() async throws {
        try await Lab.run { lab async throws in
            #expect(try await batch(lab, "", [["id": "1", "method": "GET", "url": "/me"]]).status == 401)
            #expect(try await lab.send(.get, "/v1.0/$batch").status == 405)
            let grant = try await lab.grant()
            let tokens = try await lab.refresh(
                grant["refresh_token"], claims: #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)
            _ = try await lab.revoke()
            let answer = try await batch(lab, tokens["access_token"], [["id": "1", "method": "GET", "url": "/me"]])
            #expect(answer.status == 200)
            #expect(part(answer, "1")["status"] == 401)
            #expect(part(answer, "1")["headers"]?["WWW-Authenticate"]?.text?.contains("insufficient_claims") == true)
        }
    }
}
