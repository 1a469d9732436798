import ArgumentParser
import Foundation
import LapseInstance
import LapseRules
import LapseService

/// A seed file that a command was told.
struct SeedFile {
    let path: String
    /// For the control API, which takes what a file says.
    let content: JSON
    let seeds: [TenantSeed]

    /// - Parameter option: what named it; nil: an argument.
    /// - Throws: ``UsageError`` for a file that says no seed: nothing was done so far.
    init(_ path: String, option: String? = nil) throws {
        self.path = path
        let place = option.map { "\($0): " } ?? ""
        do {
            content = try LabFile(path).content
        } catch {
            throw UsageError("\(place)\(error)")
        }
        do throws(FieldError) {
            seeds = try TenantSeed.read(content)
        } catch {
            throw UsageError("\(place)\(path): \(error)")
        }
    }
}

extension ServerOptions {
    /// The tenant that the command or the environment names; nil: neither does.
    var namedTenant: String? { tenant ?? ProcessInfo.processInfo.environment["LAPSE_TENANT"] }
}

/// Lines of an answer that lists tenants.
func tenantLines(_ answer: JSON) -> [[String]] {
    (answer["items"]?.elements ?? []).map { tenant in
        [
            tenant.shown("id"), tenant.shown("name"),
            tenant["domains"]?.elements.compactMap(\.text).joined(separator: " ") ?? "",
        ]
    }
}

/// A seed that a Lapse was started with, and that the data folder is not made of.
enum UnappliedSeed {
    /// What a person has to know; nil: the file was applied, or none was named.
    static func warning(_ settings: Settings, _ seeding: Authority.Seeding) -> String? {
        guard let path = settings.seed, case .notApplied(let there) = seeding else { return nil }
        let names = there.filter { !$0.isSandbox }.map(\.name)
        let shown =
            names.count > 3
            ? "\(names.prefix(3).joined(separator: ", ")) and \(names.count - 3) more" : names.joined(separator: ", ")
        return """
            --seed: \(path) was NOT applied: \(settings.dataDirectory) has its tenants already\(shown.isEmpty ? "" : " (\(shown))").
              To have those of the file: `lapse reset --seed \(shellWord(path))` while this runs, which removes the others;
              or start with --ephemeral, or with another --data-dir.
            """
    }
}
