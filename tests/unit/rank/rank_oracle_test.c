/* Random changes, and every list compared with what sorting everything gives. */
#include <stdio.h>

#include "rank_oracle.h"
#include "support/cmocka_test.h"

enum { ROUNDS = 60, CHANGES = 120, QUERIES = 12 };

static struct rank_query random_query(struct oracle *oracle)
{
    struct rank_query query = {.order = (enum rank_order)oracle_random(oracle, RANK_ORDER_COUNT),
                               .page_size = 1 + oracle_random(oracle, 90)};
    if (oracle_random(oracle, 2) == 0) {
        query.minimum_votes = oracle_random(oracle, 13);
    }
    if (oracle_random(oracle, 3) == 0) {
        query.genre = oracle_genre((unsigned)oracle_random(oracle, ORACLE_GENRES));
    }
    if (oracle_random(oracle, 3) == 0) {
        query.year_from = 1988 + (int32_t)oracle_random(oracle, 16);
    }
    if (oracle_random(oracle, 3) == 0) {
        query.year_to = 1988 + (int32_t)oracle_random(oracle, 16);
    }
    return query;
}

static void compare_totals(struct oracle *oracle)
{
    struct rank_stats stats = rank_index_stats(oracle->index);
    uint64_t count = 0;
    uint64_t sum = 0;
    size_t entries = 0;
    for (size_t i = 0; i < ORACLE_ENTRIES; i++) {
        const struct oracle_entry *entry = &oracle->entries[i];
        count += entry->count;
        sum += entry->sum;
        entries += entry->has_votes || entry->has_facts;
    }
    assert_int_equal(stats.totals.count, count);
    assert_int_equal(stats.totals.sum_hundredths, sum);
    assert_int_equal(stats.entries, entries);
}

static void compare_genres(struct oracle *oracle)
{
    struct rank_genre *genres;
    size_t count;
    assert_int_equal(rank_list_genres(oracle->index, &oracle->call, &genres, &count), STATUS_OK);
    size_t at = 0;
    for (unsigned i = 0; i < ORACLE_GENRES; i++) {
        const struct rank_query query = {.genre = oracle_genre(i)};
        const struct rank_parameters parameters = rank_index_parameters(oracle->index);
        size_t list[ORACLE_ENTRIES];
        size_t want = oracle_list(oracle, &query, &parameters, list);
        if (want > 0) {
            assert_true(at < count && text_equal(genres[at].name, oracle_genre(i)));
            assert_int_equal(genres[at].entries, want);
            at++;
        }
    }
    assert_int_equal(at, count);
}

static void run(unsigned listed_parts, uint64_t seed)
{
    const struct rank_parameters first = rank_parameters_make(3, 6.5);
    struct oracle oracle;
    oracle_open(&oracle, listed_parts, &first, seed);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CHANGES; i++) {
            oracle_change(&oracle, oracle_random(&oracle, ORACLE_ENTRIES));
        }
        if (round % 5 == 4) {
            const struct rank_parameters next = rank_parameters_make(
                (double)oracle_random(&oracle, 30), (double)oracle_random(&oracle, 1000) / 100);
            assert_int_equal(rank_resort(oracle.index, &next), STATUS_OK);
        }
        for (int i = 0; i < QUERIES; i++) {
            const struct rank_query query = random_query(&oracle);
            oracle_compare(&oracle, &query);
        }
        compare_totals(&oracle);
        compare_genres(&oracle);
    }
    oracle_close(&oracle);
}

static void lists_what_has_votes_as_sorting_everything_does(void **state)
{
    (void)state;
    run(RANK_VOTES, 1);
}

static void lists_what_has_facts_as_sorting_everything_does(void **state)
{
    (void)state;
    run(RANK_FACTS, 2);
}

static void lists_what_has_both_as_sorting_everything_does(void **state)
{
    (void)state;
    run(RANK_VOTES | RANK_FACTS, 3);
}

static void forgets_what_a_source_that_begins_anew_has_no_more(void **state)
{
    (void)state;
    const struct rank_parameters parameters = rank_parameters_make(3, 6.5);
    struct oracle oracle;
    oracle_open(&oracle, RANK_FACTS, &parameters, 4);
    for (int round = 0; round < 20; round++) {
        enum rank_part part = round % 2 == 0 ? RANK_VOTES : RANK_FACTS;
        for (int i = 0; i < ORACLE_ENTRIES; i++) {
            oracle_change(&oracle, oracle_random(&oracle, ORACLE_ENTRIES));
        }
        oracle_forget(&oracle, part);
        rank_begin_refill(oracle.index, part);
        rank_begin_refill(oracle.index, part); /* once more does no harm */
        for (int i = 0; i < ORACLE_ENTRIES / 2; i++) {
            oracle_change(&oracle, oracle_random(&oracle, ORACLE_ENTRIES));
        }
        rank_end_refill(oracle.index, part);
        for (unsigned order = 0; order < RANK_ORDER_COUNT; order++) {
            const struct rank_query query = {.order = order, .page_size = 100};
            oracle_compare(&oracle, &query);
        }
        compare_totals(&oracle);
    }
    oracle_close(&oracle);
}

/* A million would take long here; this many have several thousand blocks' worth of splits and
 * joins. */
static void holds_many_entries_and_lets_them_go(void **state)
{
    (void)state;
    enum { MANY = 60000 };
    const struct rank_options options = {.orders = 1u << RANK_BY_SCORE | 1u << RANK_BY_VOTES,
                                         .listed_parts = RANK_VOTES,
                                         .parameters = rank_parameters_make(25, 7)};
    struct rank_index *index;
    assert_int_equal(rank_index_create(&options, &index), STATUS_OK);
    for (int pass = 0; pass < 4; pass++) {
        for (unsigned i = 0; i < MANY; i++) {
            char id[16];
            int length = snprintf(id, sizeof(id), "tt%07u", i * 7919 % MANY);
            const struct rank_change change = {
                .id = text_of_bytes(id, (size_t)length),
                .part = RANK_VOTES,
                .removed = pass == 3,
                .count = 1 + i % (pass == 1 ? 3u : 5000u),
                .sum_hundredths = 1 + (uint64_t)i * 31 % 1000,
            };
            assert_int_equal(rank_apply(index, &change, 1), STATUS_OK);
        }
        struct rank_stats stats = rank_index_stats(index);
        assert_int_equal(stats.listed, pass == 3 ? 0 : MANY);
        assert_true(stats.bytes < MANY * UINT64_C(160));
    }
    assert_int_equal(rank_index_stats(index).totals.sum_hundredths, 0);
    rank_index_destroy(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_what_has_votes_as_sorting_everything_does),
        cmocka_unit_test(lists_what_has_facts_as_sorting_everything_does),
        cmocka_unit_test(lists_what_has_both_as_sorting_everything_does),
        cmocka_unit_test(forgets_what_a_source_that_begins_anew_has_no_more),
        cmocka_unit_test(holds_many_entries_and_lets_them_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
