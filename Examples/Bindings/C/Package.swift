// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// The library as C sees it: include/swiftlet.h. The script `build` makes what is shipped, libswiftlet.so.
let package = Package(
  name: "swiftlet-c",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "swiftlet", type: .dynamic, targets: ["SwiftletFace"]),
    // For Swift programs that call the C functions: the fuzzer.
    .library(name: "SwiftletFace", targets: ["CSwiftletFace", "SwiftletFace"]),
  ],
  dependencies: [
    .package(name: "swiftlet", path: "../../..")  // by name: the clone's folder may be called anything
  ],
  targets: [
    // The header alone.
    .target(name: "CSwiftletFace"),
    .target(
      name: "SwiftletFace",
      dependencies: [.product(name: "Swiftlet", package: "swiftlet")],
      swiftSettings: [
        .swiftLanguageMode(.v6), .strictMemorySafety(), .treatWarning("StrictMemorySafety", as: .error),
        .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
      ],
      // The other linker of Linux, gold, exports more than `build` tells it to.
      linkerSettings: [.unsafeFlags(["-use-ld=lld"], .when(platforms: [.linux]))]),
  ],
  cLanguageStandard: .c17
)
