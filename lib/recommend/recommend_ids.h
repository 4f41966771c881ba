/* recommend_ids.h: numbers for texts, counted up from 0, for this folder.
 *
 * Hashed with a key of the process's own, since outsiders choose the texts. Nothing is ever taken
 * out. Not locked: the caller says who may look while it grows. What takes time when it grows is
 * done beside: recommend_ids_prepare() while others look, recommend_ids_adopt() while nobody does.
 */
#pragma once

#include "base/status.h"
#include "base/text.h"

struct recommend_id_block;

#define RECOMMEND_ID_NONE UINT32_MAX

enum {
    RECOMMEND_ID_PAGE = 4096, /* texts */
    RECOMMEND_ID_PAGES_MAX = 2048,
};

struct recommend_ids {
    /* private */
    uint64_t key[2];
    uint32_t *slots; /* numbers + 1; 0: free */
    uint32_t slot_count;
    uint32_t count;
    uint32_t count_max;
    struct recommend_id_block *blocks;
    const unsigned char **pages[RECOMMEND_ID_PAGES_MAX]; /* a byte of length, the bytes */
};

/* Takes no memory yet. */
void recommend_ids_init(struct recommend_ids *ids, uint32_t count_max);
void recommend_ids_deinit(struct recommend_ids *ids);

/* The number, or RECOMMEND_ID_NONE. */
uint32_t recommend_ids_find(const struct recommend_ids *ids, struct text text);

/* What recommend_ids_add() will need. {NULL, 0}: nothing. */
struct recommend_ids_growth {
    uint32_t *slots;
    uint32_t slot_count;
};

/* STATUS_RESOURCE_EXHAUSTED: count_max, or no memory. */
MUST_USE enum status recommend_ids_prepare(const struct recommend_ids *ids,
                                           struct recommend_ids_growth *ret_growth);

/* The growth holds what the table had before, to be freed by recommend_ids_discard() when the lock
 * is off. */
void recommend_ids_adopt(struct recommend_ids *ids, struct recommend_ids_growth *growth);
void recommend_ids_discard(struct recommend_ids_growth *growth);

/* Adds a text of 1 to 255 bytes that is not there, after recommend_ids_prepare() and
 * recommend_ids_adopt(). STATUS_RESOURCE_EXHAUSTED: no memory; nothing was added. */
MUST_USE enum status recommend_ids_add(struct recommend_ids *ids, struct text text,
                                       uint32_t *ret_number);

/* Borrowed for the life of the table: it does not move, and may be read while others are added by
 * who learnt the number under the lock. */
static inline struct text recommend_ids_text(const struct recommend_ids *ids, uint32_t number)
{
    const unsigned char *text = ids->pages[number / RECOMMEND_ID_PAGE][number % RECOMMEND_ID_PAGE];
    return text_of_bytes(text + 1, text[0]);
}
