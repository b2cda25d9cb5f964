// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "Exposure",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "Exposure", targets: ["Exposure"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-protobuf.git", exact: "1.28.2"),
        .package(url: "https://github.com/jedisct1/swift-sodium.git", exact: "0.9.1"),
        .package(url: "https://github.com/weichsel/ZIPFoundation.git", exact: "0.9.19"),
    ],
    targets: [
        .target(
            name: "Exposure",
            dependencies: [
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "Sodium", package: "swift-sodium"),
                .product(name: "ZIPFoundation", package: "ZIPFoundation"),
            ]
        )
    ]
)
