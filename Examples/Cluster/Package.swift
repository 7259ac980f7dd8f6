// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// A package of its own: it needs MPI.
let package = Package(
  name: "swiftlet-cluster",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "swiftlet", path: "../.."),  // by name: the clone's folder may be called anything
    .package(name: "swiftlet-examples", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .systemLibrary(
      name: "SystemMPI", pkgConfig: Context.environment["MPI_PACKAGE"] ?? "ompi-c",  // or mpich
      providers: [.apt(["libopenmpi-dev", "pkg-config"]), .brew(["open-mpi"])]),
    // MPI's constants are macros that Swift cannot import.
    .target(name: "CMPI", dependencies: ["SystemMPI"]),
    .executableTarget(
      name: "finetune-mpi",
      dependencies: [
        "CMPI",
        .product(name: "Swiftlet", package: "swiftlet"),
        .product(name: "Finetuning", package: "swiftlet-examples"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
  ]
)
