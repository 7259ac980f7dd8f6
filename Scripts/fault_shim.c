// SPDX-License-Identifier: Apache-2.0
//
// A library to be preloaded that makes one call to the system go wrong: the k-th that a thread makes, of those that
// write files or look into folders, after it asked for that. Linux; Scripts/check_faults.sh builds it.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum {
  DISK_FULL,     // ENOSPC, this once
  DISK_FAILS,    // EIO, this once
  INTERRUPTED,   // EINTR, this once
  SHORT_WRITE,   // half of the bytes are written, or the first of two; other calls go well
  KILLED,        // this call and all after it fail and change nothing, as for a process that is killed here
  POWER_FAILURE  // the same, and what was not brought to the disk is lost: files are empty, renames undone
} fault;

static _Thread_local bool armed;
static _Thread_local fault planned;
static _Thread_local int countdown, calls;

enum { FILES = 1024, RENAMES = 64 };
static _Thread_local bool unsynchronized[FILES];

/// Renames to new names whose folder was not brought to the disk since.
static _Thread_local struct {
  char *from, *to;
} renames[RENAMES];
static _Thread_local int rename_count;

/// From now on the thread's calls count; the `call`-th, from 1, goes wrong.
void faults_arm(int kind, int call) {
  planned = (fault)kind;
  countdown = call;
  calls = 0;
  for (int i = 0; i < FILES; i++) unsynchronized[i] = false;
  rename_count = 0;
  armed = true;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void lose_power(void) {
  for (int i = 0; i < FILES; i++)
    if (unsynchronized[i] && ftruncate(i, 0)) abort();
  // What was removed since does not come back.
  for (; rename_count > 0; rename_count--)
    if (REAL(rename)(renames[rename_count - 1].to, renames[rename_count - 1].from)) continue;
}

/// Calls go well again; power fails now if it was to and did not. Returns how many calls were made.
int faults_disarm(void) {
  if (planned == POWER_FAILURE && countdown > 0) lose_power();
  armed = false;
  return calls;
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

/// Forgets the renames in a folder, which is on the disk now.
static void keep_renames(int file) {
  char link[32], folder[PATH_MAX + 1];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, folder, PATH_MAX);
  if (length < 0) abort();
  folder[length] = '/';
  int kept = 0;
  for (int i = 0; i < rename_count; i++) {
    const char *to = renames[i].to;
    bool is_inside = !strncmp(to, folder, (size_t)length + 1) && !strchr(to + length + 1, '/');
    if (!is_inside) renames[kept++] = renames[i];
  }
  rename_count = kept;
}

int fsync(int file) {
  if (fails()) return -1;
  if (file >= 0 && file < FILES) unsynchronized[file] = false;
  if (armed) keep_renames(file);
  return REAL(fsync)(file);
}

/// A rename over another file is not undone: the other is gone here.
int rename(const char *from, const char *to) {
  if (fails()) return -1;
  bool is_new = access(to, F_OK) != 0;
  int result = REAL(rename)(from, to);
  if (armed && result == 0 && is_new) {
    if (rename_count == RENAMES) abort();
    renames[rename_count].from = strdup(from);
    renames[rename_count++].to = strdup(to);
  }
  return result;
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
