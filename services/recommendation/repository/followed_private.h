/* followed_private.h: what followed recommendations are made of, for the files of this folder. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/log.h"
#include "loop/fiber.h"
#include "loop/worker.h"
#include "recommendation/repository/followed_recommendations.h"

/* A model that may be asked while another takes its place. */
struct followed_model {
    atomic_uint holders;
    struct recommend_model *model;
    _Atomic int64_t as_of_ms; /* on the wall clock: what was acknowledged before is in it */
};

/* NULL: no memory. Held once. */
struct followed_model *followed_model_create(const struct recommend_settings *settings);
void followed_model_release(struct followed_model *held); /* NULL is accepted */

struct followed_counts {
    _Atomic uint64_t listed;  /* votes, of the listing that is under way */
    _Atomic uint64_t changes; /* taken since the start */
    _Atomic uint64_t models;  /* made since the start */
    _Atomic uint64_t failures;
    _Atomic uint64_t refused; /* votes that the model has no room for, or that are none */
    _Atomic bool connected;   /* the last question was answered */
};

struct followed_recommendations {
    struct vote_feed feed;
    struct recommend_settings settings;
    const struct log *log;
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
    struct fiber_wait changed;       /* wakes the fiber that computes */
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
