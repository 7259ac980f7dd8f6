#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks on Linux what other platforms' compilers and C libraries would say.

Zig is a C compiler with the headers of macOS, musl and WASI. With it this script

- compiles the C kernels for macOS and for Linux with musl, on both CPUs, with all warnings as errors, and sees that
  32-bit platforms are refused in words;
- compares each function of the C library that Swift code calls with the headers: that it is there, and has the signature
  that the code was written for. The same for the constants, and for what `#if canImport(...)` takes for granted;
- compares the list of these functions, which is below, with the symbols that the compiled Swift code imports;
- lets Swift's compiler check the types of the code that calls the C library, with the headers of macOS and of musl in place
  of glibc's: whether a pointer may be nil, or a `pthread_t` is one, the C compiler does not see. What Swift itself brings for
  these libraries, such as `errno`, is made up.

It runs nothing, and knows the headers of macOS, not those of iOS.

    pip install -r Scripts/requirements-platforms.txt
    swift build && swift build -c release --package-path Examples
    python3 Scripts/check_platforms.py [--quick]

`--quick` compiles the kernels to LLVM's code alone, without optimization. Modules that were not built, as those of
Examples/Server may be, are left out of the comparison with the symbols.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
KERNELS = ROOT / "Sources/CSwiftletKernels"
SOURCES = ["Sources", *(f"Examples/{folder}Sources" for folder in ["", "Server/", "Bindings/C/", "Cluster/"])]
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
PLATFORMS = ["aarch64-macos", "x86_64-macos", "aarch64-linux-musl", "x86_64-linux-musl"]

# What Sources/ and the programs call, with the signature that Swift's importer must see. A line of headers holds for the
# functions up to the next one.
FUNCTIONS = """
<dirent.h>
int closedir(DIR *)
DIR *opendir(const char *)
struct dirent *readdir(DIR *)
<fcntl.h>
int open(const char *, int, ...)
int fcntl(int, int, ...)
<poll.h>
int poll(struct pollfd *, nfds_t, int)
<pthread.h>
int pthread_cond_broadcast(pthread_cond_t *)
int pthread_cond_destroy(pthread_cond_t *)
int pthread_cond_init(pthread_cond_t *, const pthread_condattr_t *)
int pthread_cond_wait(pthread_cond_t *, pthread_mutex_t *)
int pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)
int pthread_detach(pthread_t)
int pthread_mutex_destroy(pthread_mutex_t *)
int pthread_mutex_init(pthread_mutex_t *, const pthread_mutexattr_t *)
int pthread_mutex_lock(pthread_mutex_t *)
int pthread_mutex_unlock(pthread_mutex_t *)
int pthread_mutexattr_destroy(pthread_mutexattr_t *)
int pthread_mutexattr_init(pthread_mutexattr_t *)
int pthread_mutexattr_settype(pthread_mutexattr_t *, int)
pthread_t pthread_self(void)
<sched.h>
int sched_yield(void)
<signal.h>
void (*signal(int, void (*)(int)))(int)
<stdio.h>
int fclose(FILE *)
int fflush(FILE *)
char *fgets(char *, int, FILE *)
FILE *fopen(const char *, const char *)
int rename(const char *, const char *)
<stdlib.h>
void exit(int)
void free(void *)
char *getenv(const char *)
char *realpath(const char *, char *)
<string.h>
void *memchr(const void *, int, size_t)
char *strerror(int)
<sys/file.h>
int flock(int, int)
<sys/mman.h>
int madvise(void *, size_t, int)
void *mmap(void *, size_t, int, int, int, off_t)
int munmap(void *, size_t)
<sys/resource.h>
int getrlimit(int, struct rlimit *)
int getrusage(int, struct rusage *)
int setrlimit(int, const struct rlimit *)
<sys/stat.h>
int fstat(int, struct stat *)
int lstat(const char *, struct stat *)
int mkdir(const char *, mode_t)
int stat(const char *, struct stat *)
<time.h>
int clock_gettime(clockid_t, struct timespec *)
<unistd.h>
void _exit(int)
int access(const char *, int)
int close(int)
int fsync(int)
int ftruncate(int, off_t)
pid_t getpid(void)
int isatty(int)
off_t lseek(int, off_t, int)
ssize_t pread(int, void *, size_t, off_t)
ssize_t pwrite(int, const void *, size_t, off_t)
ssize_t read(int, void *, size_t)
int rmdir(const char *)
long sysconf(int)
int unlink(const char *)
ssize_t write(int, const void *, size_t)
"""

