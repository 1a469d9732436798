import Foundation
import LapseRules

/// A file of the lab: a seed, faults, expectations or a scenario, in YAML or JSON.
package struct LabFile: Sendable {
    package let path: String
    package let content: JSON

    package init(_ path: String) throws {
        self.path = path
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { throw StartError("cannot read \(path)") }
        do {
            content = try YAML.read(text)
        } catch {
            throw StartError("\(path) is not valid YAML or JSON: \(StartError.oneLine(error))")
        }
    }

    /// The objects of a file that is a list, or has one under that name; the file's own name is theirs, where they have none.
    package func list(_ member: String) throws -> [JSON] {
        guard case .array(let items) = content[member] ?? content else {
            throw StartError("\(path) must be a list, or have one called \(member)")
        }
        guard let name = content["name"]?.text else { return items }
        return items.map { $0["name"] == nil ? $0.adding(["name": .string(name)]) : $0 }
    }
}
