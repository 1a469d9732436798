import Foundation
import Testing

@testable import LapseRules

private let text = "aaaaaaaa-0001-4000-8000-00000000000f"

@Suite("Identifiers")
struct IdentifiersTests {
    @Test(
        "What is no GUID",
        arguments: [
            "", text + "0", String(text.dropLast()), "aaaaaaaa_0001-4000-8000-00000000000f", "aaaaaaaa-0001-4000-80000-0000000000f",
            "aaaaaaa--0001-4000-8000-00000000000f", "gaaaaaaa-0001-4000-8000-00000000000f", "{\(text)}",
            "aaaaaaaa000140008000000000000",
            "aaaaaaaa-0001-4000-8000-0000000000é",
        ])
    func noGUID(text: String) { #expect(GUID(text) == nil) }

    @Test("Random bytes make a GUID of version 4, whatever they are", arguments: [UInt8(0), 0xFF, 0x5A])
    func version(byte: UInt8) {
        let guid = GUID(randomBytes: [UInt8](repeating: byte, count: 16))
        #expect(guid.bytes[6] == byte & 0x0F | 0x40)
        #expect(guid.bytes[8] == byte & 0x3F | 0x80)
        for place in [0, 5, 7, 9, 15] { #expect(guid.bytes[place] == byte) }
    }

    @Test("A derived GUID is the same for the same text alone")
    func derived() {
        #expect(GUID.derived(from: "a") == .derived(from: "a"))
        #expect(GUID.derived(from: "a") != .derived(from: "b"))
        #expect(GUID.servicePrincipal(of: "app", in: BuiltInLab.contoso) != .servicePrincipal(of: "app", in: BuiltInLab.fabrikam))
        #expect(GUID.servicePrincipal(of: "APP", in: BuiltInLab.contoso) == .servicePrincipal(of: "app", in: BuiltInLab.contoso))
    }

    @Test("Client ids are compared without case")
    func clients() {
        #expect(ClientID("Lapse-ÄPP") == "lapse-äpp")
        #expect(ClientID("a") != "b")
    }

    @Test("Salted hashes of one secret differ by salt, and a salt cannot be shifted into the secret")
    func salts() {
        #expect(SecretHash(of: "secret", salt: "a") == SecretHash(of: "secret", salt: "a"))
        #expect(SecretHash(of: "secret", salt: "a") != SecretHash(of: "secret", salt: "b"))
        #expect(SecretHash(of: "bc", salt: "a") != SecretHash(of: "c", salt: "ab"))
        #expect(SecretHash(of: "secret") != SecretHash(of: "secret", salt: ""))
    }

    @Test("Hashes differ in one bit or not at all", arguments: [0, 15, 31])
    func hashes(place: Int) throws {
        let hash = SecretHash(of: "x")
        var bytes = hash.bytes
        bytes[place] ^= 1
        #expect(try #require(SecretHash(bytes: bytes)) != hash)
        #expect(try #require(SecretHash(bytes: hash.bytes)) == hash)
    }

    @Test("A hash is read from its 64 digits in any case, and from nothing else")
    func hexadecimal() throws {
        let hash = SecretHash(of: "x")
        #expect(hash.hexadecimal == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")
        #expect(SecretHash(hexadecimal: hash.hexadecimal) == hash)
        #expect(SecretHash(hexadecimal: hash.hexadecimal.uppercased()) == hash)
        #expect(hash.fingerprint == "2d711642b726b044")
        for wrong in [
            "", String(hash.hexadecimal.dropLast()), hash.hexadecimal + "0", hash.hexadecimal + "x",
            String(hash.hexadecimal.dropLast()) + "g",
        ] {
            #expect(SecretHash(hexadecimal: wrong) == nil)
        }
        for count in [0, 31, 33] { #expect(SecretHash(bytes: [UInt8](repeating: 0, count: count)) == nil) }
    }

    @Test(
        "Base64url as RFC 4648 has it, without padding",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
        ])
    func base64(text: String, encoded: String) {
        #expect(Base64URL.encode(Array(text.utf8)) == encoded)
        #expect(Base64URL.encodedBytes(Array(text.utf8)) == Array(encoded.utf8))
        #expect(Base64URL.decode(encoded) == Array(text.utf8))
    }

    @Test("The alphabet is that of URLs")
    func alphabet() {
        #expect(Base64URL.encode([0xFB, 0xEF, 0xFF]) == "--__")
        #expect(Base64URL.decode("--__") == [0xFB, 0xEF, 0xFF])
        for text in ["+", "/", "=", " ", "é", "@", "[", "`", "{"] {
            #expect(Base64URL.decode("AAA" + text) == nil, "\(text)")
        }
    }

    @Test("A region has a short plain name, and is called by no word of a model")
    func regions() {
        for name in ["a", "east-us-2", String(repeating: "x", count: 32)] { #expect(Region(name)?.description == name) }
        for name in [
            "", String(repeating: "x", count: 33), "East", "east us", "é", "fixed", "uniform", "lognormal", "afterattempts",
            "manual",
            "immediate",
        ] {
            #expect(Region(name) == nil, "\(name)")
        }
    }

    @Test("A refresh token's text names its grant and its instant")
    func refreshTokens() throws {
        let (grant, at) = (GUID(text)!, Timestamp("2026-03-01T12:00:00.25Z")!)
        let token = RefreshToken.newText(for: grant, at: at, .seeded(1))
        let origin = try #require(RefreshToken.origin(of: token))
        #expect((origin.grant, origin.issuedAt) == (grant, at))
        #expect(token.hasPrefix("1.A"))
        #expect(RefreshToken.newText(for: grant, at: at, .seeded(2)) != token)
        for wrong in [
            "", "1.A", String(token.dropLast(4)), token + "AAAA", "0" + token.dropFirst(), token.dropLast() + "é",
            RefreshToken.newText(for: grant, at: Timestamp(ticks: -1), .seeded(1)),
        ] {
            #expect(RefreshToken.origin(of: String(wrong)) == nil, "\(wrong)")
        }
    }

    @Test("An authorization code has its length and alphabet, and names its grant")
    func codes() {
        let grant = RandomSource.seeded(2).guid()
        let code = AuthorizationCode.newText(for: grant, .seeded(1))
        #expect(AuthorizationCode.grant(of: code) == grant)
        #expect(AuthorizationCode.newText(for: grant, .seeded(3)) != code)
        for wrong in [
            "", "1.A", String(code.dropLast()), code + "A", "2.A" + code.dropFirst(3), code.dropLast() + "=", code.dropLast() + "+",
        ] {
            #expect(!AuthorizationCode.isWellFormed(String(wrong)), "\(wrong)")
        }
    }

    @Test("A device code names its end to whom it was issued, and to nobody else")
    func deviceCodes() {
        let (tenant, end) = (RandomSource.seeded(2).guid(), Timestamp("2026-03-01T12:00:00Z")!)
        for tenant in [tenant, nil] {
            let code = DeviceCode.newText(for: "app", in: tenant, expiresAt: end, .seeded(1))
            #expect(DeviceCode.end(of: code, client: "app", in: tenant) == end)
            #expect(DeviceCode.end(of: code, client: "other", in: tenant) == nil)
            #expect(DeviceCode.end(of: code, client: "app", in: RandomSource.seeded(3).guid()) == nil)
            #expect(DeviceCode.end(of: String(code.dropLast(4)), client: "app", in: tenant) == nil)
        }
        #expect(DeviceCode.end(of: "", client: "app", in: nil) == nil)
    }

    @Test("A user code has nine characters that cannot be mistaken for each other, and is read as people type")
    func userCodes() {
        let code = DeviceCode.newUserCode(.seeded(1))
        #expect(code.wholeMatch(of: /[A-HJ-NP-Z2-9]{9}/) != nil)
        #expect(DeviceCode.normalized(userCode: " abc-def 234 ") == "ABCDEF234")
    }
}
