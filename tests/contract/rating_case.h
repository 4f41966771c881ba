/* rating_case.h: what the cases of the rating repository's suite are made of. */
#pragma once

#include "contract/rating_repository_contract.h"

/* What one case works with, in a fiber, on a new database. */
struct rating_case {
    struct rating_repository repository;
    struct call *call;
    const struct rating_implementation *implementation;
    struct text directory;
    struct rating_retention retention;
};

struct rating_contract_case {
    const char *name;
    void (*run)(struct rating_case *self);
    bool reopens; /* skipped where nothing is kept */
    struct rating_retention retention;
};

/* The cases of a subject; ends with a NULL name. */
extern const struct rating_contract_case rating_vote_cases[];
extern const struct rating_contract_case rating_position_cases[];
extern const struct rating_contract_case rating_epoch_cases[];
extern const struct rating_contract_case rating_change_log_cases[];
extern const struct rating_contract_case rating_await_cases[];
extern const struct rating_contract_case rating_dead_letter_cases[];
extern const struct rating_contract_case rating_list_cases[];
extern const struct rating_contract_case rating_page_cases[];
extern const struct rating_contract_case rating_retention_cases[];
extern const struct rating_contract_case rating_lease_cases[];

/* Closes the repository and opens it again; emptied: what it had is thrown away before. */
void rating_case_reopen(struct rating_case *self);
void rating_case_wipe(struct rating_case *self);

/* A vote on a movie through our own interface. */
struct rating_change rating_case_put(const char *user, const char *record, int32_t hundredths);

/* Of the user "user" on the movie "movie". */
struct rating_change rating_case_put_at(int32_t hundredths, int64_t time_ms);
struct rating_change rating_case_delete_now(void);
struct rating_change rating_case_delete_at(int64_t time_ms);

enum status rating_case_try(struct rating_case *self, const struct rating_batch *batch);

/* Applies; the status must be OK. outcomes may be NULL. */
void rating_case_apply(struct rating_case *self, const struct rating_change *changes, size_t count,
                       enum rating_outcome *outcomes);

/* The aggregate of that movie, the vote of "user" on "movie", the position. */
enum status rating_case_get_aggregate(struct rating_case *self, const char *record,
                                      struct rating_aggregate *ret_aggregate);
enum status rating_case_get_vote(struct rating_case *self, struct vote *ret_vote);
enum status rating_case_get_position(struct rating_case *self, const char *topic, int32_t partition,
                                     int64_t *ret_next_offset);

struct rating_change_range rating_case_range(struct rating_case *self);

/* The records after `after`; the status must be OK. */
size_t rating_case_changes(struct rating_case *self, int64_t after, size_t limit,
                           struct rating_change_record **ret_records);

/* No vote of "user" on "movie", no dead letter, no record of the change log. */
void rating_case_assert_untouched(struct rating_case *self);

/* Waits until the wall clock is past that time. */
void rating_case_pass(struct rating_case *self, int64_t duration_ms);
