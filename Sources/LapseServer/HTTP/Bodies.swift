import HTTPTypes
import Hummingbird
import LapseRules
import LapseService
import NIOCore

/// The bounds of what a request may carry.
enum Bounds {
    static let body = 128 * 1024
    /// A whole directory.
    static let seed = 8 * 1024 * 1024
    static let header = 32 * 1024
    static let headers = 100
}

extension Request {
    /// The whole body, up to so many bytes.
    func bytes(upTo bound: Int = Bounds.body) async throws -> [UInt8] {
        let bytes = Array(buffer: try await body.collect(upTo: bound))
        RequestNote.current?.body = bytes
        return bytes
    }

    /// The parameters of a form body.
    ///
    /// - Throws: `EntraError`. A body of another type has no parameters: what is missing is then named, as at Entra.
    func form() async throws -> FormParameters {
        guard hasContent("application/x-www-form-urlencoded") else { return .empty }
        do {
            return try FormParameters(try await bytes())
        } catch is NIOTooManyBytesError {
            throw EntraError.tooLarge
        }
    }

    /// Whether the request calls its body this, whatever parameters it adds.
    ///
    /// - Parameter type: in lower case.
    func hasContent(_ type: String) -> Bool {
        guard var said = headers[.contentType] else { return false }
        // As nearly all clients write it.
        if said == type { return true }
        return said.withUTF8 { bytes in
            var rest = bytes[...]
            for letter in type.utf8 {
                guard let byte = rest.popFirst(), ((65...90).contains(byte) ? byte | 0x20 : byte) == letter else { return false }
            }
            let next = rest.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
            return next == nil || next == UInt8(ascii: ";")
        }
    }

    func query() throws(EntraError) -> FormParameters { try FormParameters(Array((uri.query ?? "").utf8)) }

    /// The tenant of the path.
    ///
    /// - Throws: `EntraError` when the text can name none.
    static func tenant(_ context: LapseContext) throws -> TenantName {
        let text = try context.parameter("tenant")
        guard let name = TenantName(text) else { throw AADSTS.tenantMalformed.error(["tenant": text]) }
        return name
    }
}

extension String {
    /// Whether it has capital letters of ASCII: those without are in lower case already, as nearly all paths are.
    var hasCapitals: Bool { utf8.contains { (65...90).contains($0) } }
}

/// Takes a body that would go over the wire.
final class CollectedBody: ResponseBodyWriter {
    private(set) var bytes: [UInt8] = []

    func write(_ buffer: ByteBuffer) async throws { bytes += Array(buffer: buffer) }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
