/* indexed_metadata_private.h: what the files of the index share. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/log.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "metadata/repository/indexed_metadata_search.h"
#include "search/search_segment.h"

/* The large segment, which several snapshots have in common. */
struct index_main {
    atomic_uint holders;
    struct search_segment *segment;
};

/* What questions are answered from. Never changed once it is published. */
struct index_snapshot {
    atomic_uint holders;
    struct index_main *main;
    struct search_segment *delta; /* NULL: nothing has changed */
    uint64_t *dead;               /* a bit a document of main: it is in delta, or gone */
    size_t dead_count;
};

enum { INDEX_TIME_BINS = 10 };

struct index_counters {
    _Atomic uint64_t documents;
    _Atomic uint64_t delta_documents;
    _Atomic uint64_t rebuilds; /* of the small segment */
    _Atomic uint64_t merges;   /* of both, the first building included */
    _Atomic uint64_t failures;
    _Atomic uint64_t question_bins[INDEX_TIME_BINS];
    _Atomic uint64_t question_us;
};

struct indexed_metadata_search {
    struct metadata_repository repository;
    const struct log *log;
    struct worker_pool *worker;      /* one thread */
    pthread_mutex_t lock;            /* held for a pointer's time */
    struct index_snapshot *snapshot; /* NULL: being built */
    atomic_size_t listed;            /* so far, while it is built */
    struct index_counters counters;
    /* of the follower */
    struct cancellation cancellation;
    struct fiber_group running;
    int64_t sequence;  /* of the last change that is in the index */
    int64_t took_ns;   /* the last change of the index */
    bool is_failing;   /* as the last turn was: said once */
    bool is_told_full; /* that there are too many documents */
    /* by which it is woken */
    struct loop *loop;
    struct fiber_wait wake;
    struct loop_task wake_task;
    atomic_bool is_running;
    atomic_bool is_wake_posted;
};

/* The snapshot of the moment, held; NULL: none yet. To be released. */
struct index_snapshot *index_snapshot_take(struct indexed_metadata_search *self);
void index_snapshot_release(struct index_snapshot *snapshot);

/* Owns the segment, also on failure. NULL: no memory. */
struct index_snapshot *index_snapshot_create(struct search_segment *main_segment);
/* With the same large segment and marks, and no small one. NULL: no memory. */
struct index_snapshot *index_snapshot_follow(struct index_snapshot *snapshot);

bool index_snapshot_is_dead(const struct index_snapshot *snapshot, uint32_t document);
void index_snapshot_bury(struct index_snapshot *snapshot, struct text id);
size_t index_snapshot_documents(const struct index_snapshot *snapshot);

/* Consumed: in place of the one before. */
void index_snapshot_publish(struct indexed_metadata_search *self, struct index_snapshot *snapshot);

/* What stands under a changed id now, as the index knows it. */
struct index_change {
    int64_t sequence;
    bool is_there; /* else it is gone */
    struct search_document document;
};

/* Changes that are taken into the index together. */
struct index_change_set {
    struct indexed_metadata_search *self;
    struct arena arena; /* of the texts */
    struct index_change *changes;
    size_t count;
    size_t capacity;
    int64_t sequence;   /* of the last one */
    bool is_full;       /* there may be further ones */
    enum status status; /* set by index_apply() */
};

/* Borrows the texts. */
struct search_document index_document_of(const struct metadata *metadata);

void index_change_set_init(struct index_change_set *set, struct indexed_metadata_search *self);
void index_change_set_deinit(struct index_change_set *set);

/* Copied. metadata: NULL, it is gone. false: the set is full without it. */
MUST_USE bool index_change_set_add(struct index_change_set *set,
                                   const struct metadata_change *change,
                                   const struct metadata *metadata);

/* By id, each once: an id that has changed while others were read is there twice. */
void index_change_set_settle(struct index_change_set *set);

/* On the worker: jobs for worker_call(). */
void index_apply(void *change_set);

struct index_listing {
    struct indexed_metadata_search *self;
    struct search_builder *builder;
    const struct metadata *entries;
    size_t count;
    enum status status;
};

void index_add_page(void *listing);
void index_finish(void *listing); /* consumes the builder */

/* The follower's fiber: builds, then follows. */
void index_follow(void *search);

void index_count_question(struct indexed_metadata_search *self, int64_t duration_ns);
