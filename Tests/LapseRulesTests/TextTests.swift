import LapseRules
import Testing

@Suite("Forms, JSON, identifiers")
struct TextTests {
    @Test("A form is decoded strictly")
    func form() throws {
        let form = try FormParameters(Array("a=1&b=x+y%2Bz&c=&%C3%A9=%E2%82%AC&d".utf8))
        #expect(form["a"] == "1")
        #expect(form["b"] == "x y+z")
        #expect(form["c"] == nil)
        #expect(form["é"] == "€")
        #expect(form["d"] == nil)
    }

    @Test("A form that is broken is refused", arguments: ["a=%zz", "a=%e", "a=%", "%=1", "a=%ff", "a=%00", "a=%C3"])
    func broken(text: String) { #expect(throws: EntraError.unreadable) { try FormParameters(Array(text.utf8)) } }

    @Test("A parameter that comes twice is named")
    func doubled() {
        #expect(throws: AADSTS.duplicateParameter.error(["parameter": "scope"])) {
            try FormParameters(Array("scope=a&x=1&scope=b".utf8))
        }
    }

    @Test("What is encoded comes back")
    func roundTrip() throws {
        let text = "s t&te=%+/?#é€\u{1F600}"
        #expect(try FormParameters(Array("x=\(FormParameters.encode(text))".utf8))["x"] == text)
    }

    @Test("JSON text is escaped and keeps its order")
    func json() {
        let value: JSON = ["b": "a\"\\\n\t\u{1}é", "a": [1, true, .null], "c": [:]]
        #expect(value.encodedText == #"{"b":"a\"\\\n\t\u0001é","a":[1,true,null],"c":{}}"#)
        #expect(JSON(parsing: value.encoded)?["b"] == value["b"])
        #expect(JSON(parsing: Array("{".utf8)) == nil)
    }

    @Test("A GUID is read in any case and printed in lower case")
    func guid() throws {
        let guid = try #require(GUID("AAAAAAAA-0001-4000-8000-00000000000F"))
        #expect(guid.description == "aaaaaaaa-0001-4000-8000-00000000000f")
        #expect(GUID(bytes: guid.bytes[...]) == guid)
        for wrong in [
            "", "aaaaaaaa", "aaaaaaaa-0001-4000-8000-00000000000g", "aaaaaaaa-0001-4000-8000-0000000000011",
            "{aaaaaaaa-0001-4000-8000-00000000000}",
        ] {
            #expect(GUID(wrong) == nil)
        }
        let random = RandomSource.seeded(7).guid().description
        #expect(random.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
    }

    @Test("Base64url goes both ways for every length")
    func base64() {
        let random = RandomSource.seeded(3)
        for length in 0...64 {
            let bytes = random.bytes(length)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
        for wrong in ["A", "AA=", "A+", "AB", "é"] { #expect(Base64URL.decode(wrong) == nil, "\(wrong)") }
    }

    @Test("The same seed gives the same chance")
    func seeded() {
        #expect(RandomSource.seeded(1).bytes(40) == RandomSource.seeded(1).bytes(40))
        #expect(RandomSource.seeded(1).bytes(40) != RandomSource.seeded(2).bytes(40))
    }

    @Test(
        "Tenant names",
        arguments: [
            ("Common", "common"), ("CONTOSO.example", "contoso.example"),
            ("11111111-AAAA-4aaa-8aaa-111111111111", "11111111-aaaa-4aaa-8aaa-111111111111"),
            ("9188040d-6c67-4c5b-b112-36a304b66dad", "consumers"),
        ])
    func tenants(text: String, name: String) { #expect(TenantName(text)?.text == name) }

    @Test("What names no tenant", arguments: ["", "contoso", "a b.example", "-a.example", "a..example", "../x", "%00.example"])
    func noTenants(text: String) { #expect(TenantName(text) == nil) }

    @Test(
        "The domain of a user name",
        arguments: [
            ("adele@contoso.example", "contoso.example"), ("Adele@Contoso.EXAMPLE", "contoso.example"),
            ("a@b@fabrikam.example", "fabrikam.example"), ("adele", nil), ("adele@", nil), ("", nil),
        ] as [(String, String?)])
    func domains(userName: String, domain: String?) { #expect(UserName.domain(of: userName) == domain) }
}
