/* catalogue_follower.h: keeps a copy of what another service has, by its feed: lists everything
 * once, then takes what changes, and begins anew when the feed says so.
 *
 * Runs in a fiber of one loop. When the service is away it is asked again, with pauses; the copy
 * stays meanwhile, and grows old. */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/call.h"
#include "base/log.h"
#include "loop/fiber.h"

struct loop;

enum {
    CATALOGUE_PAGE_SIZE = 500,    /* entries asked for at once */
    CATALOGUE_WAIT_MS = 1000,     /* for a change, when there is none */
    CATALOGUE_TIMEOUT_MS = 10000, /* of one question */
    CATALOGUE_PAUSE_MS_MAX = 500, /* between two questions, when the service is away */
    CATALOGUE_TOKEN_BYTES_MAX = 1024,
    CATALOGUE_ARENA_BYTES_MAX = 64 * 1024 * 1024, /* for one page */
};

/* What came of one question. */
struct catalogue_step {
    struct text next_page_token; /* of fill(); empty: that was all */
    int64_t sequence;            /* where to go on: of follow(), and of fill()'s first page */
    bool more;                   /* of follow(): there are further changes already */
    size_t count;                /* of entries */
};

struct catalogue_follower_options {
    const struct log *log; /* borrowed */
    const char *service;   /* "metadata" */
    /* A beginning, when everything is about to be listed; and its end, when everything was. */
    void (*begin)(void *state);
    void (*end)(void *state);
    /* Asks for one page, and takes it. Entries may come twice. */
    enum status (*fill)(void *state, struct call *call, struct text page_token,
                        struct catalogue_step *ret_step);
    enum status (*follow)(void *state, struct call *call, int64_t sequence,
                          struct catalogue_step *ret_step);
    void *state;
};

struct catalogue_follower {
    /* private */
    struct catalogue_follower_options options;
    struct arena arena;
    struct call call;
    struct cancellation stop;
    struct fiber_group running;
    bool is_running;
    bool is_filling;
    bool is_following;
    bool is_failing;  /* said once */
    int64_t pause_ns; /* the last one; 0: all is well */
    int64_t failing_since_ns;
    int64_t sequence;
    int64_t began_ns; /* the listing that goes on */
    size_t token_length;
    char token[CATALOGUE_TOKEN_BYTES_MAX];
    _Atomic int64_t as_of_ns; /* clock_monotonic_ns(); 0: it was never complete */
    _Atomic uint64_t entries; /* taken */
    _Atomic uint64_t listings;
    _Atomic uint64_t failures;
};

/* In a fiber of the loop that it is to run on. STATUS_RESOURCE_EXHAUSTED: no fiber. */
MUST_USE enum status catalogue_follower_start(struct catalogue_follower *self,
                                              const struct catalogue_follower_options *options);

/* In a fiber of the same loop: ends it, and waits for that. Never started: does nothing. */
void catalogue_follower_stop(struct catalogue_follower *self);

/* From any thread. Whether the copy was ever complete. */
bool catalogue_follower_is_filled(const struct catalogue_follower *self);

/* Of a copy that is: everything that was acknowledged so long ago is in it. */
int64_t catalogue_follower_age_ms(const struct catalogue_follower *self);
