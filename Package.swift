// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target of ours: Swift 6 mode comes with the tools version.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// What scripts/build says of the commit, for the one C file that keeps it: nothing else is compiled anew for a new commit.
let commit = Context.environment["LAPSE_COMMIT"].map { [CSetting.define("LAPSE_COMMIT", to: "\"\($0)\"")] }

let package = Package(
    name: "lapse",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "lapse", targets: ["lapse"]), .library(name: "LapseTesting", targets: ["LapseTesting"])],
    // Exact: two builds of one commit are the same program. scripts/packages.txt lists what these bring along.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // The arrow: lapse -> LapseInstance -> LapseServer -> LapseService -> LapseStore -> LapseRules, and LapseServer -> LapsePages.
        // LapseTesting stands beside lapse, and both ask a Lapse through LapseClient -> LapseService.
        .executableTarget(
            name: "lapse",
            dependencies: [
                "CBuild", "LapseClient", "LapseInstance", "LapseService", "LapseRules",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "LapseTesting",
            dependencies: ["LapseClient", "LapseInstance", "LapseService", "LapseRules"],
            swiftSettings: strict
        ),
        .target(
            name: "LapseClient",
            dependencies: [
                "LapseService", "LapseRules",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "LapseInstance",
            dependencies: [
                "LapseServer", "LapseService", "LapseRules",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            resources: [.embedInCode("Labs")],
            swiftSettings: strict
        ),
        .target(
            name: "LapseServer",
            dependencies: [
                "LapseService", "LapsePages", "LapseRules",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Control/OpenAPI")],
            swiftSettings: strict
        ),
        .target(
            name: "LapsePages",
            dependencies: [.product(name: "Mustache", package: "swift-mustache")],
            resources: [
                .embedInCode("Templates"), .embedInCode("Dashboard"), .embedInCode("site.css"), .embedInCode("report.css"),
                .embedInCode("submit.js"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "LapseService",
            dependencies: [
                "LapseStore", "LapseRules",
                .target(name: "COpenSSL", condition: .when(platforms: [.linux])),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "LapseStore",
            dependencies: [
                "LapseRules", .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            resources: [.embedInCode("../../schema.sql"), .embedInCode("migrations.sql")],
            swiftSettings: strict
        ),
        .target(
            name: "LapseRules",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            resources: [.embedInCode("Scenarios/BuiltIn")],
            swiftSettings: strict
        ),
        // OpenSSL 3's libcrypto, for RSA signatures alone: on Linux it signs more than twice as fast as swift-crypto.
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        // The commit that the program was built from.
        .target(name: "CBuild", cSettings: commit),

        .testTarget(name: "LapseRulesTests", dependencies: ["LapseRules"], swiftSettings: strict),
        .testTarget(
            name: "LapseStoreTests",
            dependencies: ["LapseStore", "LapseRules", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict),
        .testTarget(
            name: "LapseServiceTests",
            dependencies: [
                "LapseService", "LapseStore", "LapseRules", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "LapseServerTests",
            dependencies: [
                "LapseServer", "LapseService", "LapseStore", "LapseRules",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "LapseTests",
            dependencies: [
                "lapse", "LapseClient", "LapseInstance", "LapseRules",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "LapseTestingTests", dependencies: ["LapseTesting", "LapseInstance", "LapseService", "LapseRules"],
            swiftSettings: strict),
        // The example of clients/swift, which is a package of its own elsewhere.
        .testTarget(
            name: "NotesTests", dependencies: ["LapseTesting"], path: "clients/swift/Tests/NotesTests", swiftSettings: strict),
    ]
)
