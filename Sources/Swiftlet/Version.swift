// SPDX-License-Identifier: Apache-2.0

/// The version of this package, a semantic version (semver.org). The repository's tag of a release is the same.
public let swiftletVersion = "0.1.0"