DARWIN_FUNCTIONS = """
<mach-o/dyld.h>
int _NSGetExecutablePath(char *, uint32_t *)
"""

# Constants that are no functions: all are numbers here, as Swift takes them for Int32 or converts them.
CONSTANTS = """
<errno.h> EACCES EAGAIN EDQUOT EINTR EINVAL EIO EISDIR ELOOP EMFILE ENFILE ENOENT ENOSPC ENOTDIR EPERM EPIPE EROFS EWOULDBLOCK
<fcntl.h> F_GETFL O_APPEND O_CLOEXEC O_CREAT O_DIRECTORY O_EXCL O_NOCTTY O_NONBLOCK O_RDONLY O_WRONLY
<limits.h> PATH_MAX PIPE_BUF
<poll.h> POLLIN POLLOUT
<pthread.h> PTHREAD_MUTEX_ERRORCHECK
<signal.h> SIGINT SIGPIPE SIGTERM SIGUSR1
<sys/file.h> LOCK_EX LOCK_NB LOCK_UN
<sys/mman.h> MAP_ANONYMOUS MAP_PRIVATE MAP_SHARED PROT_READ PROT_WRITE
<sys/resource.h> RLIMIT_NOFILE RUSAGE_SELF
<sys/stat.h> S_IFDIR S_IFIFO S_IFMT S_IFREG S_IFSOCK
<time.h> CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID CLOCK_THREAD_CPUTIME_ID
<unistd.h> F_OK SEEK_CUR STDERR_FILENO STDIN_FILENO STDOUT_FILENO _SC_NPROCESSORS_ONLN _SC_PAGESIZE
"""
DARWIN_CONSTANTS = "<fcntl.h> F_FULLFSYNC"
LINUX_CONSTANTS = "<sys/mman.h> MADV_HUGEPAGE"

# What the code takes for granted besides. `pthread_t` is a number in glibc alone.
ASSUMPTIONS = """
#define IS_POINTER(type) (__builtin_classify_type((type)0) == 5)
_Static_assert(IS_POINTER(pthread_t), "System.startThread has an optional pthread_t outside glibc");
_Static_assert(sizeof(off_t) == 8, "files may be larger than 2 GB");
_Static_assert(sizeof(long) == 8, "sysconf gives an Int");
_Static_assert(sizeof(((struct dirent *)0)->d_name) >= 256, "System.names reads an array of characters");
_Static_assert(sizeof(((struct rlimit *)0)->rlim_cur) == 8, "a limit is a UInt64 or UInt");
_Static_assert(MAP_FAILED == (void *)-1, "System.mapFile compares with it");
"""
DARWIN_ASSUMPTIONS = """
_Static_assert(sizeof(((struct stat *)0)->st_mtimespec.tv_nsec) == 8, "FileStatus");
"""
LINUX_ASSUMPTIONS = """
_Static_assert(sizeof(((struct stat *)0)->st_mtim.tv_nsec) == 8, "FileStatus");
"""

