import Testing

@testable import LapseRules

private let lab = BuiltInLab.seed[0]
private let (adele, native, api) = (lab.users[0], lab.apps[0], lab.apps[4])
private let at = Timestamp("2026-03-01T12:00:00.25Z")!

private func parsed(_ text: String) throws -> JSON { try #require(JSON(parsing: Array(text.utf8))) }

@Suite("Batches of requests to Graph")
struct GraphBatchTests {
    @Test("A part is read with its query, headers in any case, body and what it waits for")
    func part() throws {
        let batch = try GraphBatch(
            try parsed(
                #"{"requests":[{"id":"1","method":"get","url":"/me?$select=id?x"},{"id":"2","method":"PATCH","url":"users/x","headers":{"Content-Type":"application/json","X":7},"body":{"a":1},"dependsOn":["1"]}]}"#
            ))
        let (first, second) = (batch.parts[0], batch.parts[1])
        #expect((first.id, first.method, first.path, first.query, first.body) == ("1", "GET", "me", "$select=id?x", .null))
        #expect((second.path, second.query, second.dependsOn, second.body) == ("users/x", "", ["1"], ["a": 1]))
        #expect(second.headers == ["content-type": "application/json"])
    }

    private static func batch(_ requests: String...) -> String { #"{"requests":[\#(requests.joined(separator: ","))]}"# }

    @Test(
        "What is no batch is refused in Graph's words",
        arguments: [
            ("{}", "Invalid batch payload format."), (#"{"requests":{}}"#, "Invalid batch payload format."),
            (batch(), "Invalid batch payload format."),
            (batch("{}"), "Invalid batch payload format: a request needs an id."),
            (batch(#"{"id":""}"#), "Invalid batch payload format: a request needs an id."),
            (batch(#"{"id":"1","url":"/me"}"#), "Request Id : 1 needs a method and a url."),
            (batch(#"{"id":"1","method":"GET","url":""}"#), "Request Id : 1 needs a method and a url."),
            (
                batch(#"{"id":"1","method":"GET","url":"/me"}"#, #"{"id":"1","method":"GET","url":"/me"}"#),
                "Request Id : 1 has to be unique in a batch."
            ),
            (
                batch(#"{"id":"1","method":"GET","url":"/me","dependsOn":["2"]}"#, #"{"id":"2","method":"GET","url":"/me"}"#),
                "Request Id : 1 depends on a request that does not come before it."
            ),
            (
                batch(#"{"id":"1","method":"post","url":"/me/revokeSignInSessions"}"#),
                "Write request id : 1 does not contain Content-Type header or body."
            ),
        ])
    func mistakes(text: String, says: String) throws {
        let error = #expect(throws: GraphError.self) { try GraphBatch(try parsed(text)) }
        #expect(error == .badBatch(says))
    }

    @Test("Twenty requests are a batch, twenty-one are none", arguments: [20, 21])
    func most(count: Int) throws {
        let requests = (0..<count).map { #"{"id":"\#($0)","method":"GET","url":"/me"}"# }
        let body = try parsed(#"{"requests":[\#(requests.joined(separator: ","))]}"#)
        if count == 20 {
            #expect(try GraphBatch(body).parts.count == 20)
        } else {
            let error = #expect(throws: GraphError.self) {
                try GraphBatch(body)
            }
            #expect(error?.code == "MaximumValueExceeded")
            #expect(error?.message == "Number of batch request steps exceeds the maximum value of 20.")
        }
    }

    @Test("A write without a body needs the header, a delete does not")
    func writes() throws {
        for text in [
            #"{"id":"1","method":"POST","url":"/me","headers":{"content-type":"x"}}"#,
            #"{"id":"1","method":"POST","url":"/me","body":{}}"#,
            #"{"id":"1","method":"DELETE","url":"/users/x"}"#,
        ] {
            #expect(try GraphBatch(try parsed(Self.batch(text))).parts.count == 1)
        }
    }
}

@Suite("The audit logs")
struct AuditEntriesTests {
    private func event(_ kind: Event.Kind, _ change: (inout Event) -> Void = { _ in }) -> Event {
        var event = Event(tenant: lab.tenant.id, at: at, kind: kind, user: adele.id, client: native.id)
        change(&event)
        return event
    }

    @Test(
        "What an event is called, and what it is",
        arguments: [
            (.accountDisabled, "Disable account", "Update", "UserManagement"),
            (.accountEnabled, "Enable account", "Update", "UserManagement"),
            (.userCreated, "Add user", "Add", "UserManagement"), (.userUpdated, "Update user", "Update", "UserManagement"),
            (.userDeleted, "Delete user", "Delete", "UserManagement"), (.userRestored, "Restore user", "Update", "UserManagement"),
            (.userPurged, "Hard Delete user", "Delete", "UserManagement"),
            (.consentGiven, "Consent to application", "Assign", "ApplicationManagement"),
            (.consentWithdrawn, "Remove delegated permission grant", "Unassign", "ApplicationManagement"),
            (.appCreated, "Add application", "Add", "ApplicationManagement"),
            (.appUpdated, "Update application", "Update", "ApplicationManagement"),
            (.appDeleted, "Delete application", "Delete", "ApplicationManagement"),
            (.revoked, "Update StsRefreshTokenValidFrom Timestamp", "Update", "UserManagement"),
        ] as [(Event.Kind, String, String, String)])
    func activities(kind: Event.Kind, name: String, operation: String, category: String) throws {
        let event = event(kind) { $0.requestID = BuiltInLab.fabrikam }
        let audit = try #require(DirectoryAudit(event, cause: .adminRevoke))
        let json = DirectoryAudit.json(
            7, event, audit, actor: adele, actingApp: nil, target: .init(user: adele, app: native), modified: [])
        #expect(
            (json["activityDisplayName"]?.text, json["operationType"]?.text, json["category"]?.text) == (name, operation, category))
        #expect(json["id"]?.text == "Directory_\(BuiltInLab.fabrikam)_7")
        #expect(json["initiatedBy"]?["user"]?["userPrincipalName"] == "adele@contoso.example")
        #expect(json["initiatedBy"]?["app"] == .null)
        #expect(audit.isAboutApp == (category == "ApplicationManagement"))
        #expect(DirectoryAudit.kinds.contains(kind))
    }

    @Test("An event that changes nothing in the directory is no activity", arguments: Event.Kind.allCases)
    func none(kind: Event.Kind) {
        #expect((DirectoryAudit(event(kind), cause: .adminRevoke) != nil) == DirectoryAudit.kinds.contains(kind))
    }

    @Test("A revocation is one when it moves the stamp", arguments: Revocation.Cause.allCases)
    func stamp(cause: Revocation.Cause) {
        #expect((DirectoryAudit(event(.revoked), cause: cause) == .stampUpdated) == cause.movesStamp)
        #expect(DirectoryAudit(event(.revoked), cause: nil) == nil)
    }

    @Test("An application acts by its name; targets show what was changed")
    func acting() throws {
        let modified = DirectoryAudit.modified("StsRefreshTokensValidFrom", from: at, to: at + .seconds(60))
        #expect(modified["oldValue"] == #"["2026-03-01T12:00:00Z"]"#)
        #expect(modified["newValue"] == #"["2026-03-01T12:01:00Z"]"#)
        let json = DirectoryAudit.json(
            7, event(.revoked), .stampUpdated, actor: nil, actingApp: "Daemon", target: .init(user: adele, app: native),
            modified: [modified])
        #expect(json["initiatedBy"]?["app"]?["displayName"] == "Daemon")
        #expect(json["initiatedBy"]?["user"] == .null)
        guard case .array(let targets)? = json["targetResources"] else { return #expect(Bool(false)) }
        #expect(targets.map { $0["type"] } == ["User", "Application"])
        #expect(targets.map { $0["displayName"]?.text } == ["Adele Vance", "Lapse Native"])
        #expect(targets.allSatisfy { $0["modifiedProperties"] == [modified] })
    }

    @Test(
        "A sign-in shows how it ended",
        arguments: [
            (.signedIn, nil, 0, true, "notApplied"), (.signInRefused, .wrongPassword, 50126, true, "notApplied"),
            (.tokenRefreshed, nil, 0, false, "notApplied"), (.refreshRefused, .grantRevoked, 50173, false, "notApplied"),
            (.refreshRefused, .accessBlocked, 53003, false, "failure"),
            (.refreshRefused, .signInFrequency, 70043, false, "failure"),
        ] as [(Event.Kind, AADSTS?, Int64, Bool, String)])
    func signIns(kind: Event.Kind, code: AADSTS?, number: Int64, isInteractive: Bool, access: String) {
        let json = SignInEntry.json(7, event(kind) { $0.code = code }, user: adele, app: native, resource: .graph(of: .global))
        #expect(json["status"]?["errorCode"] == .integer(number))
        #expect(json["status"]?["failureReason"]?.text == code?.row.text ?? "Other.")
        #expect((json["isInteractive"], json["conditionalAccessStatus"]) == (.bool(isInteractive), .string(access)))
        #expect((json["userPrincipalName"], json["appDisplayName"]) == ("adele@contoso.example", "Lapse Native"))
        #expect(json["resourceDisplayName"] == "Microsoft Graph")
        #expect(SignInEntry.kinds.contains(kind))
    }

    @Test("A sign-in of nobody known shows nobody")
    func unknown() {
        let json = SignInEntry.json(7, event(.signInRefused) { $0.user = nil }, user: nil, app: nil, resource: .graph(of: .global))
        for name in ["userDisplayName", "userPrincipalName", "userId", "appDisplayName"] { #expect(json[name] == .null) }
    }
}

@Suite("Apps as Graph shows them")
struct AppEntriesTests {
    @Test(
        "An entry is named by its id or by its client id",
        arguments: [
            ("X", .id("X")), ("appId='BBBBBBBB-0002-4000-8000-000000000001'", .appID("BBBBBBBB-0002-4000-8000-000000000001")),
            ("APPID='x'", .appID("x")), ("appId=x", .id("appId=x")), ("name='x'", .id("name='x'")),
        ] as [(String, AppEntries.Key)])
    func keys(text: String, key: AppEntries.Key) {
        #expect(AppEntries.Key(text) == key)
        let entry: JSON = ["id": "x", "appId": "bbbbbbbb-0002-4000-8000-000000000001"]
        #expect(key.names(entry) == ["X", "BBBBBBBB-0002-4000-8000-000000000001"].contains(key.text))
    }

    @Test("Collections are found in any case")
    func collections() {
        for collection in AppEntries.Collection.allCases {
            #expect(AppEntries.Collection(segment: collection.rawValue.uppercased()) == collection)
        }
        #expect(AppEntries.Collection(segment: "groups") == nil)
    }

    @Test("Redirect URIs stand under the platform of the app's kind", arguments: lab.apps)
    func platforms(app: AppRegistration) {
        let json = AppEntries.application(app, in: lab.tenant)
        func uris(_ platform: String) -> JSON? { json[platform]?["redirectUris"] }
        let (own, none) = (JSON(app.redirectURIs), JSON([]))
        #expect(uris("web") == (app.isConfidential ? own : none))
        #expect(uris("publicClient") == (app.kind == .public ? own : none))
        #expect(uris("spa") == JSON(app.spaRedirectURIs + (app.kind == .spa ? app.redirectURIs : [])))
        #expect(json["isFallbackPublicClient"] == .bool(app.kind == .public))
        #expect(json["publisherDomain"] == "contoso.example")
        #expect(json["appId"]?.text == app.id.description)
    }

    @Test("An API shows its scopes and names; an app of Microsoft's has Microsoft's directory")
    func principals() {
        let own = AppEntries.servicePrincipal(
            .init(app: api, owner: lab.tenant.id, principal: .init(of: api.id, in: lab.tenant.id)), in: lab.tenant)
        #expect(own["appOwnerOrganizationId"]?.text == lab.tenant.id.description)
        #expect(own["servicePrincipalNames"] == [.string(BuiltInLab.apiURI), .string(api.id.description)])
        guard case .array(let scopes)? = own["oauth2PermissionScopes"] else { return #expect(Bool(false)) }
        #expect(scopes.map { $0["value"] } == ["access_as_user"])
        let graph = AppEntries.servicePrincipal(
            .init(app: FirstPartyApps.graph, owner: nil, principal: .init(of: FirstPartyApps.graph.id, in: lab.tenant.id)),
            in: lab.tenant)
        #expect(graph["appOwnerOrganizationId"] == "f8cdef31-a31e-4b4a-93e4-5f571e91255a")
        #expect(graph["servicePrincipalNames"] == ["https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"])
        #expect(graph["id"] != own["id"])
    }

    @Test("A consent is everybody's until one of them takes it away, and then one for each of the others")
    func consents() {
        let resources = lab.apps.compactMap { ResourceAPI($0) }
        func consents(_ users: [User]?) -> [JSON] {
            AppEntries.consents(of: native, users: users, resources: resources, in: lab.tenant)
        }
        let all = consents(nil)
        #expect(all.map { $0["consentType"] } == ["AllPrincipals", "AllPrincipals"])
        #expect(
            all.map { $0["scope"] } == [
                "openid profile email offline_access User.Read User.RevokeSessions.All User.ReadWrite.All Directory.AccessAsUser.All",
                "access_as_user",
            ])
        #expect(all.allSatisfy { $0["principalId"] == .null })
        var without = adele
        without.withdrawnConsents = [native.id]
        let others = consents([without, lab.users[1]])
        #expect(others.map { $0["principalId"]?.text } == [lab.users[1].id.description, lab.users[1].id.description])
        #expect(others.allSatisfy { $0["consentType"] == "Principal" })
        #expect(Set((all + others).compactMap { $0["id"]?.text }).count == 4)
    }
}

@Suite("National clouds")
struct CloudTests {
    @Test(
        "Each cloud has its own names",
        arguments: [
            (
                Cloud.global,
                "login.microsoftonline.com graph.microsoft.com management.azure.com microsoftonline.com graph.windows.net https://pas.windows.net NA -"
            ),
            (
                .usGovernmentL4,
                "login.microsoftonline.us graph.microsoft.us management.usgovcloudapi.net microsoftonline.us graph.windows.net https://pasff.usgovcloudapi.net USG DODCON"
            ),
            (
                .usGovernmentL5,
                "login.microsoftonline.us dod-graph.microsoft.us management.usgovcloudapi.net microsoftonline.us graph.windows.net https://pasff.usgovcloudapi.net USG DOD"
            ),
            (
                .china,
                "login.chinacloudapi.cn microsoftgraph.chinacloudapi.cn management.chinacloudapi.cn partner.microsoftonline.cn graph.chinacloudapi.cn https://pas.chinacloudapi.cn AS -"
            ),
        ])
    func names(cloud: Cloud, names: String) {
        let found = [
            cloud.authorityHost, cloud.graphHost, cloud.managementHosts[0], cloud.instanceName, cloud.directoryGraphHost,
            cloud.accessControlURL, cloud.regionScope, cloud.regionSubScope ?? "-",
        ]
        #expect(found.joined(separator: " ") == names)
        #expect(ResourceAPI.graph(of: cloud).audience == "https://\(cloud.graphHost)")
        #expect(ResourceAPI.management(of: cloud).map(\.audience) == cloud.managementHosts.map { "https://\($0)" })
        #expect(cloud.directoryIssuer(of: "{tenantid}").hasSuffix("/{tenantid}/"))
    }
}
