// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// All calls of this module to the C library. No other file of the module imports it.
///
/// `unsafe` marks the calls that take an address: each is valid during the call, and the C library keeps none, but for
/// the locks and the threads, whose addresses live as long as they do.
enum System {
  /// The value of an environment variable; nil if it is not set.
  static func environmentVariable(_ name: String) -> String? {
    guard let word = unsafe getenv(name) else { return nil }
    return unsafe String(cString: word)
  }

  // MARK: Memory

  /// Pages of zeros from the system.
  static func mapMemory(byteCount: Int) -> UnsafeMutableRawPointer {
    let base = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let base = unsafe base, unsafe base != MAP_FAILED else { fatalError("no memory for \(byteCount) bytes") }
    #if os(Linux)
      // Huge pages take a fault each 2 MB, not each 4 KB, and few entries of the TLB. Without them it works too.
      unsafe madvise(base, byteCount, MADV_HUGEPAGE)
    #endif
    return unsafe base
  }

  /// Gives pages back that ``mapMemory(byteCount:)`` gave.
  static func unmapMemory(_ base: UnsafeMutableRawPointer, byteCount: Int) { unsafe munmap(base, byteCount) }

  // MARK: Threads

  /// What a new thread runs.
  private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Runs `body` on a thread of its own; false if the system gives none.
  static func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    let context = unsafe Unmanaged.passRetained(ThreadBody(body)).toOpaque()
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      // A pointer, which the call sets.
      var thread: pthread_t?
    #endif
    let failure = unsafe pthread_create(
      &thread, nil,
      { context in
        // Headers differ in whether it may be nil.
        if let context = unsafe context as UnsafeMutableRawPointer? {
          unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
        }
        return nil
      }, context)
    guard failure == 0 else {
      unsafe Unmanaged<ThreadBody>.fromOpaque(context).release()
      return false
    }
    #if canImport(Glibc)
      pthread_detach(thread)
    #else
      if let thread = unsafe thread { unsafe pthread_detach(thread) }
    #endif
    return true
  }

  /// Lets other threads have the processor.
  static func yieldProcessor() { sched_yield() }

  /// The processors of the machine.
  static var onlineProcessorCount: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

  /// The first line of a text file for which a condition holds; nil if there is none, or no such file.
  static func firstLine(of path: String, where matches: (String) -> Bool) -> String? {
    guard let file = unsafe fopen(path, "re") else { return nil }
    defer { unsafe fclose(file) }
    var bytes = [CChar](repeating: 0, count: 4096)
    while unsafe fgets(&bytes, Int32(bytes.count), file) != nil {
      let line = String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      if matches(line) { return line }
    }
    return nil
  }
}

// MARK: Locks

/// A POSIX mutex. A thread that takes it twice traps, where a plain one would wait for itself for ever.
@safe
final class Lock: @unchecked Sendable {
  // SAFETY: the pointer never changes, and POSIX lets any thread call what takes it.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  init() {
    var attributes = pthread_mutexattr_t()
    unsafe pthread_mutexattr_init(&attributes)
    unsafe pthread_mutexattr_settype(&attributes, .init(PTHREAD_MUTEX_ERRORCHECK))
    unsafe pthread_mutex_init(mutex, &attributes)
    unsafe pthread_mutexattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  func lock() {
    let failure = unsafe pthread_mutex_lock(mutex)
    precondition(failure == 0, "this call would wait for itself: it comes from inside the object's own work")
  }
  func unlock() { unsafe pthread_mutex_unlock(mutex) }

  /// Gives the lock up until another thread wakes this one.
  fileprivate func wait(on condition: UnsafeMutablePointer<pthread_cond_t>) {
    unsafe pthread_cond_wait(condition, mutex)
  }
}

/// What threads that hold a ``Lock`` wait on: a POSIX condition variable.
@safe
final class Condition: @unchecked Sendable {
  // SAFETY: as for the lock.
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() { unsafe pthread_cond_init(condition, nil) }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe condition.deallocate()
  }

  /// Gives the lock up until another thread wakes this one.
  func wait(with lock: Lock) { unsafe lock.wait(on: condition) }

  /// Wakes all that wait.
  func wakeAll() { unsafe pthread_cond_broadcast(condition) }
}
