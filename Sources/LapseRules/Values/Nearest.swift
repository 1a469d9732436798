extension Sequence<String> {
    /// The name that somebody may have meant who typed this: the one that the fewest edits lead to; nil when none is near.
    package func nearest(to typed: String) -> String? {
        let typed = typed.lowercased().replacing("_", with: "-")
        // A third of what was typed may be wrong.
        let most = Swift.max(1, typed.count / 3)
        let near = map { (name: $0, edits: typed.edits(to: $0.lowercased())) }.filter { $0.edits <= most }
        return near.min { $0.edits < $1.edits }?.name
    }
}

extension String {
    /// How many characters have to be added, removed, replaced, or exchanged with the next to make the other text of this one.
    package func edits(to other: String) -> Int {
        let (first, second) = (Array(self), Array(other))
        var rows = [Array(0...second.count)]
        for (index, character) in first.enumerated() {
            var row = [index + 1]
            for (column, wanted) in second.enumerated() {
                var edits = Swift.min(
                    row[column] + 1, rows[index][column + 1] + 1, rows[index][column] + (character == wanted ? 0 : 1))
                if index > 0, column > 0, character == second[column - 1], first[index - 1] == wanted {
                    edits = Swift.min(edits, rows[index - 1][column - 1] + 1)
                }
                row.append(edits)
            }
            rows.append(row)
        }
        return rows[first.count][second.count]
    }
}
