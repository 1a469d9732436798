/// An activity of the directory, as `auditLogs/directoryAudits` names it. Entra: reference-audit-activities.md, and facts of the
/// entry that a revoke makes.
package enum DirectoryAudit: Equatable, Sendable {
    case stampUpdated
    case activity(String, operation: String, category: String)

    /// The events that are activities of the directory.
    package static let kinds: Set<Event.Kind> = [
        .revoked, .accountDisabled, .accountEnabled, .userCreated, .userUpdated, .userDeleted, .userRestored, .userPurged,
        .consentGiven,
        .consentWithdrawn, .appCreated, .appUpdated, .appDeleted, .servicePrincipalUpdated, .servicePrincipalDisabled,
        .servicePrincipalEnabled, .servicePrincipalDeleted, .servicePrincipalRestored,
    ]

    /// Nil for an event that is none.
    ///
    /// - Parameter cause: of the revocation that the event names.
    package init?(_ event: Event, cause: Revocation.Cause?) {
        func user(_ name: String, _ operation: String) -> DirectoryAudit {
            .activity(name, operation: operation, category: "UserManagement")
        }
        func app(_ name: String, _ operation: String) -> DirectoryAudit {
            .activity(name, operation: operation, category: "ApplicationManagement")
        }
        switch event.kind {
        case .revoked:
            guard let cause, cause.movesStamp else { return nil }
            self = .stampUpdated
        case .accountDisabled: self = user("Disable account", "Update")
        case .accountEnabled: self = user("Enable account", "Update")
        case .userCreated: self = user("Add user", "Add")
        case .userUpdated: self = user("Update user", "Update")
        case .userDeleted: self = user("Delete user", "Delete")
        case .userRestored: self = user("Restore user", "Update")
        case .userPurged: self = user("Hard Delete user", "Delete")
        case .consentGiven: self = app("Consent to application", "Assign")
        case .consentWithdrawn: self = app("Remove delegated permission grant", "Unassign")
        case .appCreated: self = app("Add application", "Add")
        case .appUpdated: self = app("Update application", "Update")
        case .appDeleted: self = app("Delete application", "Delete")
        case .servicePrincipalUpdated, .servicePrincipalDisabled, .servicePrincipalEnabled:
            self = app("Update service principal", "Update")
        case .servicePrincipalDeleted: self = app("Remove service principal", "Delete")
        case .servicePrincipalRestored: self = app("Add service principal", "Add")
        default: return nil
        }
    }

    package var isAboutApp: Bool {
        if case .activity(_, _, "ApplicationManagement") = self { true } else { false }
    }

    private var parts: (name: String, operation: String, category: String) {
        switch self {
        case .stampUpdated: ("Update StsRefreshTokenValidFrom Timestamp", "Update", "UserManagement")
        case .activity(let name, let operation, let category): (name, operation, category)
        }
    }

    /// What an activity was about; either may be nil.
    package struct Target: Sendable {
        let user: User?
        let app: AppRegistration?

        package init(user: User?, app: AppRegistration?) {
            self.user = user
            self.app = app
        }

        var json: JSON {
            .array(
                [
                    user.map {
                        [
                            "id": .string($0.id.description), "displayName": .string($0.displayName), "type": "User",
                            "userPrincipalName": .string($0.userPrincipalName), "groupType": .null,
                        ]
                    },
                    app.map {
                        [
                            "id": .string($0.id.description), "displayName": .string($0.name), "type": "Application",
                            "userPrincipalName": .null, "groupType": .null,
                        ]
                    },
                ].compactMap { $0 })
        }
    }

    /// A changed instant: JSON texts of lists of one, as Entra writes them.
    package static func modified(_ name: String, from old: Timestamp, to new: Timestamp) -> JSON {
        func list(_ instant: Timestamp) -> JSON { .string(JSON([instant.wholeSecondText]).encodedText) }
        return ["displayName": .string(name), "oldValue": list(old), "newValue": list(new)]
    }

    /// The entry of the log.
    package static func json(
        _ id: Int64, _ event: Event, _ audit: DirectoryAudit, actor: User?, actingApp: String?, target: Target, modified: [JSON]
    ) -> JSON {
        let request = event.requestID?.description ?? Tenant.noID.description
        let targets = target.json.elementsAdding("modifiedProperties", .array(modified))
        return [
            "id": .string("Directory_\(request)_\(id)"), "category": .string(audit.parts.category),
            "correlationId": .string(request), "result": "success", "resultReason": "",
            "activityDisplayName": .string(audit.parts.name), "activityDateTime": JSON(event.at),
            "loggedByService": "Core Directory", "operationType": .string(audit.parts.operation),
            "initiatedBy": [
                "user": actor.map {
                    [
                        "id": .string($0.id.description), "displayName": .string($0.displayName),
                        "userPrincipalName": .string($0.userPrincipalName), "ipAddress": "127.0.0.1",
                    ]
                } ?? .null,
                "app": actingApp.map {
                    ["appId": JSON(event.client?.description), "displayName": .string($0), "servicePrincipalId": .null]
                } ?? .null,
            ],
            "targetResources": targets, "additionalDetails": [],
        ]
    }
}

