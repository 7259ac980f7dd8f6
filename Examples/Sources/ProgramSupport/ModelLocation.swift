// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
  import MachO
#endif

/// Where a program finds its model: `--model`, else `$SWIFTLET_MODEL`, else the bundled folder, looked for in
/// each folder upwards from the executable, then from the working directory. No path is compiled in.
enum ModelLocation {
  /// The model that comes with the repository.
  static let bundled = "weights/all-MiniLM-L6-v2"

  /// No place has a model.
  struct NotFound: Error, CustomStringConvertible {
    let description =
      "no model: \(bundled) is neither above the program nor above here; give --model or set SWIFTLET_MODEL"
  }

  static func find(option: String?) throws -> String {
    if let option { return option }
    if let variable = getenv("SWIFTLET_MODEL"), variable.pointee != 0 { return String(cString: variable) }
    for start in [executableFolder(), workingDirectory()] {
      if let start, let folder = lookUpwards(from: start) { return folder }
    }
    throw NotFound()
  }

  private static func lookUpwards(from start: String) -> String? {
    var folder = start[...]
    while true {
      let candidate = "\(folder)/\(bundled)"
      if access(candidate, F_OK) == 0 { return candidate }
      guard let slash = folder.lastIndex(of: "/") else { return nil }
      folder = folder[..<slash]
    }
  }

  private static func executableFolder() -> String? {
    #if canImport(Darwin)
      var size = UInt32(PATH_MAX)
      var path = [CChar](repeating: 0, count: Int(size))
      guard _NSGetExecutablePath(&path, &size) == 0 else { return nil }
    #else
      let path = Array("/proc/self/exe".utf8CString)
    #endif
    return resolved(path).map { String($0[..<($0.lastIndex(of: "/") ?? $0.startIndex)]) }
  }

  private static func workingDirectory() -> String? {
    resolved(Array(".".utf8CString))
  }

  /// The absolute path without symbolic links.
  private static func resolved(_ path: [CChar]) -> String? {
    guard let absolute = realpath(path, nil) else { return nil }
    defer { free(absolute) }
    return String(cString: absolute)
  }
}
