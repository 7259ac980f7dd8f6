#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes an app that depends on this package as a user's app would, by version from a git URL: make_app.sh FOLDER
#
# FOLDER gets swiftlet, a clone of HEAD with the tag 0.0.1, and app, a package with three programs:
#   embed-example, tune-example    the library examples of the README
#   embed-lines MODEL TEXTS    prints the vector of each line of TEXTS, then on standard error how many tokens it
#                              embedded and how many a second, loading aside
set -euo pipefail
folder=$(cd "${1:?usage: make_app.sh FOLDER}" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)

git clone -q "$root" "$folder/swiftlet"
git -C "$folder/swiftlet" -c user.name=app -c user.email=app@localhost tag -f 0.0.1

mkdir -p "$folder/app/Sources/"{embed-example,tune-example,embed-lines}
cat > "$folder/app/Package.swift" <<SWIFT
// swift-tools-version: 6.2
import PackageDescription

let swiftlet: Target.Dependency = .product(name: "Swiftlet", package: "swiftlet")
let files: Target.Dependency = .product(name: "SwiftletFiles", package: "swiftlet")
let package = Package(
  name: "app",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "file://$folder/swiftlet", from: "0.0.1")],
  targets: [
    .executableTarget(name: "embed-example", dependencies: [swiftlet]),
    .executableTarget(name: "tune-example", dependencies: [swiftlet]),
    .executableTarget(name: "embed-lines", dependencies: [swiftlet, files]),
  ]
)
SWIFT
snippet() {
  awk -v wanted="$1" '/^```swift$/ { inside = ++count == wanted; next } /^```$/ { inside = 0 } inside' "$root/README.md"
}
snippet 1 > "$folder/app/Sources/embed-example/main.swift"
snippet 2 > "$folder/app/Sources/tune-example/main.swift"
cat > "$folder/app/Sources/embed-lines/main.swift" <<'SWIFT'
import Foundation
import Swiftlet
import SwiftletFiles

let encoder = try SentenceEncoder(folder: CommandLine.arguments[1])
var reader = try LineReader(path: CommandLine.arguments[2])
var texts: [String] = []
while let text = try reader.next() { texts.append(text) }

var batch = TokenBatch()
for text in texts { try encoder.tokenizer.append(text, to: &batch, maxLength: encoder.maxLength) }
_ = try encoder.encode(texts.prefix(8).map { $0 })

let start = ContinuousClock.now
let vectors = try encoder.encode(texts)
let seconds = (ContinuousClock.now - start) / .seconds(1)
for i in texts.indices { print(vectors[i].map(\.description).joined(separator: " ")) }
FileHandle.standardError.write(Data("\(batch.ids.count) tokens, \(Int(Double(batch.ids.count) / seconds)) a second\n".utf8))
SWIFT
