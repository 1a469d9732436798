#if os(Linux)
    import HTTPTypes
    import Hummingbird
    import HummingbirdTesting
    import LapseRules
    import LapseService
    import LapseStore
    import Logging
    import NIOCore
    import Synchronization
    import Testing

    @testable import LapseServer

    @Suite("Threads that read for people")
    struct ReadingThreadsTests {
        @Test(
            "What is run there runs there from its beginning to its end, throws what it throws, and leaves the caller where it was")
        func run() async throws {
            struct Stop: Error {}
            #expect(!ReadingThreads.isCurrent)
            let (before, after) = await ReadingThreads.run {
                let before = ReadingThreads.isCurrent
                await Task.yield()
                return (before, ReadingThreads.isCurrent)
            }
            #expect(before && after)
            #expect(!ReadingThreads.isCurrent)
            await #expect(throws: Stop.self) { try await ReadingThreads.run { throw Stop() } }
        }

        @Test("Many readings at once all end, though the threads are few")
        func many() async {
            let found = await withTaskGroup(of: Int.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        await ReadingThreads.run {
                            await Task.yield()
                            return number
                        }
                    }
                }
                return await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(found == Set(0..<500))
        }

        @Test("A call of the control API that reads is answered there, and one that changes something is not")
        func calls() async throws {
            // Each operation asks the machine for its time.
            let seen = Mutex<[Bool]>([])
            let ask = { @Sendable in
                seen.withLock { $0.append(ReadingThreads.isCurrent) }
                return Lab.start
            }
            let authority = Authority(
                store: try .inMemory(machineClock: { Lab.start }), signer: try await TestKeys.signer.value, random: .seeded(1),
                systemTime: ask)
            try authority.seed(BuiltInLab.seed)
            let site = Site(
                authority: authority, scheme: .https, certificatePEM: "CA", version: "test", systemTime: { Lab.start },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await buildApplication(site).test(.router) { client in
                func call(_ method: HTTPRequest.Method, _ path: String, _ body: String? = nil) async throws -> Set<Bool> {
                    seen.withLock { $0 = [] }
                    let headers: HTTPFields = body == nil ? [:] : [.contentType: "application/json"]
                    let answer = try await client.execute(
                        uri: "/_lapse/api/tenants/contoso.example/\(path)", method: method, headers: headers,
                        body: body.map { ByteBuffer(string: $0) })
                    #expect(answer.status == .ok, "\(path)")
                    return seen.withLock { Set($0) }
                }
                for path in ["users", "events", "report", "users/adele@contoso.example/timeline"] {
                    let found = try await call(.get, path)
                    #expect(found == [true], "\(path)")
                }
                let changed = try await call(.put, "clock", #"{"mode":"running"}"#)
                #expect(changed == [false])
            }
        }
    }
#endif
