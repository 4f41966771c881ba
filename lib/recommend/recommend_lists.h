/* recommend_lists.h: the neighbours of each item, of which readers hold a state that stays as it
 * was, for this folder.
 *
 * A tree of pages and lists that are shared by states and counted: a change copies the list and,
 * once a state, its page. One thread changes; states may be held and released by any. */
#pragma once

#include <stdatomic.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum {
    RECOMMEND_LISTS_PAGE = 256, /* items */
    /* Kept beyond what is shown, so that a list which loses some need not be computed anew. */
    RECOMMEND_LISTS_SPARE = 10,
};

struct recommend_neighbour {
    uint32_t item;
    float similarity;
};

/* The order of a list: nearest first, then by number. */
static inline bool recommend_precedes(struct recommend_neighbour a, struct recommend_neighbour b)
{
    return a.similarity > b.similarity || (a.similarity == b.similarity && a.item < b.item);
}

struct recommend_list_head {
    uint32_t count;
    bool cut; /* there are more, of which none precedes `bound` */
    struct recommend_neighbour bound;
};

struct recommend_list {
    atomic_uint holders;
    struct recommend_list_head head;
    struct recommend_neighbour neighbours[];
};

struct recommend_lists_page;

struct recommend_lists {
    atomic_uint holders;
    uint64_t version;
    uint32_t page_count;
    struct recommend_lists_page *pages[];
};

/* A state without lists. NULL: no memory. */
struct recommend_lists *recommend_lists_create(void);

/* A state like this one, to be changed. NULL: no memory. */
struct recommend_lists *recommend_lists_copy(struct recommend_lists *lists, uint32_t item_count);

struct recommend_lists *recommend_lists_hold(struct recommend_lists *lists);
void recommend_lists_release(struct recommend_lists *lists); /* NULL is accepted */

/* NULL: it has no neighbours. Borrowed while the state is held and not changed. */
const struct recommend_list *recommend_lists_get(const struct recommend_lists *lists,
                                                 uint32_t item);

/* Replaces the list of an item by a copy of this one; of a state that nobody else holds, for an
 * item below its item_count. STATUS_RESOURCE_EXHAUSTED: no memory; it is as it was. */
MUST_USE enum status recommend_lists_set(struct recommend_lists *lists, uint32_t item,
                                         const struct recommend_list_head *head,
                                         const struct recommend_neighbour *neighbours);
