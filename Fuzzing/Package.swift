// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let library: [Target.Dependency] = [
  .product(name: "Swiftlet", package: "swiftlet"), .product(name: "SwiftletFiles", package: "swiftlet"),
]

/// Programs that feed the public API with made-up files and texts: Scripts/fuzz.sh builds and runs those that libFuzzer
/// drives, Scripts/compare_safetensors.py asks the last one for verdicts.
let package = Package(
  name: "swiftlet-fuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [
    // Named, since a clone's folder may be called anything.
    .package(name: "swiftlet", path: "..")
  ],
  targets: [.target(name: "FuzzSupport", dependencies: library)]
)

let inputs = ["safetensors", "json", "folder", "lines", "tables", "tokenizer", "models", "gradients"]
for name in inputs.map({ "fuzz-" + $0 }) + ["safetensors-verdict"] {
  package.targets.append(
    .executableTarget(
      name: name,
      dependencies: ["FuzzSupport"] + library,
      // libFuzzer brings the main function.
      swiftSettings: [.unsafeFlags(["-parse-as-library"])]))
}
