// SPDX-License-Identifier: Apache-2.0

#if !_pointerBitWidth(_64)
  #error("Swiftlet needs a CPU with 64-bit pointers: not arm64_32, as in most watches, nor WebAssembly.")
#endif

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// All calls of this module to the C library, with Swift's argument types and errors.
///
/// No other file of the module imports the C library. `unsafe` marks the calls that take an address: of a string's
/// characters, of a variable, or of a span's bytes, passed with their count. No call keeps the address.
enum System {
  /// The ways to open a file.
  enum Access {
    /// For reading. Opening a named pipe waits for its writer.
    case reading
    /// For reading. Opening and reading never wait.
    case readingWithoutWaiting
    /// For writing a file that does not exist yet.
    case creating
    /// A folder, to be locked or synchronized.
    case folder

    fileprivate var flags: Int32 {
      switch self {
      case .reading: O_RDONLY
      case .readingWithoutWaiting: O_RDONLY | O_NONBLOCK
      case .creating: O_WRONLY | O_CREAT | O_EXCL
      case .folder: O_RDONLY | O_DIRECTORY
      }
    }
  }

  // MARK: Open files, by their descriptors

  /// The bytes that one call reads or writes at most: macOS refuses 2^31 or more.
  private static let maximumTransfer = 1 << 30

  static func openFile(_ path: String, for access: Access) throws(FileError) -> Int32 {
    guard !path.utf8.contains(0) else { throw FileError(path: path, problem: .invalidPath) }
    return try uninterrupted("open", path) {
      // The call reads the string's characters.
      unsafe open(path, access.flags | O_CLOEXEC | O_NOCTTY, 0o666)
    }
  }

  static func closeFile(_ file: Int32) { close(file) }

  static func status(ofFile file: Int32, path: String) throws(FileError) -> FileStatus {
    var status = stat()
    // The call fills the variable.
    try uninterrupted("examine", path) { unsafe fstat(file, &status) }
    return FileStatus(status)
  }

  /// Reads once, into the bytes from `start` on. Waits for at least one byte, unless the file is at its end.
  static func readSome(
    of file: Int32, into bytes: inout MutableRawSpan, from start: Int, path: String
  ) throws(FileError) -> Int {
    precondition(0...bytes.byteCount ~= start, "no place \(start) in \(bytes.byteCount) bytes")
    // The call writes only to the span's bytes from `start` on.
    return try unsafe bytes.withUnsafeMutableBytes { (buffer) throws(FileError) in
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
      while true {
        do throws(FileError) {
          return try uninterrupted("read", path) {
            unsafe read(file, rest.baseAddress, min(rest.count, maximumTransfer))
          }
        } catch {
          guard error.problem == .system(operation: "read", errno: EAGAIN) else { throw error }
          _ = isReadable(file, timeout: -1)
        }
      }
    }
  }

  /// Fills `bytes` with the file's bytes from `offset` on.
  static func fill(
    _ bytes: inout MutableRawSpan, from file: Int32, at offset: Int, path: String
  ) throws(FileError) {
    // The call writes to the bytes of the span that are not filled yet.
    try unsafe bytes.withUnsafeMutableBytes { (buffer) throws(FileError) in
      var done = 0
      while done < buffer.count {
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
        let count = try uninterrupted("read", path) {
          unsafe pread(file, rest.baseAddress, min(rest.count, maximumTransfer), off_t(offset + done))
        }
        guard count > 0 else { throw FileError(path: path, problem: .changedWhileReading) }
        done += count
      }
    }
  }

  /// Writes all bytes at `offset`. Without an offset it writes after the bytes of the last call without one.
  static func writeAll(_ bytes: RawSpan, to file: Int32, at offset: Int? = nil, path: String) throws(FileError) {
    // The call reads the bytes of the span that are not written yet.
    try unsafe bytes.withUnsafeBytes { (buffer) throws(FileError) in
      var done = 0
      while done < buffer.count {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
        let count = min(rest.count, maximumTransfer)
        done += try uninterrupted("write", path) {
          guard let offset else { return unsafe write(file, rest.baseAddress, count) }
          return unsafe pwrite(file, rest.baseAddress, count, off_t(offset + done))
        }
      }
    }
  }

