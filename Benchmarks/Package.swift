// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
  name: "swiftlet-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    // Named, since a clone's folder may be called anything.
    .package(name: "swiftlet", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ]
)

for name in ["loss", "pipeline", "tokenizer", "vector-search"] {
  package.targets.append(
    .executableTarget(
      name: name,
      dependencies: [
        .product(name: "Swiftlet", package: "swiftlet"),
        .product(name: "SwiftletFiles", package: "swiftlet"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]))
}
