/*
 * Preloaded into a child process: tells each change that it makes to the files under CRASH_WATCH, in the lines that
 * event.ts reads, and fails or kills where it is told to. Built with cc when the crash gate runs.
 *
 *   CRASH_WATCH   the directory whose files matter
 *   CRASH_RECORD  the file that gets the lines; none when absent
 *   CRASH_KILL    "<n> before" or "<n> after": SIGKILL at the n-th change
 *   CRASH_FAULT   "<class> <errno> <first> <last>": these calls of class write, sync, name or truncate fail. Errno 0: the
 *                 call writes only half of its bytes.
 *
 * A call is written down once it is done, a sync also when it begins: it covers what was written down before that.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The function that this one stands before. */
#define NEXT(name) \
  static __typeof__(&name) next; \
  if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *watch;
static size_t watch_length;
static int record = -1;
static long kill_at;
static int kill_after;
static long changes, matching, syncs;

static ssize_t plain_write(int fd, const void *bytes, size_t count) {
  NEXT(write);
  return next(fd, bytes, count);
}

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("CRASH_RECORD"), *kill_plan = getenv("CRASH_KILL");
  watch = getenv("CRASH_WATCH");
  if (!watch) return;
  watch_length = strlen(watch);
  if (path) record = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (kill_plan) {
    kill_at = atol(kill_plan);
    kill_after = strstr(kill_plan, "after") != NULL;
  }
}

/* The -shm file is left out: SQLite builds it anew from the log after every crash. */
static int matters(const char *path) {
  size_t length = strlen(path);
  if (!watch || strncmp(path, watch, watch_length) || (path[watch_length] && path[watch_length] != '/')) return 0;
  return length < 4 || strcmp(path + length - 4, "-shm");
}

static int of_fd(int fd, char *path) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = watch ? readlink(link, path, PATH_MAX - 1) : -1;
  if (length < 0) return 0;
  path[length] = 0;
  return matters(path) && !strstr(path, " (deleted)");
}

static int of_path(int dir, const char *name, char *path) {
  if (!watch) return 0;
  if (name[0] == '/') snprintf(path, PATH_MAX, "%s", name);
  else {
    char base[PATH_MAX], link[32];
    snprintf(link, sizeof link, dir == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dir);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) return 0;
    base[length] = 0;
    if (snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) return 0;
  }
  return matters(path);
}

/* One line, in one write. `bytes` may be NULL; else they follow the word and its numbers as hex. */
static void tell(const char *head, const void *bytes, size_t count, const char *path, const char *to) {
  if (record < 0) return;
  int error = errno;
  char *line = malloc(count * 2 + strlen(head) + 2 * PATH_MAX + 8), *end = line;
  end += sprintf(end, "%s\t", head);
  for (size_t at = 0; at < count; at++) end += sprintf(end, "%02x", ((const unsigned char *)bytes)[at]);
  end += sprintf(end, "\t%s\t%s\n", path, to ? to : "");
  pthread_mutex_lock(&lock);
  if (plain_write(record, line, end - line) != end - line) abort();
  pthread_mutex_unlock(&lock);
  free(line);
  errno = error;
}

/* Counts a change, and is where the process dies or learns that the call fails: 0, an errno, or -1 for a half write. */
static int reach(const char *class) {
  const char *fault = getenv("CRASH_FAULT");
  char of[16];
  long error, first, last;
  int is = 0;
  pthread_mutex_lock(&lock);
  if (++changes == kill_at && !kill_after) kill(getpid(), SIGKILL);
  if (fault && sscanf(fault, "%15s %ld %ld %ld", of, &error, &first, &last) == 4 && !strcmp(of, class)) {
    matching++;
    if (matching >= first && matching <= last) is = error ? (int)error : -1;
  }
  pthread_mutex_unlock(&lock);
  if (is) tell("fault", NULL, 0, class, NULL);
  return is;
}