# What Swift's modules of the C library add to its headers, as far as the code uses it.
OVERLAY_SOURCE = """
@_exported import CLibrary
public var errno: Int32 {
  get { unsafe ERRNO().pointee }
  set { unsafe ERRNO().pointee = newValue }
}
public var MAP_FAILED: UnsafeMutableRawPointer! { unsafe UnsafeMutableRawPointer(bitPattern: -1) }
public func open(_ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: mode_t) -> Int32 { 0 }
public func fcntl(_ file: Int32, _ command: Int32) -> Int32 { 0 }
public var S_IFMT: mode_t { 0o170000 }
public var S_IFREG: mode_t { 0o100000 }
public var S_IFDIR: mode_t { 0o040000 }
public var S_IFIFO: mode_t { 0o010000 }
public var S_IFSOCK: mode_t { 0o140000 }
"""
# The compiler's own target stays Linux with glibc: only what the headers see of it is Apple's.
APPLE_MACROS = [
    *(f"-U{name}" for name in ["__linux__", "__linux", "linux", "__gnu_linux__", "__ELF__"]),
    *(f"-D{name}" for name in ["__APPLE__=1", "__MACH__=1", "__APPLE_CC__=6000", "__DYNAMIC__=1"]),
    *(f"-D__ENVIRONMENT_{name}_MIN_REQUIRED__=150000" for name in ["MAC_OS_X_VERSION", "OS_VERSION"])]
SWIFT_OPTIONS = [
    "-swift-version", "6", "-parse-as-library", "-package-name", "swiftlet", "-strict-memory-safety", "-Werror",
    "StrictMemorySafety",
    *(word for feature in ["ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility"]
      for word in ["-enable-upcoming-feature", feature])]

# What the compiler and Swift's runtime import by themselves: memory, locks and thread-local values, rounding.
RUNTIME = re.compile(
    r"_?_?(swift|\$s|swlt_|cmpi_|Block_|NSConcrete)|malloc|_?_stack_chk_fail|__tls_get_addr|mem(cpy|move|set)$|syscall$"
    r"|(ceil|floor|rint|round|sqrt|trunc|fma)f?$")
# Functions of the overlay of the C library, which are compiled into it.
OVERLAY = re.compile(r"\$s5Glibc\d+([a-z]\w*?)ys")


def zig(target, *arguments):
    """The exit code and the messages of Zig's C compiler."""
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target, *map(str, arguments)]
    cache = ROOT / ".build/zig-cache"
    environment = os.environ | {"ZIG_LOCAL_CACHE_DIR": str(cache), "ZIG_GLOBAL_CACHE_DIR": str(cache)}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    return run.returncode, run.stderr.strip()


def compile_c(target, source, *options):
    """The exit code and the messages for a C file, a path or text."""
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(source, str):
            path = pathlib.Path(folder, "library.c")
            path.write_text(source)
        else:
            path = source
        return zig(target, "-std=c17", *WARNINGS, *options, f"-I{KERNELS}/include", "-c", path, "-o", f"{folder}/output.o")


def compile_kernels(target, path, *options):
    """What is wrong with a C file on a platform; nothing, if it compiles."""
    code, messages = compile_c(target, path, "-g0", *options)
    return [f"{target}: {path.relative_to(ROOT)}\n{messages}"] if code else []


def expect_refusal(target):
    """A 32-bit platform can compile the scalar kernels, but gets a word instead: counts are Swift's Int, of 64 bits."""
    wrong = []
    for path in sorted(KERNELS.glob("*.c")):
        code, messages = compile_c(target, path)
        refused = "Swiftlet runs on" in messages
        if (path.name == "dispatch.c") != refused or (code != 0) != refused:
            wrong.append(f"{target}: {path.relative_to(ROOT)}: refused: {refused}\n{messages}")
    return wrong


def declarations(text):
    """Each header with what stands below it, or behind it."""
    header = None
    for line in filter(None, text.split("\n")):
        if match := re.match(r"<(.*?)>\s*(.*)", line):
            header = match[1]
            yield from ((header, name) for name in match[2].split())
        else:
            yield header, line


def function_name(declaration):
    return re.search(r"(\w+)\(", declaration.replace("(*signal", "signal"))[1]


