import Hummingbird
import LapseRules
import LapseService

/// What only the server knows of itself: where it listens, where its data are, what its certificate is for.
package struct ServerStatus: Sendable {
    /// Nil for what is off.
    let https: String?
    let http: String?
    let dataFolder: String
    /// The size of the data.
    let bytes: Int64
    let certificate: ServedCertificate

    /// Without arguments: that of a Lapse in memory, which listens nowhere.
    package init(
        https: String? = nil, http: String? = nil, dataFolder: String = "", bytes: Int64 = 0,
        certificate: ServedCertificate = .init(names: [], endsAt: .epoch)
    ) {
        self.https = https
        self.http = http
        self.dataFolder = dataFolder
        self.bytes = bytes
        self.certificate = certificate
    }
}

extension Site {
    func tellStatus(_ request: Request, _ context: LapseContext) async -> Response {
        let status = await status()
        return ControlResponder.answer([
            "version": .string(version),
            "addresses": ["https": JSON(status.https), "http": JSON(status.http)],
            "dataFolder": ["path": .string(status.dataFolder), "bytes": .integer(status.bytes)],
            "certificate": [
                "names": .array(status.certificate.names.map { .string($0) }),
                "endsAt": .string(status.certificate.endsAt.description),
            ],
        ])
    }
}
