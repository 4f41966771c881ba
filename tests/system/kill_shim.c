/* Kills a program at a chosen step of what it writes, by LD_PRELOAD. A step is a call that changes
 * a file or a directory whose path begins with KILL_UNDER, or has it synced.
 *
 *   KILL_TRACE  a file: each step is a line there, "CALL PATH"; "rename" has the new path
 *   KILL_STEP   a pattern of fnmatch() for such lines: the process is killed before a step that it
 *               matches, if it is the one of
 *   KILL_TURN   N: the Nth of them; 1 when it is missing */
#include <dlfcn.h>
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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SHIM_FAILED = 97 };

static const char *under;
static const char *kill_step;
static unsigned long kill_turn;
static int trace_fd = -1;
static _Atomic unsigned long matched;

__attribute__((constructor)) static void open_shim(void)
{
    const char *turn = getenv("KILL_TURN");
    const char *trace = getenv("KILL_TRACE");
    under = getenv("KILL_UNDER");
    kill_step = getenv("KILL_STEP");
    kill_turn = turn != NULL ? strtoul(turn, NULL, 10) : 1;
    if (trace != NULL) {
        trace_fd = open(trace, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (trace_fd < 0) {
            _exit(SHIM_FAILED);
        }
    }
}

static void next_function(const char *name, void *function)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        (void)fprintf(stderr, "kill shim: no %s\n", name);
        _exit(SHIM_FAILED);
    }
    memcpy(function, &found, sizeof(found));
}

static void step(const char *call, const char *path)
{
    char line[PATH_MAX + 32];
    if (under == NULL || strncmp(path, under, strlen(under)) != 0) {
        return;
    }
    int length = snprintf(line, sizeof(line), "%s %s\n", call, path);
    /* Past our own write(). */
    if (length < 0 ||
        (trace_fd >= 0 && syscall(SYS_write, trace_fd, line, (size_t)length) != length)) {
        _exit(SHIM_FAILED);
    }
    line[length - 1] = '\0';
    if (kill_step != NULL && fnmatch(kill_step, line, 0) == 0 &&
        atomic_fetch_add(&matched, 1) + 1 == kill_turn) {
        (void)raise(SIGKILL); /* of the whole process: it goes no step further */
    }
}

static void step_of(const char *call, int fd)
{
    char link[32];
    char path[PATH_MAX];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof(path) - 1);
    if (length > 0) {
        path[length] = '\0';
        step(call, path);
    }
}

static int open_as(const char *name, const char *path, int flags, mode_t mode)
{
    int (*next)(const char *, int, mode_t);
    next_function(name, &next);
    if ((flags & O_CREAT) != 0) {
        step("open", path);
    }
    return next(path, flags, mode);
}

/* A mode is given only to what may make a file. */
#define DEFINE_OPEN(name)                                                                          \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        mode_t mode = 0;                                                                           \
        if ((flags & O_CREAT) != 0) {                                                              \
            va_list arguments;                                                                     \
            va_start(arguments, flags);                                                            \
            mode = va_arg(arguments, mode_t);                                                      \
            va_end(arguments);                                                                     \
        }                                                                                          \
        return open_as(#name, path, flags, mode);                                                  \
    }

DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_ON_FD(result, name, parameters, arguments)                                          \
    result name parameters                                                                         \
    {                                                                                              \
        result(*next) parameters;                                                                  \
        next_function(#name, &next);                                                               \
        step_of(#name, fd);                                                                        \
        return next arguments;                                                                     \
    }

DEFINE_ON_FD(ssize_t, write, (int fd, const void *bytes, size_t count), (fd, bytes, count))
DEFINE_ON_FD(ssize_t, pwrite, (int fd, const void *bytes, size_t count, off_t offset),
             (fd, bytes, count, offset))
DEFINE_ON_FD(ssize_t, pwrite64, (int fd, const void *bytes, size_t count, off64_t offset),
             (fd, bytes, count, offset))
DEFINE_ON_FD(int, ftruncate, (int fd, off_t size), (fd, size))
DEFINE_ON_FD(int, ftruncate64, (int fd, off64_t size), (fd, size))
DEFINE_ON_FD(int, fsync, (int fd), (fd))
DEFINE_ON_FD(int, fdatasync, (int fd), (fd))

int mkdir(const char *path, mode_t mode)
{
    int (*next)(const char *, mode_t);
    next_function("mkdir", &next);
    step("mkdir", path);
    return next(path, mode);
}

int unlink(const char *path)
{
    int (*next)(const char *);
    next_function("unlink", &next);
    step("unlink", path);
    return next(path);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    int (*next)(int, const char *, int, const char *, unsigned);
    next_function("renameat2", &next);
    step("rename", to);
    return next(from_fd, from, to_fd, to, flags);
}
