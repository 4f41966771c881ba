/* registry_deadlines.h: many times to come, kept in slots of one tick each, so that moving one (a
 * heartbeat) costs nothing and finding those that are due costs only them.
 *
 * What is due is found at the next tick after its time. Knows no clock: the caller says what time
 * it is. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

enum {
    REGISTRY_TICK_MS = 50,
    REGISTRY_DEADLINE_SLOTS =
        1024, /* later ones wait in the last slot, more than once if need be */
};

struct registry_deadline {
    int64_t due_ns; /* read only */
    int kind;       /* the owner's */
    /* private */
    struct list link;
};

struct registry_deadlines {
    size_t count; /* read only */
    /* private */
    int64_t tick; /* the last one that was taken */
    struct list slots[REGISTRY_DEADLINE_SLOTS];
};

void registry_deadlines_init(struct registry_deadlines *deadlines);

void registry_deadline_init(struct registry_deadline *deadline, int kind);

/* (Re)starts it. */
void registry_deadline_start(struct registry_deadlines *deadlines,
                             struct registry_deadline *deadline, int64_t due_ns, int64_t now_ns);
/* One that does not run is left as it is; also takes it out of the list that is being worked off.
 */
void registry_deadline_stop(struct registry_deadlines *deadlines,
                            struct registry_deadline *deadline);
bool registry_deadline_is_running(const struct registry_deadline *deadline);

/* Moves what is due to `due` (initialized), where each still counts as running: take one after the
 * other by registry_deadlines_next(). */
void registry_deadlines_collect(struct registry_deadlines *deadlines, int64_t now_ns,
                                struct list *due);
/* The next that is still due, now stopped; those that were moved later meanwhile go back to their
 * slots. NULL: all are worked off. */
struct registry_deadline *registry_deadlines_next(struct registry_deadlines *deadlines,
                                                  int64_t now_ns, struct list *due);
