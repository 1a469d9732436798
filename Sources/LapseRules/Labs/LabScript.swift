/// A lab: a situation that is played in a tenant, what a learner is to predict of it, and what there is to learn.
package struct LabScript: Equatable, Sendable {
    package enum Language: String, CaseIterable, Sendable {
        case english = "en"
        case spanish = "es"
        case portuguese = "pt"
    }

    /// A text in the languages that it was written in. Of Markdown it may have bold, code and links.
    package struct Text: Equatable, Sendable {
        fileprivate var texts: [Language: String]

        package func callAsFunction(_ language: Language) -> String { texts[language] ?? texts[.english] ?? "" }
    }

    /// A sign-in that is there when the lab begins.
    package struct SignIn: Equatable, Sendable {
        /// What the questions call it.
        package let id: String
        /// What stands before the `@`.
        package let user: String
        /// One of the lab's names (`native`, `web`, `spa`), a name or a client id.
        package let app: String
        package let method: SignInMethod
        /// Whether the app says that it understands claims challenges (`cp1`).
        package let declaresCP1: Bool
    }

    /// Something that happens to a user, so long after the first thing that happens.
    package struct Happening: Equatable, Sendable {
        package enum Kind: Equatable, Sendable {
            case revocation(Revocation.Cause)
            case account(State)
        }

        package let at: Duration
        package let user: String
        package let kind: Kind
    }

    package struct Question: Equatable, Sendable {
        package let id: String
        package let ask: Text
        package let endpoint: TrialEndpoint
        /// The id of the sign-in that is presented.
        package let signIn: String
        /// Nil: the first of the model.
        package let region: Region?
        /// How long after the first thing that happens the endpoint is asked, and what it answers is to be predicted; nil: from when on it
        /// refuses is.
        package let at: Duration?
    }

    /// Something to play once more with, and to compare.
    package struct Change: Equatable, Sendable {
        package let text: Text
        fileprivate let propagation: PropagationModel?
        fileprivate let policies: Policies?
        fileprivate let happenings: [Happening]?
    }

    package let name: String
    package let title: Text
    package let situation: Text
    package private(set) var propagation: PropagationModel
    package private(set) var policies: Policies
    /// How long the sign-ins are there before the first thing happens.
    package let lead: Duration
    package let signIns: [SignIn]
    package private(set) var happenings: [Happening]
    package let questions: [Question]
    package let explanation: Text
    package let change: Change?
    /// As it was given, to be kept.
    package let definition: JSON

    /// The same lab with its change.
    package var changed: LabScript {
        var script = self
        script.propagation = change?.propagation ?? propagation
        script.policies = change?.policies ?? policies
        script.happenings = change?.happenings ?? happenings
        return script
    }

    /// What is played, one thing after the other: what happens and what is asked, by their instants; then, when all has happened, from when
    /// on an endpoint refuses.
    package enum Step: Equatable, Sendable {
        case happens(Happening)
        case asks(Question)
    }

    package var steps: [Step] {
        let happens = happenings.map { (at: $0.at, order: 0, step: Step.happens($0)) }
        let asks = questions.compactMap { question in question.at.map { (at: $0, order: 1, step: Step.asks(question)) } }
        let timed = (happens + asks).enumerated().sorted {
            ($0.element.at, $0.element.order, $0.offset) < ($1.element.at, $1.element.order, $1.offset)
        }
        return timed.map(\.element.step) + questions.filter { $0.at == nil }.map(Step.asks)
    }
}

// MARK: Reading

extension LabScript {
    /// More than a lesson has room for.
    fileprivate static let most = (questions: 32, others: 16)

    /// Reads a lab as its file says it: docs/labs.md has the format.
    ///
    /// - Throws: `FieldError` for the first field that does not do.
    package init(_ value: JSON) throws(FieldError) {
        definition = value
        var reader = try ObjectReader(value)
        name = try reader.word("name")
        title = try reader.text("title")
        situation = try reader.text("situation")
        let propagation = try reader.value("propagation").map { json throws(FieldError) in
            try PropagationModel(json, path: "propagation")
        }
        self.propagation = propagation ?? PropagationModel()
        policies = try reader.policies(path: "policies") ?? Policies()
        lead = try reader.time("lead") ?? .zero
        signIns = try reader.list("signIns", atMost: Self.most.others) { item throws(FieldError) in try SignIn(&item) }
        happenings = try reader.list("happens", atMost: Self.most.others) { item throws(FieldError) in try Happening(&item) }
        questions = try reader.list("questions", atMost: Self.most.questions) { item throws(FieldError) in try Question(&item) }
        explanation = try reader.text("explanation")
        change = try reader.object("change").map { inner throws(FieldError) in
            var inner = inner
            return try Change(&inner)
        }
        try reader.finish()
        try check()
    }

    private func check() throws(FieldError) {
        for (field, ids) in [("signIns", signIns.map(\.id)), ("questions", questions.map(\.id))] {
            for (index, id) in ids.enumerated() where ids.prefix(index).contains(id) {
                throw FieldError("\(field)[\(index)].id", "is there twice")
            }
        }
        for (index, question) in questions.enumerated() {
            guard signIns.contains(where: { $0.id == question.signIn }) else {
                throw FieldError("questions[\(index)].signIn", "names none of signIns")
            }
            for script in [self, changed] {
                guard let region = question.region, !script.propagation.regions.contains(region) else { continue }
                throw FieldError("questions[\(index)].region", "is not a region of propagation")
            }
        }
        for (field, happenings) in [("happens", happenings), ("change.happens", change?.happenings ?? [])] {
            guard let first = happenings.map(\.at).min() else { continue }
            guard first == .zero else { throw FieldError("\(field)[0].at", "must be PT0S: instants are counted from there") }
        }
    }
}

