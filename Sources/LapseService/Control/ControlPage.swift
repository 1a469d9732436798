import LapseRules

/// A part of a list of the control API.
package struct ControlPage<Item> {
    package let items: [Item]
    /// Where the next part begins; nil at the end.
    package let next: String?

    /// A list that comes whole.
    init(whole items: [Item]) { (self.items, next) = (items, nil) }

    /// - Parameters:
    ///   - found: up to one more than ``size``: whether there is more.
    ///   - cursor: what names the last one.
    ///   - item: nil for what is not shown.
    init<Row>(of found: [Row], cursor: (Row) -> String, item: (Row) throws -> Item?) rethrows {
        let page = found.prefix(Self.size)
        items = try page.compactMap(item)
        next = found.count > page.count ? page.last.map(cursor) : nil
    }

    /// How many items a page has at most.
    package static var size: Int { 100 }

    static var unknownCursor: ControlError { .invalid(FieldError("after", "must be a cursor of this list")) }
}

extension ControlPage {
    package init(of found: [Item], cursor: (Item) -> String) { self.init(of: found, cursor: cursor, item: { $0 }) }
}

extension ControlPage: Sendable where Item: Sendable {}
