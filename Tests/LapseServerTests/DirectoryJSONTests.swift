import LapseRules
import Testing

@testable import LapseServer

private let ann = "aaaaaaaa-0001-4000-8000-000000000001"
private let tenant = Tenant(id: GUID("11111111-aaaa-4aaa-8aaa-111111111111")!, name: "One", domains: ["one.example"])

private func parsed(_ text: String) throws -> JSON { try #require(JSON(parsing: Array(text.utf8))) }

@Suite("Users and apps as the control API shows them")
struct DirectoryJSONTests {
    @Test("Everything that a seed may say of a user is shown as it is read")
    func user() throws {
        let text =
            #"{"id":"\#(ann)","userPrincipalName":"Ann@ONE.example","displayName":"Ann","givenName":"A","surname":"Lee","mail":"a@x","password":"p","accountEnabled":false,"roles":["Security Reader","Global Administrator"],"challenges":[{"code":50076,"on":["refresh"]},{"code":65001}]}"#
        let user = try User(try parsed(text), tenant: tenant, newID: tenant.id, createdAt: Tenant.birth)
        // Shown, and not to be given: a seed's users are as old as their tenant.
        guard case .object(let members) = user.json(password: "p") else { return #expect(Bool(false)) }
        let shown = JSON.object(members.filter { $0.name != "createdDateTime" })
        #expect(try User(shown, tenant: tenant, newID: tenant.id, createdAt: Tenant.birth) == user)
    }

    @Test("Everything that a seed may say of an app is shown as it is read")
    func app() throws {
        let text =
            #"{"id":"APP","name":"App","kind":"confidential","secrets":["s1","s2"],"redirectUris":["http://localhost/cb"],"spaRedirectUris":["custom.x+y-z:go"],"logoutUrl":"https://x/out","flows":["code","device"],"delegated":["User.Read"],"application":["User.Read.All"],"exposes":{"uri":"api://app","scopes":["use"],"xms_cc":true},"accessTokenVersion":1,"foci":true,"lifetimes":{"code":"PT1M"},"challenges":[{"code":7000222,"on":["authorize"]}]}"#
        let app = try AppRegistration(try parsed(text), newID: "new")
        #expect(try AppRegistration(app.json(.init(of: app.id, in: Tenant.noID), secrets: ["s1", "s2"]), newID: "other") == app)
    }
}
