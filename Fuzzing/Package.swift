// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let library: [Target.Dependency] = [
  .product(name: "Swiftlet", package: "swiftlet"), .product(name: "SwiftletFiles", package: "swiftlet"),
]

/// Programs that test the library through its public API. Scripts/fuzz.sh builds and runs those that libFuzzer drives;
/// scripts that compare the library with its references call the others.
let package = Package(
  name: "swiftlet-fuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [
    // Named, since a clone's folder may be called anything.
    .package(name: "swiftlet", path: ".."),
    .package(name: "swiftlet-c", path: "../Examples/Bindings/C"),
  ],
  targets: [.target(name: "FuzzSupport", dependencies: library)]
)

let inputs = ["safetensors", "json", "folder", "lines", "tables", "tokenizer", "models", "gradients", "index", "cface"]
// With libFuzzer, which brings a main function, the others cannot be linked.
let others = Context.environment["SWIFTLET_FUZZ"] == nil ? ["safetensors-verdict", "hidden-states"] : []
for name in inputs.map({ "fuzz-" + $0 }) + others {
  package.targets.append(
    .executableTarget(
      name: name,
      dependencies: ["FuzzSupport"] + library
        + (name == "fuzz-cface" ? [.product(name: "SwiftletFace", package: "swiftlet-c")] : []),
      // libFuzzer brings the main function.
      swiftSettings: [.unsafeFlags(["-parse-as-library"])]))
}
