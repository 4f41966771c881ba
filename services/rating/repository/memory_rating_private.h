/* memory_rating_private.h: what the files of the memory rating repository share. */
#pragma once

#include <pthread.h>

#include "rating/model/vote_state.h"
#include "rating/repository/rating_key.h"
#include "rating/repository/rating_watch.h"
#include "store/ordered_map.h"

/* The same keys as in the durable stores, over ordered maps: the order of pages is theirs. Values
 * are the structs themselves where they own nothing, else as the codecs write them. */
struct memory_rating_repository {
    struct rating_retention retention;
    struct rating_watch *watch;
    pthread_mutex_t lock;           /* held for memory's time only; guards the rest */
    struct ordered_map *votes;      /* struct vote_state */
    struct ordered_map *user_votes; /* no values */
    struct ordered_map *aggregates; /* struct rating_aggregate */
    struct ordered_map *positions;  /* struct rating_position, without its topic */
    struct ordered_map *dead_letters;
    struct ordered_map *events;   /* int64_t: when it was taken */
    struct ordered_map *expiries; /* int64_t: of a tombstone, its time */
    struct ordered_map *leases;
    struct ordered_map *changes; /* chunks of one record */
    int64_t last_sequence;
    int64_t trimmed; /* the last that was dropped */
};

/* With the lock held, all that follow up to the operations. */

/* Zeroed where there is none. */
struct vote_state memory_rating_find_vote(struct memory_rating_repository *self, struct text key);

/* Adds a record to the change log: of a vote as it stands now, or, with vote NULL, of a dead
 * letter. */
void memory_rating_log(struct memory_rating_repository *self, int64_t now_ms,
                       const struct rating_source *source, int64_t offset,
                       const struct vote_key *vote, const struct vote_state *state);

/* Takes the change's event id. false: it was taken within the window. */
bool memory_rating_take_event(struct memory_rating_repository *self,
                              const struct rating_change *change, int64_t now_ms);

/* Notes when the tombstone may be forgotten. key: the vote's. */
void memory_rating_note_tombstone(struct memory_rating_repository *self, struct text key,
                                  int64_t time_ms, int64_t now_ms);

/* The entry behind `key`; at it, when nothing is kept under that very key. */
const struct ordered_map_entry *memory_rating_seek_after(const struct ordered_map *map,
                                                         struct text key);

/* Of struct rating_repository_ops. */
enum status memory_rating_apply(void *state, struct call *call, const struct rating_batch *batch);
enum status memory_rating_claim_position(void *state, struct call *call, struct text topic,
                                         int32_t partition, struct rating_position *ret_position);
enum status memory_rating_get_position(void *state, struct call *call, struct text topic,
                                       int32_t partition, int64_t *ret_next_offset);
enum status memory_rating_get_aggregate(void *state, struct call *call, struct record_key record,
                                        struct rating_aggregate *ret_aggregate);
enum status memory_rating_get_aggregates(void *state, struct call *call,
                                         struct rating_stored_aggregate *aggregates, size_t count);
enum status memory_rating_get_vote(void *state, struct call *call, const struct vote_key *key,
                                   struct vote *ret_vote);
enum status memory_rating_list_user_votes(void *state, struct call *call, struct text user,
                                          const struct vote_key *after, size_t limit,
                                          struct vote **ret_votes, size_t *ret_count);
enum status memory_rating_list_votes(void *state, struct call *call, const struct vote_key *after,
                                     size_t limit, struct rating_stored_vote **ret_votes,
                                     size_t *ret_count);
enum status memory_rating_list_aggregates(void *state, struct call *call,
                                          const struct record_key *after, size_t limit,
                                          struct rating_stored_aggregate **ret_aggregates,
                                          size_t *ret_count);
enum status memory_rating_list_dead_letters(void *state, struct call *call,
                                            const struct rating_dead_letter_key *after,
                                            size_t limit, struct rating_dead_letter **ret_letters,
                                            size_t *ret_count);
enum status memory_rating_get_dead_letter(void *state, struct call *call,
                                          const struct rating_dead_letter_key *key,
                                          struct rating_dead_letter *ret_letter);
enum status memory_rating_list_changes(void *state, struct call *call, int64_t after, size_t limit,
                                       struct rating_change_record **ret_records,
                                       size_t *ret_count);
enum status memory_rating_get_change_range(void *state, struct call *call,
                                           struct rating_change_range *ret_range);
enum status memory_rating_await_change(void *state, struct call *call, int64_t after);
enum status memory_rating_trim_changes(void *state, struct call *call, int64_t through);
enum status memory_rating_hold_lease(void *state, struct call *call, struct text name,
                                     struct text owner, int64_t ttl_ms, bool *ret_held);
enum status memory_rating_expire(void *state, struct call *call, size_t limit, size_t *ret_count);
