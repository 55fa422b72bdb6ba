// SPDX-License-Identifier: Apache-2.0

// Preloaded into a program (LD_PRELOAD), it notes each call that changes a folder and spoils one of them.
//
//   IAPC_FAULT_BELOW   the folder, as realpath gives it; calls on other paths are not counted
//   IAPC_FAULT_LOG     a file that each counted call adds a line to: NUMBER CALL PATH
//   IAPC_FAULT_CALL    the call to spoil (open, write, fsync, settle, close, rename, mkdir, unlink,
//                      truncate, flock), or * for any; settle is the fsync of a folder
//   IAPC_FAULT_PATH    a pattern of its path, as fnmatch has it; for a rename either path may match
//   IAPC_FAULT_NUMBER  which of the calls that match, from 1
//   IAPC_FAULT_KIND    an error (EIO, ENOSPC, EACCES, EXDEV, EMFILE, EINTR, ENOLCK), or
//                      short  half of the bytes are written, and the call says so
//                      full   as short, and from then on there is no space left
//                      kill   the process is killed before the call
//                      after  ... or after it
//                      tear   ... or when half of the bytes are written

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static const char *below, *call_wanted, *pattern, *kind;
static int number_wanted, log_file = -1;
static atomic_int counted, matched;
static atomic_bool is_full;

__attribute__((constructor)) static void begin(void) {
  const char *log = getenv("IAPC_FAULT_LOG"), *number = getenv("IAPC_FAULT_NUMBER");
  call_wanted = getenv("IAPC_FAULT_CALL");
  pattern = getenv("IAPC_FAULT_PATH");
  kind = getenv("IAPC_FAULT_KIND");
  number_wanted = number ? atoi(number) : 0;
  if (log) log_file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  below = getenv("IAPC_FAULT_BELOW");
}

static bool is_below(const char *path) {
  if (!below || !path) return false;
  size_t length = strlen(below);
  return strncmp(path, below, length) == 0 && (path[length] == '/' || path[length] == 0);
}

// The path of an open file. False where there is none below the folder.
static bool path_of(int descriptor, char path[PATH_MAX]) {
  char link[64];
  if (!below) return false;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
  if (length <= 0) return false;
  path[length] = 0;
  return is_below(path);
}

