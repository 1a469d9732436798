import Testing

@testable import LapseRules

@Suite("The names of the authorities")
struct AuthorityNamesTests {
    @Test("Instance discovery lists the authority of every cloud once, by names that are among its aliases")
    func authorities() {
        for cloud in Cloud.allCases {
            #expect(Cloud.authorities.filter { $0.aliases.contains(cloud.authorityHost) }.count == 1, "\(cloud)")
        }
        for authority in Cloud.authorities {
            #expect(authority.aliases.contains(authority.network) && authority.aliases.contains(authority.cache))
        }
        let aliases = Cloud.authorities.flatMap(\.aliases)
        #expect(Set(aliases).count == aliases.count)
    }
}
