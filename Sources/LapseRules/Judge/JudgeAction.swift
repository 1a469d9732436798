/// What a machine of the judge decided at an event, for ``ClientHistory`` to keep.
enum JudgeAction: Equatable {
    /// An app met something, and what it does about it is watched from here on.
    case opened(Incident)
    /// The incident with all that the app did about it. Nothing is added to it any more.
    case closed(Incident)
    case found(Finding)
}
