/// Was the app refused as one that loops? Said once.
struct LoopMachine: Equatable {
    enum State: Equatable { case quiet, reported }

    enum Event {
        case refused(LoggedEvent)
    }

    let user: GUID?
    private(set) var state = State.quiet

    init(user: GUID?) { self.user = user }

    mutating func on(_ event: Event) -> [JudgeAction] {
        switch (state, event) {
        case (.quiet, .refused(let logged)) where logged.event.code == .clientLoop:
            state = .reported
            return [
                .found(
                    Finding(
                        rule: .looping, user: user, says: "It sent the same request so often that it was refused as a loop.",
                        events: [logged.id]))
            ]
        case (.quiet, .refused), (.reported, .refused):
            return []
        }
    }
}
