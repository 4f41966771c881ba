/* followed_private.h: what followed recommendations are made of, for the files of this folder. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/log.h"
#include "loop/fiber.h"
#include "loop/worker.h"
#include "recommendation/repository/followed_recommendations.h"
#include "recommendation/repository/followed_witness.h"

/* A model that may be asked while another takes its place. */
struct followed_model {
    atomic_uint holders;
    struct recommend_model *model;
    _Atomic int64_t as_of_ms; /* on the wall clock: what was acknowledged before is in it */
};

/* NULL: no memory. Held once, as the next. The model is consumed unless it is NULL. */
struct followed_model *followed_model_hold(struct recommend_model *model);
struct followed_model *followed_model_create(const struct recommend_settings *settings);
void followed_model_release(struct followed_model *held); /* NULL is accepted */

/* Where a model stands among the changes. */
struct followed_place {
    int64_t sequence; /* the last that it has taken */
    int64_t listed;   /* of the list that it was made of; what was before that is told again */
    struct followed_witness witness;
};

struct followed_counts {
    _Atomic uint64_t listed;  /* votes, of the listing that is under way */
    _Atomic uint64_t changes; /* taken since the start */
    _Atomic uint64_t models;  /* made since the start */
    _Atomic uint64_t failures;
    _Atomic uint64_t refused; /* votes that the model has no room for, or that are none */
    _Atomic bool connected;   /* the last question was answered */
    _Atomic int64_t kept_ms;  /* when the model was written to its file; 0: never */
};

struct followed_recommendations {
    struct vote_feed feed;
    struct recommend_settings settings;
    const struct log *log;
    char *path;
    struct text file;           /* where the model is kept, at `path`; empty: nowhere */
    struct worker_pool *worker; /* one thread: a model has one writer at a time */
    pthread_mutex_t lock;       /* of `current` */
    struct followed_model *current;
    struct followed_counts counts;
    /* The following fibers' alone. */
    struct fiber_group fibers;
    struct cancellation stop;
    bool running;
    int64_t pause_ms;
    struct followed_model *followed; /* that takes changes now; NULL: none does */
    bool behind;                     /* there are changes that it has not taken yet */
    bool reached;                    /* lists are to be computed when it is not */
    struct fiber_wait changed;       /* wakes the fiber that computes */
    struct followed_place place;     /* of `followed` */
    int64_t kept_sequence;           /* that the file stands at; -1: none does */
    int64_t keep_at_ms;              /* not before, by the clock that only goes on */
    bool keeping_failed;             /* it was said */
    struct arena arena;              /* of the fiber that follows */
};

/* The model that answers, held for the caller. NULL: there is none yet. */
struct followed_model *followed_current(struct followed_recommendations *self);

/* Fibers: list and follow; compute what changes have reached. */
void followed_votes_run(void *followed);
void followed_compute_run(void *followed);

/* On the worker's thread: a slice. *ret_waiting: what is left. */
MUST_USE enum status followed_compute(struct followed_recommendations *self, struct call *call,
                                      struct followed_model *held, uint32_t *ret_waiting);

/* Parks, on the loop that follows. A model of the file, which nobody has confirmed yet, and where
 * it stands. NULL: there is none of use; why was logged. */
struct followed_model *followed_file_read(struct followed_recommendations *self,
                                          struct followed_place *ret_place);

/* Writes the one that follows, if it has moved since; a failure is logged. Parks. */
void followed_file_write(struct followed_recommendations *self);

/* Begins the call with the arena emptied. */
void followed_begin_call(struct followed_recommendations *self, struct call *call,
                         int64_t timeout_ms);

/* After a failure: said once, until followed_note_success(); a pause, which grows. */
void followed_survive(struct followed_recommendations *self, struct call *call, enum status status);
void followed_note_success(struct followed_recommendations *self);

/* Whether the rating service still tells what the place's witness was told. Parks until it does, or
 * does not, or it is being stopped: then false. */
bool followed_confirm(struct followed_recommendations *self, const struct followed_place *place);
