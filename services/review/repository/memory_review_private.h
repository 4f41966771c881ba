/* memory_review_private.h: what the files of the memory review repository share. */
#pragma once

#include <pthread.h>

#include "base/arena.h"
#include "review/repository/review_repository.h"
#include "store/ordered_map.h"

struct memory_review_repository {
    pthread_mutex_t lock;              /* held for memory's time only */
    struct ordered_map *reviews;       /* struct kept_review * by memory_review_key_of() */
    struct ordered_map *of_record;     /* the same by memory_review_key_in_record() */
    struct ordered_map *of_user;       /* the same by memory_review_key_in_user() */
    struct ordered_map *by_likes;      /* the same by memory_review_key_in_likes() */
    struct ordered_map *likes;         /* struct like without texts, by memory_review_key_of() */
    struct ordered_map *likes_of_user; /* nothing, by memory_review_key_in_user() */
    struct ordered_map *counts;        /* struct kept_counts by memory_review_key_of_record() */
    struct ordered_map *review_likes;  /* nothing, by memory_review_key_of_review_like() */
};

struct kept_review {
    struct review review;
    struct arena arena; /* of its texts */
};

struct kept_counts {
    uint64_t reviews;
    uint64_t likes;
};

/* Keys: in byte order they lie as the lists want them. Ids have no NUL, which ends each but the
 * last. */
enum { MEMORY_REVIEW_KEY_BYTES_MAX = 640 };

struct memory_review_key {
    char bytes[MEMORY_REVIEW_KEY_BYTES_MAX];
    size_t length;
};

struct memory_review_key memory_review_key_of(const struct review_key *key);
struct memory_review_key memory_review_key_in_record(const struct review_key *key, int64_t time_ms);
struct memory_review_key memory_review_key_in_user(const struct review_key *key, int64_t time_ms);
/* Among the reviews of its record, the most liked first. */
struct memory_review_key memory_review_key_in_likes(const struct review *review);
/* `user` empty: how all likes of the review begin. */
struct memory_review_key memory_review_key_of_review_like(const struct review_key *review,
                                                          struct text user);
/* How those of one record, and of one user, begin. */
struct memory_review_key memory_review_key_of_record(struct record_key record);
struct memory_review_key memory_review_key_of_user(struct text user);
/* Of one of memory_review_key_in_user(), whose user is `user`: its record and time, borrowed. */
struct like memory_review_key_read_like(struct text key, struct text user);

static inline struct text memory_review_key_text(const struct memory_review_key *key)
{
    return (struct text){key->bytes, key->length};
}

/* NULL: there is none. With the lock. */
struct kept_review *memory_review_find(const struct memory_review_repository *self,
                                       const struct review_key *key);
/* The likes of a review that goes. With the lock. */
void memory_review_forget_likes(struct memory_review_repository *self,
                                const struct review_key *review);

/* Of struct review_repository_ops. */
enum status memory_review_put_review_like(void *state, struct call *call,
                                          const struct review_like *like, uint64_t *ret_count);
enum status memory_review_remove_review_like(void *state, struct call *call,
                                             const struct review_like *like, uint64_t *ret_count);
enum status memory_review_list_of_record(void *state, struct call *call,
                                         const struct review_query *query,
                                         const struct review *after, size_t limit,
                                         struct review **ret_reviews, size_t *ret_count);
enum status memory_review_list_of_user(void *state, struct call *call, struct text user,
                                       const struct review *after, size_t limit,
                                       struct review **ret_reviews, size_t *ret_count);
enum status memory_review_list_likes(void *state, struct call *call, struct text user,
                                     const struct like *after, size_t limit,
                                     struct like **ret_likes, size_t *ret_count);
