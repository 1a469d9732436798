// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "notes",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "lapse", path: "../..")],
    targets: [
        .testTarget(name: "NotesTests", dependencies: [.product(name: "LapseTesting", package: "lapse")])
    ]
)