static void reached(void) {
  if (kill_at && kill_after && changes >= kill_at) kill(getpid(), SIGKILL);
}

static void tell_write(const void *bytes, ssize_t count, off_t at, const char *path) {
  char head[48];
  snprintf(head, sizeof head, "write %lld", (long long)at);
  if (count > 0) tell(head, bytes, (size_t)count, path, NULL);
}

/* `CALL` is a call of the next function; `error` is what it shall fail with. */
#define OR_FAULT(error, CALL) ((error) > 0 ? (errno = (error), -1) : (CALL))

ssize_t write(int fd, const void *bytes, size_t count) {
  char path[PATH_MAX];
  if (fd == 1 && watch) tell("said", bytes, count, "", NULL);
  if (fd == record || !of_fd(fd, path)) return plain_write(fd, bytes, count);
  int error = reach("write");
  ssize_t done = OR_FAULT(error, plain_write(fd, bytes, error < 0 && count > 1 ? count / 2 : count));
  if (done > 0) tell_write(bytes, done, lseek(fd, 0, SEEK_CUR) - done, path);
  reached();
  return done;
}

#define PWRITE(name, offset) \
  ssize_t name(int fd, const void *bytes, size_t count, offset at) { \
    NEXT(name); \
    char path[PATH_MAX]; \
    if (!of_fd(fd, path)) return next(fd, bytes, count, at); \
    int error = reach("write"); \
    ssize_t done = OR_FAULT(error, next(fd, bytes, error < 0 && count > 1 ? count / 2 : count, at)); \
    tell_write(bytes, done, at, path); \
    reached(); \
    return done; \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

/* Many buffers are written one by one: what a crash leaves of them is any part anyway. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
  NEXT(writev);
  char path[PATH_MAX];
  if (fd != 1 && !of_fd(fd, path)) return next(fd, parts, count);
  ssize_t sum = 0, done = 0;
  for (int i = 0; i < count && (i == 0 || done == (ssize_t)parts[i - 1].iov_len); i++, sum += done)
    if ((done = write(fd, parts[i].iov_base, parts[i].iov_len)) < 0) return sum ? sum : -1;
  return sum;
}

#define PWRITEV(name, one, offset) \
  ssize_t name(int fd, const struct iovec *parts, int count, offset at) { \
    NEXT(name); \
    char path[PATH_MAX]; \
    if (!of_fd(fd, path)) return next(fd, parts, count, at); \
    ssize_t sum = 0, done = 0; \
    for (int i = 0; i < count && (i == 0 || done == (ssize_t)parts[i - 1].iov_len); i++, sum += done) \
      if ((done = one(fd, parts[i].iov_base, parts[i].iov_len, at + sum)) < 0) return sum ? sum : -1; \
    return sum; \
  }
PWRITEV(pwritev, pwrite, off_t)
PWRITEV(pwritev64, pwrite64, off64_t)

#define TRUNCATE(name, offset) \
  int name(int fd, offset size) { \
    NEXT(name); \
    char path[PATH_MAX], head[48]; \
    if (!of_fd(fd, path)) return next(fd, size); \
    int error = reach("truncate"); \
    int failed = OR_FAULT(error, next(fd, size)); \
    snprintf(head, sizeof head, "truncate %lld", (long long)size); \
    if (!failed) tell(head, NULL, 0, path, NULL); \
    reached(); \
    return failed; \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name) \
  int name(int fd) { \
    NEXT(name); \
    char path[PATH_MAX], head[48]; \
    if (!of_fd(fd, path)) return next(fd); \
    int error = reach("sync"); \
    long id = __atomic_add_fetch(&syncs, 1, __ATOMIC_SEQ_CST); \
    snprintf(head, sizeof head, "begin %ld", id); \
    tell(head, NULL, 0, path, NULL); \
    int failed = OR_FAULT(error, next(fd)); \
    snprintf(head, sizeof head, "%s %ld", failed ? "failed" : "synced", id); \
    tell(head, NULL, 0, path, NULL); \
    reached(); \
    return failed; \
  }
SYNC(fsync)
SYNC(fdatasync)

/* Only an open that makes or empties a file changes anything. */
#define OPENED(dir, name, flags, CALL) \
  char path[PATH_MAX]; \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  } \
  if (!((flags) & (O_CREAT | O_TRUNC)) || !of_path(dir, name, path)) return CALL; \
  int exists = access(path, F_OK) == 0; \
  if (exists && !((flags) & O_TRUNC)) return CALL; \
  int error = reach("name"); \
  int fd = OR_FAULT(error, CALL); \
  if (fd >= 0) tell((flags) & O_TRUNC ? "open empty" : "open keep", NULL, 0, path, NULL); \
  reached(); \
  return fd;

