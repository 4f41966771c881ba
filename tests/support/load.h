/* load.h: callers that ask without a pause, each one call after the other, and how that went.
 *
 * In a fiber; callers are fibers of the same loop. */
#pragma once

#include "loop/fiber.h"

enum { LOAD_CALLERS_MAX = 64, LOAD_CALL_TIMEOUT_MS = 5000, LOAD_FAILURE_BYTES_MAX = 256 };

/* One call. false: it failed; the call's error says how. */
typedef bool (*load_call_fn)(void *state, struct call *call);

struct load_caller {
    struct load *load;
    load_call_fn ask;
    void *state;
};

struct load {
    /* read only */
    unsigned calls;
    unsigned failed;
    char failure[LOAD_FAILURE_BYTES_MAX]; /* of the last one that failed, in words */
    /* private */
    bool enough;
    unsigned awaited;
    unsigned caller_count;
    struct load_caller callers[LOAD_CALLERS_MAX];
    struct fiber_wait progress;
    struct fiber_group fibers;
};

void load_init(struct load *load);

/* So many callers more. */
void load_start(struct load *load, unsigned callers, load_call_fn ask, void *state);

/* Waits until so many calls more have ended; fails the test when that takes too long. */
void load_await(struct load *load, unsigned more);

/* The same, and fails the test if one of them failed. */
void load_await_unharmed(struct load *load, unsigned more);

/* For so long, every call must succeed. */
void load_await_for(struct load *load, int64_t duration_ms);

/* Lets every caller end its last call. */
void load_stop(struct load *load);