extension LabScript.SignIn {
    fileprivate init(_ reader: inout ObjectReader) throws(FieldError) {
        id = try reader.word("id")
        user = try reader.required("user")
        app = try reader.required("app")
        method = try reader.choice("method", of: SignInMethod.self) ?? .password
        declaresCP1 = try reader.bool("cp1") ?? false
    }
}

extension LabScript.Happening {
    /// What an account is set to.
    package enum State: String, CaseIterable, Sendable { case disabled, enabled }

    fileprivate init(_ reader: inout ObjectReader) throws(FieldError) {
        at = try reader.time("at") ?? .zero
        user = try reader.required("user")
        let cause = try reader.choice("cause", of: Revocation.Cause.self)
        let state = try reader.choice("account", of: State.self)
        switch (cause, state) {
        case (let cause?, nil): kind = .revocation(cause)
        case (nil, let state?): kind = .account(state)
        default: throw FieldError(reader.path, "must have one of cause, account")
        }
    }
}

extension LabScript.Question {
    fileprivate init(_ reader: inout ObjectReader) throws(FieldError) {
        id = try reader.word("id")
        ask = try reader.text("ask")
        guard let endpoint = try reader.choice("endpoint", of: TrialEndpoint.self) else {
            throw FieldError(reader.field("endpoint"), "is required")
        }
        self.endpoint = endpoint
        signIn = try reader.required("signIn")
        let name = try reader.string("region")
        region = name.flatMap { Region($0) }
        guard name == nil || region != nil else { throw FieldError(reader.field("region"), "is not the name of a region") }
        at = try reader.time("at")
    }
}

extension LabScript.Change {
    fileprivate init(_ reader: inout ObjectReader) throws(FieldError) {
        text = try reader.text("text")
        let path = reader.field("propagation")
        propagation = try reader.value("propagation").map { json throws(FieldError) in try PropagationModel(json, path: path) }
        policies = try reader.policies(path: reader.field("policies"))
        happenings = try reader.listIfAny("happens", atMost: LabScript.most.others) { item throws(FieldError) in
            try LabScript.Happening(&item)
        }
        try reader.finish()
    }
}

extension ObjectReader {
    /// A name that may stand in an address and in a column of a table.
    fileprivate mutating func word(_ name: String) throws(FieldError) -> String {
        let word = try required(name)
        let isOne = word.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || $0 == UInt8(ascii: "-")
        }
        guard isOne, word.utf8.count <= 64 else {
            throw FieldError(field(name), "must be of small letters, digits and hyphens, at most 64")
        }
        return word
    }

    /// In one language, which then stands for all, or by language with at least English.
    fileprivate mutating func text(_ name: String) throws(FieldError) -> LabScript.Text {
        guard isObject(name), var languages = try object(name) else {
            return LabScript.Text(texts: [.english: try oneLanguage(name, isRequired: true) ?? ""])
        }
        var texts: [LabScript.Language: String] = [:]
        for language in LabScript.Language.allCases {
            texts[language] = try languages.oneLanguage(language.rawValue, isRequired: language == .english)
        }
        try languages.finish()
        return LabScript.Text(texts: texts)
    }

    private mutating func oneLanguage(_ name: String, isRequired: Bool) throws(FieldError) -> String? {
        let text = try string(name, longest: 4_000)
        guard text?.unicodeScalars.count ?? 0 <= 1_000 else {
            throw FieldError(field(name), "must be at most 1000 characters long")
        }
        guard !isRequired || text?.isEmpty == false else { throw FieldError(field(name), "is required") }
        return text
    }

    fileprivate mutating func time(_ name: String) throws(FieldError) -> Duration? {
        guard let time = try duration(name) else { return nil }
        guard time <= .seconds(365 * 86_400) else { throw FieldError(field(name), "must be at most 365 days") }
        return time
    }

    fileprivate mutating func policies(path: String) throws(FieldError) -> Policies? {
        guard let json = value("policies") else { return nil }
        return try Policies(json, path: path)
    }

    /// A list of objects that is not empty.
    fileprivate mutating func list<Item>(
        _ name: String, atMost most: Int, _ read: (inout ObjectReader) throws(FieldError) -> Item
    ) throws(FieldError) -> [Item] {
        guard let items = try listIfAny(name, atMost: most, read) else { throw FieldError(field(name), "is required") }
        return items
    }

    /// The same; nil when it is missing or null.
    fileprivate mutating func listIfAny<Item>(
        _ name: String, atMost most: Int, _ read: (inout ObjectReader) throws(FieldError) -> Item
    ) throws(FieldError) -> [Item]? {
        guard let elements = try array(name) else { return nil }
        guard !elements.isEmpty, elements.count <= most else { throw FieldError(field(name), "must have 1 to \(most) items") }
        var items: [Item] = []
        for (index, element) in elements.enumerated() {
            var inner = try ObjectReader(element, path: "\(field(name))[\(index)]")
            items.append(try read(&inner))
            try inner.finish()
        }
        return items
    }
}
