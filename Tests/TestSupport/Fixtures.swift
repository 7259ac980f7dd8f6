// SPDX-License-Identifier: Apache-2.0

/// The path of `name` in the `Fixtures` folder beside the calling test file.
package func fixture(_ name: String, testFile: String = #filePath) -> String {
  folder(of: testFile) + "/Fixtures/" + name
}

/// The path of `name` below the root of the repository, as `weights/all-MiniLM-L6-v2`.
package func repositoryPath(_ name: String) -> String {
  folder(of: folder(of: folder(of: #filePath))) + "/" + name
}

private func folder(of path: String) -> String {
  String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
}
