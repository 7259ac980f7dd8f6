// SPDX-License-Identifier: Apache-2.0
//
// A library to be preloaded that makes one call to the system go wrong: the k-th that a thread makes, of those that
// write files or look into folders, after it asked for that. Linux; Scripts/check_faults.sh builds it.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum {
  DISK_FULL,     // ENOSPC, this once
  DISK_FAILS,    // EIO, this once
  INTERRUPTED,   // EINTR, this once
  SHORT_WRITE,   // half of the bytes are written, or the first of two; other calls go well
  KILLED,        // this call and all after it fail and change nothing, as for a process that is killed here
  POWER_FAILURE  // the same, and files that were not brought to the disk are empty
} fault;

static _Thread_local bool armed;
static _Thread_local fault planned;
static _Thread_local int countdown, calls;

enum { FILES = 1024 };
static _Thread_local bool unsynchronized[FILES];

/// From now on the thread's calls count; the `call`-th, from 1, goes wrong.
void faults_arm(int kind, int call) {
  planned = (fault)kind;
  countdown = call;
  calls = 0;
  for (int i = 0; i < FILES; i++) unsynchronized[i] = false;
  armed = true;
}

/// Calls go well again. Returns how many were made.
int faults_disarm(void) {
  armed = false;
  return calls;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void lose_power(void) {
  for (int i = 0; i < FILES; i++)
    if (unsynchronized[i] && ftruncate(i, 0)) continue;
}

/// Whether this call is to fail, errno set.
static bool fails(void) {
  if (!armed) return false;
  calls++;
  bool is_now = --countdown == 0, is_past = countdown < 0;
  switch (planned) {
    case DISK_FULL: errno = ENOSPC; return is_now;
    case DISK_FAILS: errno = EIO; return is_now;
    case INTERRUPTED: errno = EINTR; return is_now;
    case SHORT_WRITE: return false;
    case POWER_FAILURE:
      if (is_now) lose_power();
      errno = EIO;
      return is_now || is_past;
    case KILLED: errno = EIO; return is_now || is_past;
  }
  return false;
}

static size_t shortened(size_t count) {
  return armed && planned == SHORT_WRITE && countdown == 0 && count > 1 ? count / 2 : count;
}

#define OPEN(name)                                                      \
  int name(const char *path, int flags, ...) {                          \
    va_list arguments;                                                  \
    va_start(arguments, flags);                                         \
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;      \
    va_end(arguments);                                                  \
    return fails() ? -1 : REAL(name)(path, flags, mode);                \
  }
OPEN(open)
OPEN(open64)

static void note_write(int file) {
  if (armed && file >= 0 && file < FILES) unsynchronized[file] = true;
}

ssize_t write(int file, const void *bytes, size_t count) {
  if (fails()) return -1;
  note_write(file);
  return REAL(write)(file, bytes, shortened(count));
}

#define PWRITE(name)                                                         \
  ssize_t name(int file, const void *bytes, size_t count, off_t offset) {    \
    if (fails()) return -1;                                                  \
    note_write(file);                                                        \
    return REAL(name)(file, bytes, shortened(count), offset);                \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

int fsync(int file) {
  if (fails()) return -1;
  if (file >= 0 && file < FILES) unsynchronized[file] = false;
  return REAL(fsync)(file);
}

/// A file is closed even where that fails, as Linux does. A file that was not brought to the disk would be lost by a
/// power failure later than here: it is taken to be lost at once.
int close(int file) {
  bool failing = fails();
  int code = errno;
  if (armed && planned == POWER_FAILURE && file >= 0 && file < FILES && unsynchronized[file]) {
    if (ftruncate(file, 0)) code = EIO;
    unsynchronized[file] = false;
  }
  int result = REAL(close)(file);
  if (failing) errno = code;
  return failing ? -1 : result;
}

#define CALL(name, parameters, arguments) \
  int name parameters { return fails() ? -1 : REAL(name) arguments; }
CALL(rename, (const char *from, const char *to), (from, to))
CALL(mkdir, (const char *path, mode_t mode), (path, mode))
CALL(rmdir, (const char *path), (path))
CALL(unlink, (const char *path), (path))

DIR *opendir(const char *path) { return fails() ? NULL : REAL(opendir)(path); }

#define PREAD(name)                                                    \
  ssize_t name(int file, void *bytes, size_t count, off_t offset) {    \
    return fails() ? -1 : REAL(name)(file, bytes, count, offset);      \
  }
PREAD(pread)
PREAD(pread64)
