/* loop_private.h: the parts of a loop, for the files of this folder. */
#pragma once

#include <stdatomic.h>
#include <uv.h>

#include "loop/fiber_private.h"
#include "loop/loop.h"

struct timer_entry {
    int64_t key_ns;
    struct loop_timer *timer;
};

/* A binary heap whose first place is 1, and the one uv_timer that wakes for its first entry. */
struct loop_timers {
    struct timer_entry *entries;
    size_t count;
    size_t capacity;
    size_t reserved;   /* places kept free for fibers: each waits for one deadline at most */
    int64_t passed_ns; /* what was due by then has expired */
    uint64_t armed_ms; /* when alarm goes off, in uv_now(); UINT64_MAX: never */
    uv_timer_t alarm;
};

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_prepare_t prepare;
    uv_idle_t busy;                     /* active when the poll must not wait */
    _Atomic(struct loop_task *) posted; /* newest first */
    atomic_bool stop;
    bool (*is_done)(void *argument);
    void *is_done_argument;
    bool done;
    struct loop_task *deferred_first;
    struct loop_task **deferred_end;
    struct loop_timers timers;
    struct fiber_scheduler fibers;
    int64_t now_ns;
    uint64_t now_ms; /* the uv_now() that now_ns belongs to */
    void *signal_stack;
    unsigned index;
};

void loop_timers_init(struct loop *loop);
void loop_timers_deinit(struct loop *loop);

/* One more fiber may wait for a deadline, or one less. false: no memory. */
bool loop_timers_reserve(struct loop *loop);
void loop_timers_unreserve(struct loop *loop);

/* loop_timer_start() in a reserved place: cannot fail. The timer does not run. */
void loop_timer_start_reserved(struct loop *loop, struct loop_timer *timer, int64_t due_ns);

/* Blocks, for threads that are about to be started, every signal that is not the thread's own
 * doing; *ret_previous is for loop_signals_restore(). */
void loop_signals_block(sigset_t *ret_previous);
void loop_signals_restore(const sigset_t *previous);
