import ArgumentParser
import Foundation
import LapseInstance
import LapseRules
import LapseService

/// `lapse measure-signer`: how many tokens this machine signs; for `scripts/bench`.
struct MeasureSigner: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure-signer", abstract: "Measures RS256 signatures per second.", shouldDisplay: false)

    @Option(help: "How long to sign, in seconds.")
    var seconds = 3
    @Option(help: "How many threads sign at once.")
    var threads = 1

    func run() async throws {
        let identity = try LocalCertificateAuthority.makeSigningIdentity(now: Machine.now())
        let signer = try TokenSigner(SigningKey(identity))
        let payload = (["sub": "adele", "aud": "lapse", "iat": 1_795_250_179, "exp": 1_795_254_328] as JSON).encoded
        let end = Machine.now() + .seconds(seconds)
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<threads {
                group.addTask {
                    var count = 0
                    while Machine.now() < end {
                        _ = try signer.sign(payload)
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        StandardStream.output.say((["signatures_per_second": .integer(Int64(counts / max(1, seconds)))] as JSON).encodedText)
    }
}