/// A sign-in, as `auditLogs/signIns` shows it. Entra: signin.md.
package enum SignInEntry {
    /// The events that are sign-ins: by a person, and by a token without one.
    package static let kinds: Set<Event.Kind> = interactive.union([
        .tokenRefreshed, .refreshRefused, .silentSignInRefused, .sessionRefused, .codeRedeemed, .codeRefused, .deviceCodeRedeemed,
        .deviceCodeRefused, .onBehalfOfIssued, .onBehalfOfRefused, .clientTokenIssued, .clientTokenRefused,
    ])
    package static let interactive: Set<Event.Kind> = [.signedIn, .signInRefused]

    /// A user's last sign-ins, as `signInActivity` shows them. Entra: resources/signinactivity.md: attempts that failed are among them, but for the
    /// last of its members.
    package struct Activity: Sendable {
        package var interactive: LoggedEvent?
        package var nonInteractive: LoggedEvent?
        package var successful: LoggedEvent?

        package init() {}

        package var json: JSON {
            func time(_ logged: LoggedEvent?) -> JSON { JSON(logged?.event.at.wholeSecondText) }
            func request(_ logged: LoggedEvent?) -> JSON { JSON(logged?.event.requestID?.description) }
            return [
                "lastSignInDateTime": time(interactive), "lastSignInRequestId": request(interactive),
                "lastNonInteractiveSignInDateTime": time(nonInteractive),
                "lastNonInteractiveSignInRequestId": request(nonInteractive),
                "lastSuccessfulSignInDateTime": time(successful), "lastSuccessfulSignInRequestId": request(successful),
            ]
        }
    }

    package static func json(_ id: Int64, _ event: Event, user: User?, app: AppRegistration?, resource: ResourceAPI) -> JSON {
        let request = event.requestID?.description ?? Tenant.noID.description
        let code = event.code
        return [
            "id": .string("\(request)-\(id)"), "createdDateTime": JSON(event.at),
            "userDisplayName": JSON(user?.displayName), "userPrincipalName": JSON(user?.userPrincipalName),
            "userId": JSON(event.user?.description), "appId": JSON(event.client?.description),
            "appDisplayName": JSON(app?.name), "ipAddress": "127.0.0.1", "clientAppUsed": "Mobile Apps and Desktop clients",
            "correlationId": .string(request),
            "conditionalAccessStatus": code == .accessBlocked || code == .signInFrequency ? "failure" : "notApplied",
            "isInteractive": .bool(interactive.contains(event.kind)), "riskDetail": "none", "riskLevelAggregated": "none",
            "riskLevelDuringSignIn": "none", "riskState": "none", "riskEventTypes": [], "riskEventTypes_v2": [],
            "resourceDisplayName": .string(resource.name), "resourceId": .string(resource.id.description),
            "status": [
                "errorCode": .integer(Int64(code?.rawValue ?? 0)),
                // Entra's log shows the text with its placeholders.
                "failureReason": .string(code?.row.text ?? "Other."), "additionalDetails": .null,
            ],
            "deviceDetail": [
                "deviceId": "", "displayName": "", "operatingSystem": "", "browser": "", "isCompliant": false, "isManaged": false,
                "trustType": "",
            ],
            "location": ["city": "", "state": "", "countryOrRegion": "", "geoCoordinates": [:]],
            "appliedConditionalAccessPolicies": [], "signInEventTypes": [.string(eventType(of: event.kind))],
        ]
    }

    /// Entra: signin.md of beta.
    private static func eventType(of kind: Event.Kind) -> String {
        switch kind {
        case .clientTokenIssued, .clientTokenRefused: "servicePrincipal"
        default: interactive.contains(kind) ? "interactiveUser" : "nonInteractiveUser"
        }
    }
}

extension JSON {
    /// A list of objects, each with one more member.
    fileprivate func elementsAdding(_ name: String, _ value: JSON) -> JSON {
        guard case .array(let elements) = self else { return self }
        return .array(elements.map { $0.followed(by: .object([Member(name: name, value: value)])) })
    }
}
