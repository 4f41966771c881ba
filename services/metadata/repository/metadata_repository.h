/* metadata_repository.h: where metadata lives.
 *
 * A write that returned STATUS_OK is durable (the memory implementation: for the life of the
 * process). Safe from any loop thread; an operation parks its fiber, never the thread. All are
 * mandatory, and all may return STATUS_UNAVAILABLE (the store cannot be used now; nothing has
 * changed), STATUS_DEADLINE_EXCEEDED and STATUS_CANCELLED (the call was over; a write may or may
 * not have been done), and STATUS_RESOURCE_EXHAUSTED (no room in the call's arena).
 * STATUS_NOT_FOUND comes without words: the controller knows what was asked for. */
#pragma once

#include "metadata/model/metadata.h"
#include "metadata/model/metadata_condition.h"

/* An entry that was put or removed. */
struct metadata_change {
    int64_t sequence; /* from 1 */
    struct text id;
};

struct metadata_changes {
    const struct metadata_change *changes;
    size_t count;
    int64_t last; /* the sequence of the latest change there is; 0: none */
};

enum metadata_lookup_kind {
    METADATA_LOOKUP_ID,
    METADATA_LOOKUP_IMDB_ID,
    METADATA_LOOKUP_TMDB_ID,
    METADATA_LOOKUP_TITLE, /* folded by metadata_title_key.h, without parentheses at its end */
};

/* What entries are looked up by. An empty value finds nothing. */
struct metadata_lookup {
    struct text value;
    int32_t year_from; /* of METADATA_LOOKUP_TITLE: its entry's year is from here … */
    int32_t year_to;   /* … to here */
};

enum { METADATA_CANDIDATES_MAX = 8 };

struct metadata_candidate {
    struct text id;
    struct text imdb_id;
    struct text tmdb_id;
    int32_t year;
    bool has_whole_title; /* also what stands in parentheses is the same */
};

/* By id in byte order; of more, not always the first of all. */
struct metadata_candidates {
    const struct metadata_candidate *candidates;
    size_t count;
    bool more; /* there are more than METADATA_CANDIDATES_MAX */
};

struct metadata_repository_ops {
    /* Valid in the call's arena. STATUS_NOT_FOUND: no such id. */
    enum status (*get)(void *state, struct call *call, struct text id,
                       struct metadata *ret_metadata);

    /* Stores it under its id, replacing what was there. Borrowed for the call. condition: NULL for
     * none. STATUS_ABORTED: it does not hold; nothing has changed, and no words are noted. */
    enum status (*put)(void *state, struct call *call, const struct metadata *metadata,
                       const struct metadata_condition *condition);

    /* STATUS_NOT_FOUND: no such id, where no condition fails. STATUS_ABORTED as above. */
    enum status (*remove)(void *state, struct call *call, struct text id,
                          const struct metadata_condition *condition);

    /* The first `limit` entries with an id after `after` in byte order; valid in the call's arena.
     * Fewer than `limit`: there are no more. limit: at most METADATA_PAGE_SIZE_MAX + 1. */
    enum status (*list)(void *state, struct call *call, struct text after, size_t limit,
                        struct metadata **ret_entries, size_t *ret_count);

    /* The first `limit` changes after the sequence, rising: of each id, also of one that is gone,
     * only the latest, by whichever process it was made. Who asks for `last`, lists everything, and
     * follows the changes after that misses none. Valid in the call's arena. limit: at most
     * METADATA_PAGE_SIZE_MAX; 0 asks for `last` alone. */
    enum status (*list_changes)(void *state, struct call *call, int64_t after, size_t limit,
                                struct metadata_changes *ret_changes);

    /* What is stored under each of the lookups, in their order; valid in the call's arena.
     * count: at most METADATA_BATCH_MAX. */
    enum status (*find)(void *state, struct call *call, enum metadata_lookup_kind kind,
                        const struct metadata_lookup *lookups, size_t count,
                        struct metadata_candidates *ret_candidates);

    /* Frees the state; what was acknowledged is kept. No operation may be running. */
    void (*close)(void *state);
};

struct metadata_repository {
    const struct metadata_repository_ops *ops;
    void *state;
};
