/* supervisor.h: child processes that are started, watched until they are ready, started again when
 * they die, and stopped.
 *
 * Each child has a fiber that lives its life from top to bottom. The children's output goes to
 * <log directory>/<name>.log. One line is printed for every event that matters. */
#pragma once

#include <stdio.h>

#include "base/call.h"
#include "loop/fiber.h"

struct http_client;
struct loop;
struct loop_process;

enum {
    SUPERVISOR_CHILDREN_MAX = 8,
    SUPERVISOR_URLS_MAX = 8,
    SUPERVISOR_ARGUMENTS_MAX = 48,
    SUPERVISOR_BACKOFF_MS = 500, /* the first; doubles */
    SUPERVISOR_BACKOFF_MS_MAX = 10000,
    SUPERVISOR_BACKOFF_RESET_MS =
        30000, /* alive for so long, the next backoff is the first again */
    SUPERVISOR_READY_POLL_MS = 50,
    SUPERVISOR_STOP_MS = 20000, /* between SIGTERM and SIGKILL */
};

struct supervisor;

struct supervisor_child {
    const char *name;                                /* "marquee-rating" */
    struct text path;                                /* the program; ends in NUL */
    const char *arguments[SUPERVISOR_ARGUMENTS_MAX]; /* after the program's name; NULL ends */
    struct text addresses[SUPERVISOR_URLS_MAX];      /* ready when all answer GET /readyz */
    size_t address_count;
    bool ready; /* read only */
    /* private */
    struct supervisor *supervisor;
    struct loop_process *process; /* NULL: none runs */
    struct fiber_wait ended;
    bool has_ended;
    int64_t exit_status;
    int signal;
    int64_t started_ns;
    struct text log_path;
    int64_t log_offset; /* of the log when it was started */
    bool was_ready;     /* once, in any of its lives */
};

struct supervisor {
    /* set by the owner */
    struct loop *loop;
    struct http_client *client;
    bool secure; /* the children are asked by https */
    FILE *output;
    struct text own_path;      /* of `marquee`, for child-of; ends in NUL */
    struct text log_directory; /* exists */
    bool restart;
    struct arena *arena; /* outlives it */
    struct supervisor_child children[SUPERVISOR_CHILDREN_MAX];
    size_t child_count;
    /* read only */
    bool failed; /* a child did not come up at all: everything is stopped */
    /* private */
    char own_process[16]; /* its id in decimal */
    struct cancellation stop;
    struct fiber_group fibers;
    struct fiber_wait changed;
};

/* Zeroed before, but for what the owner has set. */
void supervisor_init(struct supervisor *supervisor);

/* Starts the life of a child. STATUS_RESOURCE_EXHAUSTED: no fiber or memory. */
MUST_USE enum status supervisor_start(struct supervisor *supervisor,
                                      struct supervisor_child *child);

/* Waits for every child that was started to be ready.
 * STATUS_CANCELLED: everything is being stopped. STATUS_DEADLINE_EXCEEDED: the call is over. */
MUST_USE enum status supervisor_wait_ready(struct supervisor *supervisor, struct call *call);

/* Has every child stopped: SIGTERM, and after SUPERVISOR_STOP_MS SIGKILL. From any callback. */
void supervisor_stop(struct supervisor *supervisor);

/* Sends a signal to all that run. */
void supervisor_signal(struct supervisor *supervisor, int number);

/* Sends SIGKILL to all at once. */
void supervisor_kill(struct supervisor *supervisor);

/* Waits until no child lives and none will be started. */
void supervisor_join(struct supervisor *supervisor);
