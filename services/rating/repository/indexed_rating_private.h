/* indexed_rating_private.h: what the files of the ranking share. */
#pragma once

#include <stdatomic.h>

#include "base/log.h"
#include "loop/fiber.h"
#include "loop/worker.h"
#include "rating/repository/indexed_rating_ranking.h"

#define X(number, symbol, name) RANKING_TYPE_##symbol,
enum ranking_type { RECORD_TYPES(X) RANKING_TYPES };
#undef X

/* A record type's place in the tables here. */
unsigned ranking_type_of(enum record_type type);
enum record_type ranking_record_type(unsigned place);

struct indexed_rating_ranking {
    struct indexed_rating_ranking_options options;
    struct rank_index *indexes[RANKING_TYPES];
    struct worker_pool *changes; /* one thread: changes the indexes */
    struct worker_pool *lists;   /* one thread */
    atomic_bool is_built;
    atomic_size_t read; /* records, while it is built */
    _Atomic uint64_t failures;
    _Atomic uint64_t builds;
    _Atomic uint64_t long_lists;
    _Atomic int64_t sequence; /* of the last change that the indexes have */
    /* of the follower */
    struct cancellation cancellation;
    struct fiber_group running;
    bool is_running;
    bool is_failing; /* as the last turn was: said once */
    bool wants_all;  /* everything is to be read */
};

/* The follower's fiber. argument: the ranking. */
void ranking_follow(void *argument);