def library_source(is_darwin):
    """A C file that compiles only if functions and constants are as the lists say."""
    functions = list(declarations(FUNCTIONS + (DARWIN_FUNCTIONS if is_darwin else "")))
    constants = list(declarations(CONSTANTS + (DARWIN_CONSTANTS if is_darwin else LINUX_CONSTANTS)))
    headers = sorted({header for header, _ in functions + constants})
    lines = ["#define _GNU_SOURCE", "#include <stdint.h>", *(f"#include <{header}>" for header in headers)]
    for _, declaration in functions:
        name = function_name(declaration)
        # A pointer of this type may be set to the function only if it has the signature.
        pointer = re.sub(rf"\b{name}\(", f"(*const c_{name})(", declaration, count=1)
        lines.append(f"__attribute__((unused)) static {pointer} = {name};")
    lines += [f"__attribute__((unused)) static const int64_t c_{name} = {name};" for _, name in constants]
    lines.append(ASSUMPTIONS + (DARWIN_ASSUMPTIONS if is_darwin else LINUX_ASSUMPTIONS))
    return "\n".join(lines)


def check_library(target):
    code, messages = compile_c(target, library_source("macos" in target))
    return [f"{target}: the C library\n{messages}"] if code else []


def imported_symbols(folder):
    command = ["xcrun", "nm"] if sys.platform == "darwin" else ["llvm-nm"]
    paths = sorted(folder.rglob("*.o"))
    text = subprocess.run([*command, "-u", *paths], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1] for line in text.splitlines() if line.strip() and not line.endswith(":")}


def swift_modules():
    """The folders of object files of this repository's modules, where they have been built."""
    for build in [".build/debug", "Examples/.build/release"]:
        for sources in SOURCES:
            for folder in sorted((ROOT / sources).iterdir()):
                objects = ROOT / build / f"{folder.name.replace('-', '_')}.build"
                if objects.is_dir() and next(folder.rglob("*.swift"), None):
                    yield folder, objects


def check_list():
    """The functions that compiled Swift code imports and the list lacks, and those that nobody calls any more."""
    listed = {function_name(declaration) for _, declaration in declarations(FUNCTIONS + DARWIN_FUNCTIONS)}
    wrong, modules = [], list(swift_modules())
    for needed in ["SwiftletFiles", "SwiftletTensors"]:
        if needed not in {folder.name for folder, _ in modules}:
            sys.exit(f"{needed} has no object files; run swift build first")
    for folder, objects in modules:
        symbols = imported_symbols(objects)
        imported = {match[1] for symbol in symbols if (match := OVERLAY.match(symbol))}
        imported |= {symbol for symbol in symbols if not RUNTIME.match(symbol)}
        wrong += [f"{folder.relative_to(ROOT)} calls {name}, which the list lacks" for name in sorted(imported - listed)]
    text = "\n".join(
        path.read_text() for folder in SOURCES for path in sorted((ROOT / folder).rglob("*.swift")))
    wrong += [f"nothing calls {name}, which is in the list" for name in sorted(listed) if not re.search(rf"\b{name}\(", text)]
    names = {name for _, name in declarations(CONSTANTS + DARWIN_CONSTANTS + "\n" + LINUX_CONSTANTS)}
    wrong += [f"nothing uses {name}, which is in the list" for name in sorted(names) if not re.search(rf"\b{name}\b", text)]
    used = set(re.findall(
        r"\b(?:E[A-Z]{2,}|[FOS]_[A-Z]+|MAP_[A-Z]+|MADV_[A-Z]+|PROT_[A-Z]+|LOCK_[A-Z]+|POLL[A-Z]+|SIG[A-Z]+\d?|_SC_\w+"
        r"|CLOCK_\w+|R(?:LIMIT|USAGE)_\w+|PTHREAD_\w+|SEEK_\w+|STD\w+_FILENO)\b", re.sub(r"//.*|\"[^\"\n]*\"", "", text)))
    used -= {"MAP_FAILED", "SIG_IGN"}
    wrong += [f"{name} is used, and the list lacks it" for name in sorted(used - names)]
    return wrong, len(modules), len(listed)