int open(const char *name, int flags, ...) { NEXT(open); OPENED(AT_FDCWD, name, flags, next(name, flags, mode)) }
int open64(const char *name, int flags, ...) { NEXT(open64); OPENED(AT_FDCWD, name, flags, next(name, flags, mode)) }
int openat(int dir, const char *name, int flags, ...) { NEXT(openat); OPENED(dir, name, flags, next(dir, name, flags, mode)) }
int openat64(int dir, const char *name, int flags, ...) { NEXT(openat64); OPENED(dir, name, flags, next(dir, name, flags, mode)) }
int creat(const char *name, mode_t mode) { return open(name, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int creat64(const char *name, mode_t mode) { return open64(name, O_WRONLY | O_CREAT | O_TRUNC, mode); }

/* A change of names: `word` and its path or paths. */
#define NAMED(word, first, second, CALL) \
  int error = reach("name"); \
  int failed = OR_FAULT(error, CALL); \
  if (!failed) tell(word, NULL, 0, first, second); \
  reached(); \
  return failed;

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
  NEXT(renameat2);
  char path[PATH_MAX], target[PATH_MAX];
  int of = of_path(from_dir, from, path), onto = of_path(to_dir, to, target);
  if (!of && !onto) return next(from_dir, from, to_dir, to, flags);
  NAMED("rename", path, target, next(from_dir, from, to_dir, to, flags))
}
int renameat(int from_dir, const char *from, int to_dir, const char *to) {
  return renameat2(from_dir, from, to_dir, to, 0);
}
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int dir, const char *name, int flags) {
  NEXT(unlinkat);
  char path[PATH_MAX];
  if (!of_path(dir, name, path)) return next(dir, name, flags);
  NAMED("unlink", path, NULL, next(dir, name, flags))
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }
int remove(const char *name) {
  struct stat of;
  return unlinkat(AT_FDCWD, name, lstat(name, &of) == 0 && S_ISDIR(of.st_mode) ? AT_REMOVEDIR : 0);
}

int mkdirat(int dir, const char *name, mode_t mode) {
  NEXT(mkdirat);
  char path[PATH_MAX];
  if (!of_path(dir, name, path)) return next(dir, name, mode);
  NAMED("mkdir", path, NULL, next(dir, name, mode))
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

/* What the images would have to know of and do not: the gate refuses a record with such a line. */
#define UNKNOWN(name, types, values, fd) \
  int name types { \
    NEXT(name); \
    char path[PATH_MAX]; \
    if (of_fd(fd, path)) tell("unknown " #name, NULL, 0, path, NULL); \
    return next values; \
  }
UNKNOWN(fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size), fd)
UNKNOWN(fallocate64, (int fd, int mode, off64_t at, off64_t size), (fd, mode, at, size), fd)
UNKNOWN(posix_fallocate, (int fd, off_t at, off_t size), (fd, at, size), fd)
UNKNOWN(posix_fallocate64, (int fd, off64_t at, off64_t size), (fd, at, size), fd)
UNKNOWN(sync_file_range, (int fd, off64_t at, off64_t size, unsigned flags), (fd, at, size, flags), fd)
