// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let library: [Target.Dependency] = [
  .product(name: "Swiftlet", package: "swiftlet"), .product(name: "SwiftletFiles", package: "swiftlet"),
]

// Programs that use the library as any app would. They may depend on what their field uses; the library depends on nothing.
let package = Package(
  name: "swiftlet-examples",
  platforms: [.macOS(.v15)],
  // For the programs of the packages in the folders here.
  products: [
    .library(name: "ProgramSupport", targets: ["ProgramSupport"]),
    .library(name: "Finetuning", targets: ["Finetuning"]),
  ],
  dependencies: [
    .package(name: "swiftlet", path: ".."),  // by name: the clone's folder may be called anything
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .target(
      name: "ProgramSupport",
      dependencies: library + [.product(name: "ArgumentParser", package: "swift-argument-parser")]),
    // The page that finetune leaves beside a model.
    .target(
      name: "RunReport",
      dependencies: library,
      resources: [.embedInCode("Resources/report.css"), .embedInCode("Resources/report.js")],
      // Its tests see its internals in a release build, too.
      swiftSettings: [.unsafeFlags(["-enable-testing"])]),
    .executableTarget(name: "embed", dependencies: library + ["ProgramSupport"]),
    .executableTarget(name: "tokenize", dependencies: library + ["ProgramSupport"]),
    .executableTarget(name: "rerank", dependencies: library + ["ProgramSupport"]),
    .executableTarget(name: "search", dependencies: library + ["ProgramSupport"]),
    .executableTarget(name: "evaluate", dependencies: library + ["ProgramSupport"]),
    .executableTarget(name: "custom-loss", dependencies: library + ["ProgramSupport"]),
    // The command of finetune, which finetune-mpi in Cluster/ has too.
    .target(name: "Finetuning", dependencies: library + ["ProgramSupport", "RunReport"]),
    .executableTarget(name: "finetune", dependencies: ["Finetuning"]),
    .testTarget(
      name: "ProgramTests",
      dependencies: library + ["custom-loss", "embed", "evaluate", "finetune", "rerank", "search", "tokenize"]),
    .testTarget(name: "ReportTests", dependencies: ["RunReport"], exclude: ["Fixtures"]),
  ]
)