  /// Whether a read would return at once, with bytes, the end of the file or an error.
  static func isReadable(_ file: Int32, timeout milliseconds: Int32) -> Bool {
    var request = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
    // The call reads and writes the one variable.
    return unsafe poll(&request, 1, milliseconds) > 0
  }

  /// Flushes a file, or a folder's list of names, to the disk; on macOS also from the drive's own cache.
  static func synchronizeFile(_ file: Int32, path: String) throws(FileError) {
    #if canImport(Darwin)
      if fcntl(file, F_FULLFSYNC) == 0 { return }
    #endif
    do throws(FileError) {
      try uninterrupted("synchronize", path) { fsync(file) }
    } catch {
      // Some file systems have no fsync for folders: nothing more can be done there.
      guard case .system(_, EINVAL) = error.problem else { throw error }
    }
  }

  /// Locks a file for this process; false if another has it. A file system without locks gives one to every process.
  static func lockFile(_ file: Int32, path: String) -> Bool {
    do throws(FileError) {
      try uninterrupted("lock", path) { flock(file, LOCK_EX | LOCK_NB) }
      return true
    } catch {
      return error.problem != .system(operation: "lock", errno: EWOULDBLOCK)
    }
  }

  static func unlockFile(_ file: Int32) { _ = flock(file, LOCK_UN) }

  // MARK: Files by their paths

  /// The status of the file at a path; nil if there is none or it cannot be examined.
  static func status(of path: String, followsLinks: Bool = true) -> FileStatus? {
    guard !path.utf8.contains(0) else { return nil }
    var status = stat()
    // The calls read the string's characters and fill the variable.
    let result = followsLinks ? unsafe stat(path, &status) : unsafe lstat(path, &status)
    return result == 0 ? FileStatus(status) : nil
  }

  /// Whether it is certain that no file is at `path`.
  static func isAbsent(_ path: String) -> Bool {
    status(of: path, followsLinks: false) == nil && (errno == ENOENT || errno == ENOTDIR) || path.utf8.contains(0)
  }

  // Each of these calls reads the characters of its strings.

  static func makeFolder(_ path: String, reportedAs shown: String) throws(FileError) {
    try uninterrupted("make a folder", shown) { unsafe mkdir(path, 0o777) }
  }

  static func renameFile(_ path: String, to newPath: String, _ operation: String, reportedAs shown: String)
    throws(FileError)
  {
    try uninterrupted(operation, shown) { unsafe rename(path, newPath) }
  }

  /// Removes a file or a link, if possible.
  static func removeFile(_ path: String) {
    _ = try? uninterrupted("remove", path) { unsafe unlink(path) }
  }

  /// Removes an empty folder, if possible.
  static func removeFolder(_ path: String) {
    _ = try? uninterrupted("remove", path) { unsafe rmdir(path) }
  }

