/* recommend_private.h: what a model is made of, for the files of this folder.
 *
 * Votes stand twice: with their users, and, of those that count between items, the user's number
 * with the item. What a vote adds is its centred value: its twentieths less its user's mean, which
 * is rounded to a twentieth too. Norms are kept up with every change; so an item whose norm or
 * pairs have changed is always among those that wait. Of a new user only the votes are kept until
 * the next refresh counts all of them in at once: otherwise each vote of a first listing would move
 * the mean of all before it. */
#pragma once

#include <pthread.h>

#include "recommend/recommend_ids.h"
#include "recommend/recommend_lists.h"
#include "recommend/recommend_model.h"

enum {
    RECOMMEND_TWENTIETH = 5, /* hundredths */
    RECOMMEND_PAGE = 4096,   /* users, or items */
    RECOMMEND_LIST_ROOM = RECOMMEND_NEIGHBOURS_MAX + RECOMMEND_LISTS_SPARE,
};

struct recommend_votes {
    uint32_t *items; /* ascending */
    uint8_t *values; /* in twentieths of a point */
    uint32_t count;
    uint32_t capacity;
};

struct recommend_user {
    struct recommend_votes votes;
    struct recommend_votes sample; /* those that count between items; empty while all do */
    uint32_t hash;
    uint32_t sum;        /* of the values */
    bool is_counted_in;  /* its votes are with the items, and in their norms */
    uint8_t mean;        /* in twentieths; 0 without votes, and before it is counted in */
    uint8_t sample_bits; /* one vote of 1 << sample_bits counts between items */
};

struct recommend_item {
    uint32_t *raters; /* whose vote counts between items; in no order */
    uint32_t count;
    uint32_t capacity;
    uint32_t hash;
    uint32_t votes;   /* all */
    uint32_t changed; /* changes since its list was computed */
    bool waiting;
    uint64_t norm;     /* sum of the squares of the centred values */
    uint64_t computed; /* the model's changes by then */
};

struct recommend_scratch {
    /* Of an item touched: the sum of products << RECOMMEND_COUNT_BITS, plus how many they are. */
    int64_t *sums;
    uint32_t *touched;
    uint32_t touched_count;
    uint32_t capacity; /* items */
};

/* Of sums of similarities, added to the divisor of a foretold vote: with little known it is near
 * the mean. */
#define RECOMMEND_FORETOLD_DAMPING 0.1F

/* Enough for RECOMMEND_USERS_MAX, and the products of so many fit above it: 2^23 * 200^2 < 2^39. */
enum { RECOMMEND_COUNT_BITS = 24 };

struct recommend_model {
    struct recommend_settings settings;
    /* Held for changes of ids, users, counts of votes and `published`, and by who reads them. */
    pthread_mutex_t lock;
    struct recommend_ids user_ids;
    struct recommend_ids item_ids;
    struct recommend_user *users[RECOMMEND_USERS_MAX / RECOMMEND_PAGE];
    struct recommend_item *items[RECOMMEND_ITEMS_MAX / RECOMMEND_PAGE];
    uint64_t votes;
    struct recommend_lists *published;
    /* The writer's alone. */
    struct recommend_lists *draft; /* NULL: nothing has changed since it was published */
    uint64_t changes;              /* of what is counted in */
    uint32_t counted_in;           /* users, the first ones; changed under the lock */
    uint32_t *queue;               /* of waiting items: a ring, each once */
    uint32_t queue_capacity;
    uint32_t queue_first;
    uint32_t queue_count; /* changed under the lock, as the next */
    uint32_t unpublished; /* taken from the queue since lists were published */
    struct recommend_scratch scratch;
};

static inline struct recommend_user *recommend_user_at(const struct recommend_model *model,
                                                       uint32_t user)
{
    return &model->users[user / RECOMMEND_PAGE][user % RECOMMEND_PAGE];
}
static inline struct recommend_item *recommend_item_at(const struct recommend_model *model,
                                                       uint32_t item)
{
    return &model->items[item / RECOMMEND_PAGE][item % RECOMMEND_PAGE];
}

/* Whether the vote of a user counts between items when one in 1 << bits does. */
static inline bool recommend_sampled(uint32_t user_hash, uint32_t item_hash, unsigned bits)
{
    uint32_t mixed = (user_hash * 0x9e3779b1U) ^ item_hash;
    mixed = (mixed ^ mixed >> 16) * 0x85ebca6bU;
    mixed = (mixed ^ mixed >> 13) * 0xc2b2ae35U;
    mixed ^= mixed >> 16;
    return bits == 0 || mixed >> (32 - bits) == 0;
}

/* The votes that count between items. */
static inline const struct recommend_votes *recommend_counting(const struct recommend_user *user)
{
    return user->sample_bits == 0 ? &user->votes : &user->sample;
}

/* The place of the item among the votes, or where it would go. */
uint32_t recommend_votes_find(const struct recommend_votes *votes, uint32_t item);
bool recommend_votes_have(const struct recommend_votes *votes, uint32_t item);

/* Room for `more`. false: no memory. */
MUST_USE bool recommend_votes_reserve(struct recommend_votes *votes, uint32_t more);
MUST_USE bool recommend_item_reserve(struct recommend_item *item);

void recommend_votes_insert(struct recommend_votes *votes, uint32_t at, uint32_t item,
                            uint8_t value);
void recommend_votes_remove(struct recommend_votes *votes, uint32_t at);
void recommend_votes_deinit(struct recommend_votes *votes);
void recommend_item_insert(struct recommend_item *item, uint32_t user);
void recommend_item_remove(struct recommend_item *item, uint32_t user);

/* The number of an id of 1 to RECOMMEND_ID_BYTES_MAX bytes, which may be new: then with
 * recommend_reserve_queue() before, for an item. STATUS_RESOURCE_EXHAUSTED: no memory, or a maximum
 * of users or items. */
MUST_USE enum status recommend_user_number(struct recommend_model *model, struct text id,
                                           uint32_t *ret_number);
MUST_USE enum status recommend_item_number(struct recommend_model *model, struct text id,
                                           uint32_t *ret_number);

/* Room in the queue for one item more than there are. false: no memory. */
MUST_USE bool recommend_reserve_queue(struct recommend_model *model);

/* Puts the votes of a new user with their items. STATUS_RESOURCE_EXHAUSTED: no memory; it is as it
 * was. */
MUST_USE enum status recommend_count_in(struct recommend_model *model, uint32_t user_number);

/* The item's lists are to be computed; it is in the queue from now on. Under the lock. */
void recommend_wait(struct recommend_model *model, uint32_t item);

/* Lets the draft, if there is one, take the place of the lists that are asked. */
void recommend_publish(struct recommend_model *model);
