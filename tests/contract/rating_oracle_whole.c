/* Comparing the whole: all votes, all aggregates, and what the change log makes of nothing. */
#include <stdlib.h>

#include "base/arena.h"
#include "contract/rating_oracle_model.h"

enum { PAGE = 97 };

struct slot_table {
    struct oracle_slot slots[ORACLE_ACTORS][ORACLE_SLOTS];
};

static struct oracle_slot *find(struct oracle *oracle, struct slot_table *table,
                                const struct vote_key *key)
{
    size_t actor;
    size_t slot;
    if (!oracle_find_slot(oracle, key, &actor, &slot)) {
        oracle_differ(oracle, "a vote of nobody's");
        return NULL;
    }
    return &table->slots[actor][slot];
}

/* The votes as they are listed. */
static void read_votes(struct oracle *oracle, struct call *call, struct slot_table *votes)
{
    struct vote_key last;
    size_t total = 0;
    size_t count = PAGE;
    while (count == PAGE) {
        struct rating_stored_vote *page;
        if (oracle->repository.ops->list_votes(oracle->repository.state, call,
                                               total > 0 ? &last : NULL, PAGE, &page,
                                               &count) != STATUS_OK) {
            oracle_differ(oracle, "the votes cannot be listed");
            return;
        }
        for (size_t i = 0; i < count; i++) {
            struct oracle_slot *slot = find(oracle, votes, &page[i].vote.key);
            if (slot == NULL || slot->known) {
                oracle_differ(oracle, "a vote is listed twice");
                return;
            }
            *slot = (struct oracle_slot){.known = true,
                                         .voted = !page[i].deleted,
                                         .hundredths = page[i].vote.hundredths,
                                         .time_ms = page[i].vote.time_ms};
            last = page[i].vote.key;
        }
        total += count;
    }
}

static void check_votes(struct oracle *oracle, struct slot_table *votes)
{
    for (size_t i = 0; i < ORACLE_ACTORS * ORACLE_SLOTS; i++) {
        const struct oracle_slot *got = &votes->slots[i / ORACLE_SLOTS][i % ORACLE_SLOTS];
        const struct oracle_slot *want = &oracle->actors[i / ORACLE_SLOTS].slots[i % ORACLE_SLOTS];
        if (got->known != want->known || got->voted != want->voted ||
            (want->voted && got->hundredths != want->hundredths) ||
            (want->known && want->time_ms != ORACLE_ARRIVAL_MS && got->time_ms != want->time_ms)) {
            oracle_differ(oracle, "the list of votes: %d, not %d", got->hundredths,
                          want->hundredths);
        }
    }
}

static void check_aggregates(struct oracle *oracle, struct call *call)
{
    struct rating_stored_aggregate *page;
    size_t count;
    size_t want_count = 0;
    if (oracle->repository.ops->list_aggregates(oracle->repository.state, call, NULL,
                                                ORACLE_TYPES * ORACLE_RECORDS + 1, &page,
                                                &count) != STATUS_OK) {
        oracle_differ(oracle, "the aggregates cannot be listed");
        return;
    }
    for (size_t i = 0; i < ORACLE_TYPES * ORACLE_RECORDS; i++) {
        const struct record_key record = {(enum record_type)(1 + i % ORACLE_TYPES),
                                          text_of(oracle->actors[0].records[i / ORACLE_TYPES])};
        want_count += oracle_aggregate(oracle, record).count > 0 ? 1 : 0;
    }
    if (count != want_count) {
        oracle_differ(oracle, "%zu aggregates are listed, not %zu", count, want_count);
    }
    for (size_t i = 0; i < count; i++) {
        struct rating_aggregate want = oracle_aggregate(oracle, page[i].record);
        const struct rating_aggregate *got = &page[i].aggregate;
        if (got->count != want.count || got->sum_hundredths != want.sum_hundredths ||
            memcmp(got->histogram, want.histogram, sizeof(got->histogram)) != 0) {
            oracle_differ(oracle, "the list of aggregates: %llu votes, not %llu",
                          (unsigned long long)got->count, (unsigned long long)want.count);
        }
    }
}

static void replay(struct oracle *oracle, const struct rating_change_record *record,
                   struct slot_table *votes)
{
    if (record->kind == RATING_RECORD_DEAD_LETTER) {
        return;
    }
    struct oracle_slot *slot = find(oracle, votes, &record->vote.key);
    if (slot != NULL) {
        *slot = (struct oracle_slot){.known = true,
                                     .voted = record->kind == RATING_RECORD_PUT,
                                     .hundredths = record->vote.hundredths,
                                     .time_ms = record->vote.time_ms};
    }
}

/* The votes as the change log makes them, from nothing. Returns how many records there are. */
static size_t read_changes(struct oracle *oracle, struct call *call, struct slot_table *votes)
{
    int64_t last = 0;
    size_t count = PAGE;
    while (count == PAGE) {
        struct rating_change_record *page;
        if (oracle->repository.ops->list_changes(oracle->repository.state, call, last, PAGE, &page,
                                                 &count) != STATUS_OK) {
            oracle_differ(oracle, "the changes cannot be listed");
            return 0;
        }
        for (size_t i = 0; i < count; i++) {
            if (page[i].sequence != last + 1) {
                oracle_differ(oracle, "sequence %lld follows %lld", (long long)page[i].sequence,
                              (long long)last);
                return 0;
            }
            last = page[i].sequence;
            replay(oracle, &page[i], votes);
        }
    }
    return (size_t)last;
}

static void check_changes(struct oracle *oracle, struct call *call, struct slot_table *votes,
                          struct slot_table *replayed)
{
    size_t want = 0;
    for (size_t i = 0; i < ORACLE_ACTORS; i++) {
        want += oracle->actors[i].applied;
    }
    size_t got = read_changes(oracle, call, replayed);
    if (got != want) {
        oracle_differ(oracle, "%zu changes are logged, not %zu", got, want);
    }
    for (size_t i = 0; i < ORACLE_ACTORS * ORACLE_SLOTS; i++) {
        const struct oracle_slot *kept = &votes->slots[i / ORACLE_SLOTS][i % ORACLE_SLOTS];
        const struct oracle_slot *made = &replayed->slots[i / ORACLE_SLOTS][i % ORACLE_SLOTS];
        if (kept->voted != made->voted || (kept->voted && (kept->hundredths != made->hundredths ||
                                                           kept->time_ms != made->time_ms))) {
            oracle_differ(oracle, "the change log makes %d of a vote, not %d", made->hundredths,
                          kept->hundredths);
        }
    }
}

void oracle_check_whole(struct oracle *oracle, struct call *call)
{
    struct slot_table *votes = calloc(1, sizeof(*votes));
    struct slot_table *replayed = calloc(1, sizeof(*replayed));
    assert_true(votes != NULL && replayed != NULL);
    read_votes(oracle, call, votes);
    check_votes(oracle, votes);
    check_aggregates(oracle, call);
    check_changes(oracle, call, votes, replayed);
    free(votes);
    free(replayed);
}
