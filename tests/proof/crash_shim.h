/* crash_shim.h: named points in a real program at which a test kills or stops it, by LD_PRELOAD.
 *
 * What is shipped has no such hooks: the shim stands before the functions of liblmdb, libpq,
 * librdkafka and libc that a program calls, and knows by them where the program is. Set by
 * variables of the environment:
 *
 *   PROOF_COUNTERS  a file of struct crash_counters, shared by all processes of a run
 *   PROOF_STORE     a part of the path by which the store is told from other LMDB environments
 *   PROOF_CRASH     POINT:N:kill or POINT:N:stop: what happens when this process comes to the point
 *                   for the Nth time; empty: nothing, reaching is counted only
 *   PROOF_TRIGGER   a file: only what comes after it has appeared counts towards N */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* number, symbol, name. The order is that of struct crash_counters, and known to instances.py. */
#define CRASH_POINTS(X)                                                                            \
    X(0, ASSIGNMENT, "assignment")     /* a partition has just become ours: in Kafka's callback,   \
                                        * or before the store has taken the claim */               \
    X(1, BEFORE_BEGIN, "before_begin") /* of the store's transaction */                            \
    X(2, MID_BATCH, "mid_batch")       /* inside it, some changes made */                          \
    X(3, BEFORE_COMMIT, "before_commit")                                                           \
    X(4, MID_COMMIT, "mid_commit")   /* pages written, or COMMIT sent and not answered */          \
    X(5, BEFORE_SYNC, "before_sync") /* LMDB: all pages written */                                 \
    X(6, BEFORE_META, "before_meta") /* LMDB: synced, the new root is not written */               \
    X(7, AFTER_COMMIT, "after_commit")                                                             \
    X(8, BEFORE_OFFSET, "before_offset") /* before the log is told of the position */              \
    X(9, REVOKE, "revoke")               /* partitions are being given up */

enum crash_point {
#define X(number, symbol, name) CRASH_##symbol = number,
    CRASH_POINTS(X)
#undef X
        CRASH_POINT_COUNT,
};

struct crash_counters {
    _Atomic uint64_t reached[CRASH_POINT_COUNT];
    _Atomic uint64_t fired[CRASH_POINT_COUNT];
};

/* Counts, and kills or stops the process when it is time. After a stop it returns. */
void crash_point_reached(enum crash_point point);

/* Whether the path is of the store, by PROOF_STORE. */
bool crash_shim_is_store(const char *path);

/* The function of this name that stands behind the shim's: `function` points to a function pointer.
 * Ends the process when there is none. */
void crash_shim_next(const char *name, void *function);

/* On this thread, a transaction of the store is being committed by LMDB. */
void crash_shim_committing(bool is_committing);