  /// The names in a folder without `.` and `..`, in the system's order; empty if there is no folder.
  static func names(inFolder path: String) throws(FileError) -> [String] {
    guard !path.utf8.contains(0) else { throw FileError(path: path, problem: .invalidPath) }
    // The stream stays open until the names are read; each entry is valid until the next one is read.
    var opened = unsafe opendir(path)
    while unsafe opened == nil && errno == EINTR { unsafe opened = opendir(path) }
    guard let stream = unsafe opened else {
      if errno == ENOENT { return [] }
      throw FileError(path: path, problem: .system(operation: "open", errno: errno))
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    if errno != 0 { throw FileError(path: path, problem: .system(operation: "read", errno: errno)) }
    return names
  }

  // MARK: Errors

  /// The `errno` for a path without a file.
  static var notFound: Int32 { ENOENT }

  /// Whether an `errno` says that the disk is full.
  static func isOutOfSpace(errno code: Int32) -> Bool { code == ENOSPC || code == EDQUOT }

  /// Whether an `errno` says that a file is missing, or that the disk cannot read it.
  static func isUnreadable(errno code: Int32) -> Bool { code == ENOENT || code == ENOTDIR || code == EIO }

  /// The meaning of an `errno` and the remedy.
  static func explanation(ofErrno code: Int32) -> (message: String, remedy: String) {
    let remedy =
      switch code {
      case ENOENT, ENOTDIR: "check the path"
      case EACCES, EPERM, EROFS: "check the permissions"
      case EMFILE, ENFILE: "close other files or raise the limit (ulimit -n)"
      case ENOSPC, EDQUOT: "free space on the disk"
      case ELOOP: "the symbolic link leads to itself; replace it"
      case EISDIR: "give a file, not a directory"
      case EIO: "check the disk"
      default: "check the file and its folder"
      }
    // The text is copied at once.
    return (unsafe String(cString: strerror(code)), remedy)
  }

  /// Repeats a system call while signals interrupt it. Its result -1 becomes an error.
  @discardableResult
  private static func uninterrupted<Result: SignedInteger>(
    _ operation: String, _ path: String, _ call: () -> Result
  ) throws(FileError) -> Result {
    while true {
      let result = call()
      if result != -1 { return result }
      let code = errno
      if code != EINTR { throw FileError(path: path, problem: .system(operation: operation, errno: code)) }
    }
  }

  // MARK: Memory

  /// Maps all bytes of a file, to be read only; nil for an empty one.
  static func mapFile(_ file: Int32, byteCount: Int, path: String) throws(FileError) -> UnsafeMutableRawPointer? {
    guard byteCount > 0 else { return nil }
    let base = unsafe mmap(nil, byteCount, PROT_READ, MAP_SHARED, file, 0)
    guard unsafe base != MAP_FAILED else {
      throw FileError(path: path, problem: .system(operation: "map", errno: errno))
    }
    return unsafe base
  }

  /// Gives back what ``mapFile(_:byteCount:path:)`` gave.
  static func unmapFile(_ base: UnsafeMutableRawPointer, byteCount: Int) { unsafe munmap(base, byteCount) }

  /// The offset of the first byte at or after `start` that equals `byte`; nil if there is none.
  static func firstOffset(of byte: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int? {
    precondition(0...bytes.count ~= start, "no place \(start) in \(bytes.count) bytes")
    // The call reads the bytes of the span from `start` on, which is checked above.
    return unsafe bytes.withUnsafeBytes { buffer in
      guard start < buffer.count, let base = buffer.baseAddress else { return nil }
      let found = unsafe memchr(base + start, Int32(byte), buffer.count - start)
      return unsafe found.map { unsafe UnsafeRawPointer($0) - base }
    }
  }
}

/// A number that the calling thread has to itself as long as it runs.
package func currentThread() -> UInt {
  #if canImport(Glibc)
    pthread_self()
  #else
    // The address of the C library's record, which nobody reads here.
    unsafe UInt(bitPattern: pthread_self())
  #endif
}

/// The kind, size and times of a file.
struct FileStatus: Equatable {
  enum Kind: String { case regular, directory, pipe, socket, device }

  let kind: Kind
  /// In bytes.
  let size: Int
  /// When it was last written to, in seconds and nanoseconds.
  private let modified: [Int]

  fileprivate init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .directory
      case S_IFIFO: .pipe
      case S_IFSOCK: .socket
      default: .device
      }
    size = Int(status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    modified = [Int(time.tv_sec), Int(time.tv_nsec)]
  }

  /// Throws unless the file is a regular one.
  func requireRegular(path: String) throws(FileError) {
    guard kind == .regular else { throw FileError(path: path, problem: .notRegularFile(kind: kind.rawValue)) }
  }
}