def swift(*arguments):
    run = subprocess.run(["swiftc", *map(str, arguments)], capture_output=True, text=True)
    # There is no libc that it would know.
    return run.returncode, "\n".join(line for line in run.stderr.splitlines() if "libc not found" not in line)


def check_swift(library):
    """What Swift's compiler says of the code that calls the C library, with the headers of `Darwin` or `Musl`."""
    import ziglang

    include = pathlib.Path(ziglang.__file__).parent / "lib/libc/include"
    cpu = platform.machine()
    is_darwin = library == "Darwin"
    folders = ["any-darwin-any"] if is_darwin else [
        f"{cpu}-linux-musl", "generic-musl", {"x86_64": "x86-linux-any"}.get(cpu, f"{cpu}-linux-any"), "any-linux-any"]
    headers = ["-nostdlibinc", *(word for folder in folders for word in ["-idirafter", include / folder])]
    headers += APPLE_MACROS if is_darwin else []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # Swift's own modules without that of glibc, so that canImport(Glibc) is false.
        known = json.loads(subprocess.check_output(["swiftc", "-print-target-info"]))["paths"]["runtimeResourcePath"]
        (folder / "swift/linux").mkdir(parents=True)
        for path in [*pathlib.Path(known).iterdir(), *pathlib.Path(known, "linux").iterdir()]:
            if path.name not in ("linux", "Glibc.swiftmodule"):
                (folder / "swift" / path.relative_to(known)).symlink_to(path)
        lines = [line for line in library_source(is_darwin).split("\n") if line.startswith("#")]
        (folder / "library.h").write_text("\n".join(line for line in lines if "IS_POINTER" not in line))
        (folder / "module.modulemap").write_text('module CLibrary [system] { header "library.h" export * }')
        (folder / "overlay.swift").write_text(
            OVERLAY_SOURCE.replace("ERRNO", "__error" if is_darwin else "__errno_location"))
        options = ["-resource-dir", folder / "swift", "-module-cache-path", folder / "cache", "-I", folder]
        options += [word for option in headers for word in ["-Xcc", option]]
        code, messages = swift(
            *options, "-parse-as-library", "-emit-module", "-module-name", library, folder / "overlay.swift", "-o",
            folder / f"{library}.swiftmodule")
        if code:
            return [f"{library}: the module of the C library\n{messages}"]
        # All of the module that opens files; of the other, what needs no further module.
        parts = [("SwiftletFiles", "*.swift"), ("SwiftletTensors", "System.swift")]
        wrong = []
        for module, pattern in parts:
            (folder / module).mkdir()
            copies = []
            for path in sorted((ROOT / "Sources" / module).rglob(pattern)):
                # The platform of the compiler is Linux even now.
                text = path.read_text().replace("os(Linux)", "os(Windows)") if is_darwin else path.read_text()
                copies.append(folder / module / path.name)
                copies[-1].write_text(text)
            code, messages = swift(*options, *SWIFT_OPTIONS, "-typecheck", "-module-name", module, *copies)
            wrong += [f"{library}: {module}\n{messages}"] if code or "warning:" in messages else []
        return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="compile the kernels to LLVM's code alone")
    arguments = parser.parse_args()
    wrong, modules, functions = check_list()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [
            pool.submit(compile_kernels, target, path, *(["-O0", "-emit-llvm"] if arguments.quick else ["-O3"]))
            for target in PLATFORMS for path in sorted(KERNELS.glob("*.c"))]
        jobs += [pool.submit(check_library, target) for target in PLATFORMS]
        jobs.append(pool.submit(expect_refusal, "wasm32-wasi"))
        if sys.platform == "linux":
            jobs += [pool.submit(check_swift, library) for library in ["Darwin", "Musl"]]
        for job in jobs:
            wrong += job.result()
    if wrong:
        sys.exit("\n\n".join(wrong))
    print(f"{len(PLATFORMS)} platforms: kernels compile, {functions} functions are as {modules} Swift modules call them")


if __name__ == "__main__":
    main()
