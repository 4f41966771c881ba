/* registry_saver.h: keeps the state on disk: one fiber saves what has changed, and everything that
 * changes meanwhile is the next batch. A write is answered when what it changed was saved.
 *
 * Only for the controller's own files. */
#pragma once

#include "loop/fiber.h"
#include "registry/controller/registry_controller.h"
#include "registry/repository/registry_unsaved.h"

struct registry_saver {
    /* private */
    struct registry_state *state;
    struct registry_repository repository;
    struct registry_controller_events events;
    struct list waiters;
    struct fiber_wait changed;
    struct fiber_wait ended;
    struct cancellation stopped;
    uint64_t saved;  /* registry_state_changes() of what is on disk */
    int64_t told_ns; /* when it was last told that saving fails; 0: it works */
    bool is_running;
};

/* Reads what was kept into the state, which is new, and saves it from then on. Zeroed before but
 * for the repository, without which it does nothing, and the events. As
 * registry_controller_create(). */
MUST_USE enum status registry_saver_open(struct registry_saver *saver, struct call *call,
                                         struct loop *loop, struct registry_state *state,
                                         struct registry_controller_loaded *ret_loaded);

/* Saves what is unsaved, unless that fails. In a fiber. */
void registry_saver_close(struct registry_saver *saver);

/* After a write that returned `status`: parks until everything is saved that had changed by now,
 * also what others changed. STATUS_UNAVAILABLE: it cannot be; the write holds, but a crash would
 * undo it. */
MUST_USE enum status registry_saver_settle(struct registry_saver *saver, struct call *call,
                                           enum status status);
