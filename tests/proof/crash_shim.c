#include "proof/crash_shim.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ACTION_FAILED = 99 };

static const char *const point_names[CRASH_POINT_COUNT] = {
#define X(number, symbol, name) [number] = name,
    CRASH_POINTS(X)
#undef X
};

static struct crash_counters private_counters;
static struct crash_counters *counters = &private_counters;
static _Atomic uint64_t reached_here[CRASH_POINT_COUNT];
static int armed_point = -1;
static uint64_t armed_turn;
static int armed_signal;
static const char *trigger;

static void share_counters(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(*counters)) != 0) {
        _exit(ACTION_FAILED);
    }
    void *shared = mmap(NULL, sizeof(*counters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) {
        _exit(ACTION_FAILED);
    }
    counters = shared;
    (void)close(fd);
}

/* POINT:N:ACTION, written by our own runner: what is not of this form ends the process. */
static void arm(const char *order)
{
    size_t length = strcspn(order, ":");
    for (int i = 0; i < CRASH_POINT_COUNT; i++) {
        if (strlen(point_names[i]) == length && memcmp(point_names[i], order, length) == 0) {
            armed_point = i;
        }
    }
    char *end;
    armed_turn = order[length] == ':' ? strtoul(order + length + 1, &end, 10) : 0;
    if (armed_point < 0 || armed_turn == 0) {
        _exit(ACTION_FAILED);
    }
    armed_signal = strcmp(end, ":stop") == 0 ? SIGSTOP : SIGKILL;
}

__attribute__((constructor)) static void open_shim(void)
{
    const char *path = getenv("PROOF_COUNTERS");
    const char *order = getenv("PROOF_CRASH");
    trigger = getenv("PROOF_TRIGGER");
    if (path != NULL && path[0] != '\0') {
        share_counters(path);
    }
    if (order != NULL && order[0] != '\0') {
        arm(order);
    }
}

void crash_point_reached(enum crash_point point)
{
    atomic_fetch_add(&counters->reached[point], 1);
    if (trigger != NULL && access(trigger, F_OK) != 0) {
        return;
    }
    uint64_t turn = atomic_fetch_add(&reached_here[point], 1) + 1;
    if ((int)point == armed_point && turn == armed_turn) {
        atomic_fetch_add(&counters->fired[point], 1);
        (void)raise(armed_signal); /* to this thread: it goes no step further */
    }
}

bool crash_shim_is_store(const char *path)
{
    const char *part = getenv("PROOF_STORE");
    return part != NULL && path != NULL && strstr(path, part) != NULL;
}

void crash_shim_next(const char *name, void *function)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        (void)fprintf(stderr, "crash shim: no %s\n", name);
        _exit(ACTION_FAILED);
    }
    memcpy(function, &found, sizeof(found));
}
