import Crypto
import Foundation

/// A GUID, printed in lower case as Entra prints it.
package struct GUID: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// Reads the 36-character form in any case; nil for anything else.
    package init?(_ text: String) {
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        var position = 0
        for byte in text.utf8 {
            defer { position += 1 }
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == 45 else { return nil }
                continue
            }
            guard position < 36, let value = Hex.value(of: byte) else { return nil }
            if digits < 16 { words.0 = words.0 << 4 | UInt64(value) } else { words.1 = words.1 << 4 | UInt64(value) }
            digits += 1
        }
        guard position == 36, digits == 32 else { return nil }
        (high, low) = words
    }

    /// A version 4 GUID (RFC 9562) of 16 random bytes.
    package init(randomBytes bytes: [UInt8]) {
        self.init(bytes: bytes[...])
        self = GUID(high: high & ~0xF000 | 0x4000, low: low & ~(0xC0 << 56) | 0x80 << 56)
    }

    /// The same GUID for the same text: ids of things that have no row of their own.
    static func derived(from text: String) -> GUID { GUID(randomBytes: Array(SHA256.bytes(of: text).prefix(16))) }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The GUID with these 16 bytes, most significant first.
    package init(bytes: ArraySlice<UInt8>) {
        precondition(bytes.count == 16, "a GUID has 16 bytes")
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    package var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { buffer, written in
            for index in 0..<8 {
                let shift = UInt64(56 - 8 * index)
                buffer[index] = UInt8(truncatingIfNeeded: high >> shift)
                buffer[index + 8] = UInt8(truncatingIfNeeded: low >> shift)
            }
            written = 16
        }
    }

    package var description: String {
        String(unsafeUninitializedCapacity: 36) { text in
            var index = 0
            func write(_ word: UInt64, bytes: Range<Int>) {
                for byte in bytes {
                    let value = Int(truncatingIfNeeded: word >> UInt64(56 - 8 * byte)) & 0xFF
                    text[index] = Hex.digit(value >> 4)
                    text[index + 1] = Hex.digit(value & 0xF)
                    index += 2
                }
            }
            func writeDash() {
                text[index] = UInt8(ascii: "-")
                index += 1
            }
            write(high, bytes: 0..<4)
            writeDash()
            write(high, bytes: 4..<6)
            writeDash()
            write(high, bytes: 6..<8)
            writeDash()
            write(low, bytes: 0..<2)
            writeDash()
            write(low, bytes: 2..<8)
            return index
        }
    }
}

extension SHA256 {
    /// The digest of the texts, one behind the other.
    static func bytes(of texts: String...) -> [UInt8] {
        var hash = SHA256()
        for var text in texts { text.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) } }
        return hash.finalize().withUnsafeBytes(Array.init)
    }
}

/// A client's `client_id`: any text, compared without case. At Entra a GUID; open registration takes other spellings too.
package struct ClientID: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let description: String

    package init(_ text: String) { description = text.lowercased() }
    package init(stringLiteral value: String) { self.init(value) }
}

/// The SHA-256 of a secret: all that Lapse keeps of a refresh token, code, cookie, client secret or password.
package struct SecretHash: Hashable, Sendable {
    package let bytes: [UInt8]

    /// The hash of a secret with enough entropy of its own: tokens, codes, cookies.
    package init(of secret: String) { bytes = SHA256.bytes(of: secret) }

    /// The hash of a secret that a person chose, salted with whose it is.
    package init(of secret: String, salt: String) { bytes = SHA256.bytes(of: salt, "\u{0}", secret) }

    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Reads what ``hexadecimal`` wrote.
    package init?(hexadecimal text: String) {
        guard let bytes = Hex.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    package var hexadecimal: String { Hex.encode(bytes) }

    /// Compares in constant time.
    package static func == (lhs: SecretHash, rhs: SecretHash) -> Bool {
        var difference: UInt8 = 0
        for index in 0..<32 { difference |= lhs.bytes[index] ^ rhs.bytes[index] }
        return difference == 0
    }

    /// The first 16 hexadecimal digits: a name for a token that says nothing about the token.
    package var fingerprint: String { Hex.encode(bytes.prefix(8)) }
}

package enum Hex {
    /// The digit of a value below sixteen.
    static func digit(_ value: Int) -> UInt8 { UInt8(truncatingIfNeeded: value < 10 ? 48 + value : 87 + value) }

    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { text in
            var index = 0
            for byte in bytes {
                text[index] = digit(Int(byte >> 4))
                text[index + 1] = digit(Int(byte & 0xF))
                index += 2
            }
            return index
        }
    }

    /// The bytes that pairs of digits name; nil for anything else.
    package static func decode(_ text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap(value(of:))
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}

/// Base64url without padding (RFC 4648 section 5), as JOSE and PKCE use it.
package enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    package static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: (bytes.count * 4 + 2) / 3) { write(bytes, to: $0) }
    }

    /// The encoding as ASCII bytes, for those who go on building bytes.
    package static func encodedBytes(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: (bytes.count * 4 + 2) / 3) { output, written in written = write(bytes, to: output) }
    }

    /// The two letters of each twelve bits, as they stand in memory: tokens are long, and two at a time take half the time.
    private static let pairs: [UInt16] = (0..<4096).map {
        (UInt16(alphabet[$0 & 0x3F]) << 8 | UInt16(alphabet[$0 >> 6])).littleEndian
    }

    /// - Returns: how many bytes it wrote.
    private static func write(_ bytes: [UInt8], to output: UnsafeMutableBufferPointer<UInt8>) -> Int {
        pairs.withUnsafeBufferPointer { pairs in
            bytes.withUnsafeBufferPointer { bytes in
                var index = 0
                var written = 0
                let memory = UnsafeMutableRawBufferPointer(output)
                while index + 2 < bytes.count {
                    let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
                    memory.storeBytes(of: pairs[Int(group >> 12)], toByteOffset: written, as: UInt16.self)
                    memory.storeBytes(of: pairs[Int(group & 0xFFF)], toByteOffset: written + 2, as: UInt16.self)
                    index += 3
                    written += 4
                }
                guard index < bytes.count else { return written }
                let isPair = index + 1 < bytes.count
                let group = UInt32(bytes[index]) << 16 | (isPair ? UInt32(bytes[index + 1]) << 8 : 0)
                output[written] = alphabet[Int(group >> 18 & 0x3F)]
                output[written + 1] = alphabet[Int(group >> 12 & 0x3F)]
                if isPair { output[written + 2] = alphabet[Int(group >> 6 & 0x3F)] }
                return written + (isPair ? 3 : 2)
            }
        }
    }

    /// The bytes, or nil when the text holds anything but the alphabet or ends in the middle of a byte.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 3 / 4)
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for character in text.utf8 {
            let value: UInt32
            switch character {
            case 65...90: value = UInt32(character) - 65
            case 97...122: value = UInt32(character) - 71
            case 48...57: value = UInt32(character) + 4
            case 45: value = 62
            case 95: value = 63
            default: return nil
            }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return count < 6 && bits & ((1 << count) - 1) == 0 ? bytes : nil
    }
}
