/* The copy of all aggregates: what is news, what is void, and who may look meanwhile. */
#include "movie/gateway/rating_copy.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "support/cmocka_test.h"

enum { READERS = 2, CHANGES = 20000, ID_BYTES = 32 };

static struct record_key movie(const char *id)
{
    return (struct record_key){RECORD_TYPE_MOVIE, text_of(id)};
}

static bool put(struct rating_copy *copy, const char *id, int64_t sequence, uint64_t count)
{
    const struct rating_aggregate_event event = {
        .record = movie(id),
        .sequence = sequence,
        .aggregate = {.count = count, .sum_hundredths = count * 100},
    };
    return rating_copy_put(copy, &event);
}

/* How many votes; 0: none, -1: not known. */
static int count_of(struct rating_copy *copy, const char *id)
{
    struct rating_aggregate aggregate;
    switch (rating_copy_get(copy, movie(id), &aggregate)) {
    case RATING_COPY_RATED:
        assert_int_equal(aggregate.sum_hundredths, aggregate.count * 100);
        return (int)aggregate.count;
    case RATING_COPY_NO_VOTES:
        return 0;
    case RATING_COPY_UNKNOWN:
        return -1;
    }
    return -1;
}

static struct rating_copy *create(size_t records_max)
{
    struct rating_copy *copy;
    assert_int_equal(rating_copy_create(records_max, &copy), STATUS_OK);
    return copy;
}

static void test_only_a_later_sequence_is_news(void **state)
{
    static const struct {
        int64_t sequence;
        uint64_t count;
        bool is_news;
        int want;
    } cases[] = {
        {0, 1, true, 1}, /* what was there before the change log */
        {5, 2, true, 2}, {5, 3, false, 2}, {4, 3, false, 2}, {0, 3, false, 2},
        {6, 0, true, 0}, {5, 3, false, 0}, {6, 3, false, 0}, {7, 4, true, 4},
    };
    struct rating_copy *copy = create(10);
    (void)state;
    assert_int_equal(count_of(copy, "tt1"), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(put(copy, "tt1", cases[i].sequence, cases[i].count), cases[i].is_news);
        assert_int_equal(count_of(copy, "tt1"), cases[i].want);
    }
    assert_int_equal(rating_copy_count(copy), 1);
    rating_copy_destroy(copy);
}

static void test_records_of_all_types_are_told_apart(void **state)
{
    struct rating_copy *copy = create(10);
    struct rating_aggregate aggregate;
    const struct record_key actor = {RECORD_TYPE_ACTOR, TEXT("tt1")};
    (void)state;
    assert_true(put(copy, "tt1", 1, 1));
    assert_int_equal(rating_copy_get(copy, actor, &aggregate), RATING_COPY_NO_VOTES);
    rating_copy_destroy(copy);
}

static void test_what_a_transfer_passed_over_is_void(void **state)
{
    enum { RECORDS = 10 * RATING_COPY_SWEEP_COUNT };
    struct rating_copy *copy = create(RECORDS + 10);
    char id[ID_BYTES];
    (void)state;
    for (int i = 0; i < RECORDS; i++) {
        (void)snprintf(id, sizeof(id), "old%d", i);
        assert_true(put(copy, id, 9, 1));
    }
    assert_true(put(copy, "kept", 10, 2));
    assert_true(put(copy, "newer", 11, 3));
    rating_copy_complete(copy, 10);
    assert_int_equal(rating_copy_count(copy), 2);
    assert_int_equal(count_of(copy, "old7"), 0);
    assert_int_equal(count_of(copy, "kept"), 2);
    assert_int_equal(count_of(copy, "newer"), 3);

    /* One that comes late stays void; a change since does not. */
    (void)put(copy, "old7", 9, 1);
    assert_int_equal(count_of(copy, "old7"), 0);
    assert_true(put(copy, "old7", 12, 4));
    assert_int_equal(count_of(copy, "old7"), 4);
    rating_copy_complete(copy, 9); /* an older mark takes nothing back */
    assert_int_equal(count_of(copy, "kept"), 2);

    rating_copy_clear(copy);
    assert_int_equal(rating_copy_count(copy), 0);
    assert_int_equal(count_of(copy, "kept"), 0);
    assert_true(put(copy, "kept", 1, 1)); /* of another database */
    assert_int_equal(count_of(copy, "kept"), 1);
    rating_copy_destroy(copy);
}

static void test_a_full_copy_claims_nothing_of_what_it_does_not_hold(void **state)
{
    struct rating_copy *copy = create(2);
    (void)state;
    assert_true(put(copy, "a", 1, 1));
    assert_true(put(copy, "b", 2, 1));
    assert_false(rating_copy_is_full(copy));
    assert_int_equal(count_of(copy, "c"), 0);
    assert_false(put(copy, "c", 3, 1));
    assert_true(rating_copy_is_full(copy));
    assert_int_equal(count_of(copy, "c"), -1);
    assert_int_equal(count_of(copy, "d"), -1);
    assert_true(put(copy, "a", 4, 2)); /* what is held goes on */
    assert_int_equal(count_of(copy, "a"), 2);
    assert_int_equal(rating_copy_count(copy), 2);
    rating_copy_destroy(copy);
}

static void test_an_overlong_id_has_no_votes(void **state)
{
    struct rating_copy *copy = create(2);
    char id[RATING_RECORD_BYTES_MAX + 1];
    struct rating_aggregate aggregate;
    (void)state;
    memset(id, 'x', sizeof(id));
    const struct record_key record = {RECORD_TYPE_MOVIE, text_of_bytes(id, sizeof(id))};
    assert_int_equal(rating_copy_get(copy, record, &aggregate), RATING_COPY_NO_VOTES);
    rating_copy_destroy(copy);
}

struct reading {
    struct rating_copy *copy;
    _Atomic bool ended;
};

/* count_of() asserts that count and sum are of one change. */
static void *read_on(void *argument)
{
    struct reading *reading = argument;
    int last = 0;
    while (!atomic_load(&reading->ended)) {
        int count = count_of(reading->copy, "tt1");
        if (count < last) {
            return reading; /* it went back */
        }
        last = count;
    }
    return NULL;
}

static void test_readers_see_whole_changes_in_their_order(void **state)
{
    struct reading reading = {.copy = create(1000)};
    pthread_t readers[READERS];
    char id[ID_BYTES];
    (void)state;
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &reading), 0);
    }
    for (int i = 1; i <= CHANGES; i++) {
        assert_true(put(reading.copy, "tt1", i, (uint64_t)i));
        (void)snprintf(id, sizeof(id), "tt%d", i % 900);
        (void)put(reading.copy, id, i, 1);
        if (i % 5000 == 0) {
            rating_copy_complete(reading.copy, i);
        }
    }
    atomic_store(&reading.ended, true);
    for (size_t i = 0; i < READERS; i++) {
        void *went_back = NULL;
        assert_int_equal(pthread_join(readers[i], &went_back), 0);
        assert_null(went_back);
    }
    rating_copy_destroy(reading.copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_a_later_sequence_is_news),
        cmocka_unit_test(test_records_of_all_types_are_told_apart),
        cmocka_unit_test(test_what_a_transfer_passed_over_is_void),
        cmocka_unit_test(test_a_full_copy_claims_nothing_of_what_it_does_not_hold),
        cmocka_unit_test(test_an_overlong_id_has_no_votes),
        cmocka_unit_test(test_readers_see_whole_changes_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
