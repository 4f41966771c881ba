/* review_case.h: one case of the contract of review repositories, and what the cases say in a line.
 */
#pragma once

#include "contract/review_repository_contract.h"

struct review_case {
    struct review_repository repository;
    struct call *call;
    const struct review_implementation *implementation;
    struct text directory;
    struct worker_pool *workers;
    void (*run)(struct review_case *self);
};

/* Of a movie. */
struct review_key review_case_key(const char *record, const char *user);

/* Each asserts that it went well. */
void review_case_open(struct review_case *self);
struct review review_case_put(struct review_case *self, const char *record, const char *user,
                              const char *text, int64_t time_ms);
struct review review_case_get(struct review_case *self, const char *record, const char *user);
void review_case_remove(struct review_case *self, const char *record, const char *user);
uint64_t review_case_like(struct review_case *self, const char *record, const char *user,
                          int64_t time_ms);
uint64_t review_case_unlike(struct review_case *self, const char *record, const char *user);
/* The same of a user's review; the count is the review's. */
uint64_t review_case_like_review(struct review_case *self, const char *record, const char *author,
                                 const char *user, int64_t time_ms);
uint64_t review_case_unlike_review(struct review_case *self, const char *record, const char *author,
                                   const char *user);

/* What the counts say, and "liked", "reviewed" as the user sees them. */
void review_case_expect_reactions(struct review_case *self, const char *record, const char *user,
                                  const char *want);

/* All of a list, in pages of `limit`, as "user@time user@time" (of a record) or "record@time" (of a
 * user, and of likes). */
void review_case_expect_record(struct review_case *self, const char *record, size_t limit,
                               const char *want);
void review_case_expect_user(struct review_case *self, const char *user, size_t limit,
                             const char *want);
void review_case_expect_likes(struct review_case *self, const char *user, size_t limit,
                              const char *want);
/* By likes, as "user@time:likes", without ":0"; "!" behind those that the viewer likes. */
void review_case_expect_by_likes(struct review_case *self, const char *record, const char *viewer,
                                 size_t limit, const char *want);

/* The cases about lists (review_list_cases.c). */
void review_lists_are_newest_first(struct review_case *self);
void review_lists_keep_their_place(struct review_case *self);
void review_lists_do_not_mix(struct review_case *self);
void review_likes_are_listed(struct review_case *self);
void review_lists_by_likes(struct review_case *self);
void review_lists_by_likes_keep_their_place(struct review_case *self);
void review_largest_pages(struct review_case *self);
