import LapseRules
import LapseService

extension ControlPage {
    /// As the control API shows a list.
    func json(_ item: (Item) throws -> JSON) rethrows -> JSON {
        ["items": .array(try items.map(item)), "next": JSON(next)]
    }
}