static void note(const char *text, int number, const char *call, const char *path) {
  char line[PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%s%d %s %s\n", text, number, call, path);
  if (log_file >= 0) syscall(SYS_write, log_file, line, (size_t)length);
}

static int error_number(void) {
  static const struct { const char *name; int number; } errors[] = {
    {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EACCES", EACCES}, {"EXDEV", EXDEV}, {"EMFILE", EMFILE},
    {"EINTR", EINTR}, {"ENOLCK", ENOLCK},
  };
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
    if (strcmp(kind, errors[i].name) == 0) return errors[i].number;
  return 0;
}

static bool is(const char *name) { return strcmp(kind, name) == 0; }

// Counts a call on a path below the folder. True where it is the one to spoil.
static bool is_spoiled(const char *call, const char *path, const char *other) {
  int number = atomic_fetch_add(&counted, 1) + 1;
  note("", number, call, path);
  if (!kind) return false;
  if (strcmp(call_wanted, "*") != 0 && strcmp(call_wanted, call) != 0) return false;
  if (pattern && fnmatch(pattern, path, 0) != 0 && (!other || fnmatch(pattern, other, 0) != 0)) return false;
  if (atomic_fetch_add(&matched, 1) + 1 != number_wanted) return false;
  note("fault ", number, call, path);
  if (is("kill")) kill(getpid(), SIGKILL);
  return true;
}

static bool takes_no_more(void) {
  if (atomic_load(&is_full)) errno = ENOSPC;
  return atomic_load(&is_full);
}

#define SYSTEM(name) __typeof__(&name) system_call = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

// A call without a half: fails, or is done and maybe the last thing done.
#define WHOLE(call_name, path, other, needs_room, expression)                                      \
  do {                                                                                             \
    bool spoiled = is_spoiled(call_name, path, other);                                             \
    if (spoiled && error_number() != 0) {                                                          \
      errno = error_number();                                                                      \
      return -1;                                                                                   \
    }                                                                                              \
    if (spoiled && is("full")) atomic_store(&is_full, true);                                       \
    if (needs_room && takes_no_more()) return -1;                                                  \
    int result = (expression);                                                                     \
    if (spoiled && is("after")) kill(getpid(), SIGKILL);                                           \
    return result;                                                                                 \
  } while (0)

#define OPEN(name)                                                                                 \
  int name(const char *path, int flags, ...) {                                                     \
    SYSTEM(name);                                                                                  \
    va_list rest;                                                                                  \
    va_start(rest, flags);                                                                         \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                        \
    va_end(rest);                                                                                  \
    if (!(flags & O_CREAT) || !is_below(path)) return system_call(path, flags, mode);              \
    WHOLE("open", path, NULL, true, system_call(path, flags, mode));                               \
  }

#define OPENAT(name)                                                                               \
  int name(int folder, const char *path, int flags, ...) {                                         \
    SYSTEM(name);                                                                                  \
    va_list rest;                                                                                  \
    va_start(rest, flags);                                                                         \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                        \
    va_end(rest);                                                                                  \
    if (!(flags & O_CREAT) || !is_below(path)) return system_call(folder, path, flags, mode);      \
    WHOLE("open", path, NULL, true, system_call(folder, path, flags, mode));                       \
  }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

// How many bytes of a write are to be written; -1 with errno where none are.
static ssize_t allowed(const char *path, size_t count, bool *is_last) {
  *is_last = false;
  if (is_spoiled("write", path, NULL)) {
    if (error_number() != 0) {
      errno = error_number();
      return -1;
    }
    *is_last = is("tear") || is("after");
    if (is("full")) atomic_store(&is_full, true);
    return is("after") ? (ssize_t)count : (ssize_t)(count > 1 ? count / 2 : count);
  }
  return takes_no_more() ? -1 : (ssize_t)count;
}

#define WRITE(name, parameters, ...)                                                               \
  ssize_t name parameters {                                                                        \
    SYSTEM(name);                                                                                  \
    char path[PATH_MAX];                                                                           \
    bool is_last = false;                                                                          \
    if (path_of(descriptor, path)) {                                                               \
      ssize_t part = allowed(path, count, &is_last);                                               \
      if (part < 0) return -1;                                                                     \
      count = (size_t)part;                                                                        \
    }                                                                                              \
    ssize_t result = system_call(__VA_ARGS__);                                                     \
    if (is_last) kill(getpid(), SIGKILL);                                                          \
    return result;                                                                                 \
  }

WRITE(write, (int descriptor, const void *from, size_t count), descriptor, from, count)
WRITE(pwrite, (int descriptor, const void *from, size_t count, off_t at), descriptor, from, count, at)
WRITE(pwrite64, (int descriptor, const void *from, size_t count, off64_t at), descriptor, from, count, at)

static const char *fsync_name(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? "settle" : "fsync";
}

#define ON_FILE(name, call_name, parameters, ...)                                                  \
  int name parameters {                                                                            \
    SYSTEM(name);                                                                                  \
    char path[PATH_MAX];                                                                           \
    if (!path_of(descriptor, path)) return system_call(__VA_ARGS__);                               \
    WHOLE(call_name, path, NULL, false, system_call(__VA_ARGS__));                                 \
  }

ON_FILE(fsync, fsync_name(path), (int descriptor), descriptor)
ON_FILE(fdatasync, fsync_name(path), (int descriptor), descriptor)
ON_FILE(flock, "flock", (int descriptor, int operation), descriptor, operation)
ON_FILE(ftruncate, "truncate", (int descriptor, off_t size), descriptor, size)
ON_FILE(ftruncate64, "truncate", (int descriptor, off64_t size), descriptor, size)

// A close that fails has closed the file all the same.
int close(int descriptor) {
  SYSTEM(close);
  char path[PATH_MAX];
  if (!path_of(descriptor, path) || (fcntl(descriptor, F_GETFL) & O_ACCMODE) == O_RDONLY)
    return system_call(descriptor);
  if (!is_spoiled("close", path, NULL)) return system_call(descriptor);
  int code = error_number(), result = system_call(descriptor);
  if (is("after")) kill(getpid(), SIGKILL);
  if (code == 0) return result;
  errno = code;
  return -1;
}

#define RENAME(name, parameters, ...)                                                              \
  int name parameters {                                                                            \
    SYSTEM(name);                                                                                  \
    if (!is_below(from)) return system_call(__VA_ARGS__);                                          \
    WHOLE("rename", from, to, false, system_call(__VA_ARGS__));                                    \
  }

RENAME(rename, (const char *from, const char *to), from, to)
RENAME(renameat, (int a, const char *from, int b, const char *to), a, from, b, to)
RENAME(renameat2, (int a, const char *from, int b, const char *to, unsigned flags), a, from, b, to, flags)

#define ON_PATH(name, call_name, needs_room, parameters, ...)                                      \
  int name parameters {                                                                            \
    SYSTEM(name);                                                                                  \
    if (!is_below(path)) return system_call(__VA_ARGS__);                                          \
    WHOLE(call_name, path, NULL, needs_room, system_call(__VA_ARGS__));                            \
  }

ON_PATH(mkdir, "mkdir", true, (const char *path, mode_t mode), path, mode)
ON_PATH(unlink, "unlink", false, (const char *path), path)
ON_PATH(unlinkat, "unlink", false, (int folder, const char *path, int flags), folder, path, flags)
