#include "vote_workload.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

enum {
    RECORD_STEP = 37, /* between the numbers in records' names */
    RECORD_DIGITS = 7,
    USER_DIGITS = 6,
    FIRST_VOTER_STEP = 97, /* between the first voters of a record and the next */
    VOTER_STEP = VOTE_WORKLOAD_USERS / VOTE_WORKLOAD_VOTERS,
    TIME_SPAN_MS = 1000000,
};
#define FIRST_TIME_MS INT64_C(1700000000000)

void vote_workload_init(struct vote_workload *workload, uint64_t seed)
{
    workload->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    zipf_init(&workload->zipf, VOTE_WORKLOAD_RECORDS);
    workload->users = calloc(VOTE_WORKLOAD_USERS, sizeof(workload->users[0]));
    workload->records = calloc(VOTE_WORKLOAD_RECORDS, sizeof(workload->records[0]));
    workload->changes = calloc(VOTE_WORKLOAD_BATCH_MAX, sizeof(workload->changes[0]));
    CHECK(workload->users != NULL && workload->records != NULL && workload->changes != NULL);
    for (size_t i = 0; i < VOTE_WORKLOAD_USERS; i++) {
        (void)snprintf(workload->users[i], sizeof(workload->users[i]), "user-%06zu", i);
    }
    for (size_t i = 0; i < VOTE_WORKLOAD_RECORDS; i++) {
        (void)snprintf(workload->records[i], sizeof(workload->records[i]), "tt%07zu",
                       i * RECORD_STEP);
    }
}

void vote_workload_deinit(struct vote_workload *workload)
{
    zipf_deinit(&workload->zipf);
    free(workload->users);
    free(workload->records);
    free(workload->changes);
}

static size_t draw_below(struct vote_workload *workload, size_t bound)
{
    return (size_t)(xorshift(&workload->random) % bound);
}

/* A rank spread over the names, so that the popular records are not neighbours in the store. */
static size_t record_of_rank(size_t rank)
{
    return rank * 61 % VOTE_WORKLOAD_RECORDS;
}

static size_t draw_record(struct vote_workload *workload)
{
    double share = (double)(xorshift(&workload->random) >> 11) / (double)(UINT64_C(1) << 53);
    return record_of_rank(zipf_rank(&workload->zipf, share));
}

static size_t voter(size_t record, size_t which)
{
    return (record * FIRST_VOTER_STEP + which * VOTER_STEP) % VOTE_WORKLOAD_USERS;
}

const struct rating_change *vote_workload_draw(struct vote_workload *workload, size_t count)
{
    CHECK(count <= VOTE_WORKLOAD_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t record = draw_record(workload);
        size_t user = voter(record, draw_below(workload, VOTE_WORKLOAD_VOTERS));
        workload->changes[i] = (struct rating_change){
            .kind = RATING_PUT,
            .key = {.record = {RECORD_TYPE_MOVIE, text_of(workload->records[record])},
                    .provider = TEXT("movielens"),
                    .user = text_of(workload->users[user])},
            .hundredths = (int32_t)draw_below(workload, RATING_BIN_COUNT) * RATING_BIN_HUNDREDTHS,
            .has_time = true,
            .time_ms = FIRST_TIME_MS + (int64_t)draw_below(workload, TIME_SPAN_MS),
        };
    }
    return workload->changes;
}

static size_t number_at(struct text name, size_t digits)
{
    uint64_t number;
    CHECK(text_to_u64(text_slice(name, name.length - digits, name.length), &number));
    return (size_t)number;
}

size_t vote_workload_place(const struct vote_key *vote)
{
    size_t record = number_at(vote->record.id, RECORD_DIGITS) / RECORD_STEP;
    size_t first = voter(record, 0);
    size_t user = number_at(vote->user, USER_DIGITS);
    size_t which = (user + VOTE_WORKLOAD_USERS - first) % VOTE_WORKLOAD_USERS / VOTER_STEP;
    return record * VOTE_WORKLOAD_VOTERS + which;
}
