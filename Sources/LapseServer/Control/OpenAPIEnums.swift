import LapseRules
import LapseService

extension OpenAPIDocument {
    /// The values of the enums that the files name instead of listing them: those of a type, in its order.
    static let enums: [String: [JSON]] = [
        // Errors.
        "ErrorCode": words(ControlResponder.Code.allCases.filter { $0 != .internal }),
        "ForeignCode": words([ControlResponder.Code.foreignHost, .foreignOrigin, .othersSandbox]),

        // Clock and propagation.
        "ClockMode": words(TenantClock.Mode.allCases),
        "ClockTarget": words(ClockAdvance.Target.allCases),
        "Plane": words(Plane.allCases),
        "Preset": PropagationModel.presets.map { .string($0.name) },
        "Routing": words(PropagationModel.Routing.allCases),
        "Origin": words(PropagationModel.Origin.allCases),
        "DelayWord": words([PropagationModel.Delay.Word.immediate, .manual]),

        // Policies.
        "NamedTieRule": Policies.TieRule.named.map { JSON.string($0.name) },
        "RevokeAnswer": Policies.revokeAnswers.map(JSON.integer),
        "MatrixColumn": words(RevocationMatrix.Column.allCases),
        "Edition": words(Policies.Edition.allCases),
        "ErrorLayout": words(Policies.ErrorLayout.allCases),
        "Cloud": words(Cloud.allCases),
        "TokenTimes": words(Policies.TokenTimes.allCases),
        "ChallengeCode": codes(AADSTS.nameable),
        "ChallengeOccasion": words(Challenge.Occasion.allCases),

        // The directory.
        "Role": words(DirectoryRole.allCases),
        "AppKind": words(AppRegistration.Kind.allCases),
        "AuthenticationMethod": UserCollections.methodNames.map(JSON.string),
        "MembershipKind": words(UserCollections.MembershipKind.allCases),
        "SignInAudience": words(AppRegistration.Audience.allCases),
        "OptionalClaim": words(AppRegistration.OptionalClaims.Claim.allCases),
        "Flow": words(AppRegistration.Flow.allCases),
        "TokenVersion": AppRegistration.accessTokenVersions.map(JSON.integer),

        // Sign-ins.
        "SignInMethod": words(SignInMethod.allCases),
        "ClientClass": words(ClientClass.allCases),
        "TimelineRow": words(Timeline.Row.Kind.allCases),

        // Revocations.
        "Cause": words(Revocation.Cause.allCases),
        "CauseWithPassword": words(Revocation.Cause.allCases.filter(\.setsPassword)),
        "StateChangeKind": words(StateChange.Kind.allCases),
        "GrantTrialEndpoint": words([TrialEndpoint.token, .graph]),
        "SessionTrialEndpoint": words([TrialEndpoint.authorize]),
        "ExplainedKind": words(Explanation.Question.Kind.allCases),
        "VerdictRule": words(Explanation.Rule.allCases),
        "AcceptingRule": words(Explanation.Rule.allCases.filter(\.accepts)),
        "RefusingRule": words(Explanation.Rule.allCases.filter { !$0.accepts }),

        // Labs.
        "LabLanguage": words(LabScript.Language.allCases),
        "LabEndpoint": words(TrialEndpoint.allCases),
        "LabAccount": words(LabScript.Happening.State.allCases),

        // Faults.
        "FaultEndpoint": words(Fault.Endpoint.allCases),
        "GrantType": AppRegistration.Flow.allCases.map { .string($0.grantType) },
        "RefusalCode": codes(AADSTS.nameable),
        "FaultStatus": FaultEffect.statuses.map(JSON.integer),
        "ResponseFault": words(FaultEffect.ResponseFault.allCases),
        "ChallengeVariant": words(FaultEffect.ChallengeVariant.allCases),
        "KeyTrouble": words(FaultEffect.KeyTrouble.allCases),
        "DocumentTrouble": words([FaultEffect.KeyTrouble.stale, .wrong]),
        "RefusingEndpoint": endpoints(.refuse(.grantRevoked, suberror: nil, claims: nil)),
        "ChallengingEndpoint": endpoints(.challenge(claims: "")),
        "RolledOverEndpoint": endpoints(.keys(.rolledOver)),
        "Gate": words(Gate.allCases),
        "TokenDefect": words(TokenDefect.allCases),

        // Reports.
        "Verdict": words(Reaction.Verdict.allCases),
        "RulesVersion": JudgeRules.all.map { .string($0.version) },
        "ReactionRule": words(ReactionRule.allCases),
        "GoodRule": words(ReactionRule.allCases.filter { $0.severity == .good }),
        "NoteRule": words(ReactionRule.allCases.filter { $0.severity == .note }),
        "Severity": words(ReactionRule.Severity.allCases),
        "SeverityButFail": words(ReactionRule.Severity.allCases.filter { $0 != .fail }),
        "IncidentKind": words(Incident.Kind.allCases),
        "ExpectedOccasion": words(Expectation.Occasion.allCases),
        "ExpectationStatus": words(Expectation.Status.allCases),
        "SettledStatus": words(Expectation.Status.allCases.filter { $0 != .pending }),

        // Events and exchanges.
        "ExchangeEndpoint": words(ExchangeEndpoint.allCases),
        "EventType": words(Event.Kind.allCases),
        "Prompt": words(AuthorizeRequest.Prompt.allCases),
    ]

    private static func words<Value: RawRepresentable<String>>(_ values: [Value]) -> [JSON] { values.map { .string($0.rawValue) } }
    /// Where such an effect can be played.
    private static func endpoints(_ kind: FaultEffect.Kind) -> [JSON] {
        words(Fault.Endpoint.allCases.filter { FaultEffect(kind).reaches($0) })
    }
    private static func codes(_ codes: [AADSTS]) -> [JSON] { codes.map { .integer(Int64($0.rawValue)) } }
}
