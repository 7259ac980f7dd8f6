// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// One line a module, lowest layer first; imports point up this list only.
let modules: [(name: String, imports: [String])] = [
  ("SwiftletFiles", []),
  ("SwiftletTensors", ["CSwiftletKernels", "SwiftletFiles"]),
  ("SwiftletAutodiff", ["SwiftletTensors"]),
  ("SwiftletWeights", ["SwiftletFiles"]),
  ("SwiftletTokenizers", ["SwiftletFiles"]),
  (
    "SwiftletEncoders",
    ["SwiftletAutodiff", "SwiftletFiles", "SwiftletTensors", "SwiftletTokenizers", "SwiftletWeights"]
  ),
  (
    "SwiftletTraining",
    [
      "SwiftletAutodiff", "SwiftletEncoders", "SwiftletFiles", "SwiftletTensors", "SwiftletTokenizers",
      "SwiftletWeights",
    ]
  ),
  ("SwiftletSearch", ["SwiftletEncoders", "SwiftletFiles", "SwiftletTensors", "SwiftletTokenizers"]),
  (
    "Swiftlet",
    [
      "SwiftletAutodiff", "SwiftletEncoders", "SwiftletFiles", "SwiftletSearch", "SwiftletTensors",
      "SwiftletTokenizers", "SwiftletTraining", "SwiftletWeights",
    ]
  ),
]

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Memory safety is checked by the compiler: what might reach memory that it must not is marked `unsafe`, which only the
/// tensor layer and the files that call the system do.
let memorySafety: [SwiftSetting] = [.strictMemorySafety(), .treatWarning("StrictMemorySafety", as: .error)]

let package = Package(
  name: "swiftlet",
  // Not watchOS: most watches have 32-bit pointers (arm64_32).
  platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .visionOS(.v2)],
  products: [
    // All modules, though a program imports Swiftlet alone: the package manager compiles a program anew only if a module
    // that it knows as the program's has changed, and inlined code and layouts come from all of them.
    .library(name: "Swiftlet", targets: modules.map(\.name)),
    // What programs need besides: JSON, lines, tables, atomic files; safetensors files.
    .library(name: "SwiftletFiles", targets: ["SwiftletFiles", "SwiftletWeights"]),
  ],
  dependencies: [],
  targets: [
    // -O3 in every configuration: a debug build of an app must still embed at full speed.
    .target(name: "CSwiftletKernels", cSettings: [.unsafeFlags(["-O3"])])
  ],
  cLanguageStandard: .c17
)

for module in modules {
  package.targets.append(
    .target(
      name: module.name, dependencies: module.imports.map { .byName(name: $0) },
      swiftSettings: settings + memorySafety))
}

package.targets.append(
  .target(
    name: "TestSupport", dependencies: ["SwiftletAutodiff", "SwiftletFiles", "SwiftletWeights"],
    path: "Tests/TestSupport", swiftSettings: settings))
// Goldens are safetensors files, which SwiftletWeights reads.
for (name, imports) in modules where name != "Swiftlet" {
  package.targets.append(
    .testTarget(
      name: "\(name)Tests",
      dependencies: Set(["SwiftletWeights", "TestSupport", name] + imports).sorted().map { .byName(name: $0) },
      exclude: ["Fixtures"],
      swiftSettings: settings))
}
// Uses the products as a user does, without @testable imports.
package.targets.append(
  .testTarget(
    name: "PublicFaceTests", dependencies: ["Swiftlet", "SwiftletFiles", "SwiftletWeights"], swiftSettings: settings))

// A build with a sanitizer may leave out the upper modules: see Scripts/sanitize.sh.
if let first = Context.environment["SWIFTLET_WITHOUT_MODULES_FROM"] {
  let kept = modules.prefix { $0.name != first }.flatMap { [$0.name, "\($0.name)Tests"] }
  package.targets.removeAll { !(kept + ["CSwiftletKernels", "TestSupport"]).contains($0.name) }
  package.products = []
}
