#include "rating/model/rating_burst.h"

#include <stdio.h>

#include "support/cmocka_test.h"

enum { WINDOW_MS = 1000, FLOOR = 10, MULTIPLE = 3 };

static struct rating_burst *create(void)
{
    const struct rating_burst_options options = {
        .window_ms = WINDOW_MS, .floor = FLOOR, .multiple = MULTIPLE};
    struct rating_burst *burst;
    assert_int_equal(rating_burst_create(&options, &burst), STATUS_OK);
    return burst;
}

static const struct record_key film = {RECORD_TYPE_MOVIE, TEXT_INIT("a film")};

/* How many of `count` votes in a window are held. */
static unsigned take(struct rating_burst *burst, struct record_key record, int64_t window,
                     unsigned count)
{
    char reason[RATING_BURST_REASON_BYTES_MAX];
    unsigned held = 0;
    for (unsigned i = 0; i < count; i++) {
        held += rating_burst_take(burst, record, window * WINDOW_MS + i % WINDOW_MS, reason);
    }
    return held;
}

static void the_floor_is_never_a_burst(void **state)
{
    (void)state;
    struct rating_burst *burst = create();
    assert_int_equal(take(burst, film, 100, FLOOR), 0);
    assert_int_equal(take(burst, film, 100, 1), 1);
    assert_int_equal(take(burst, film, 101, FLOOR), 0); /* the next window begins anew */
    assert_int_equal(rating_burst_held(burst), 1);
    rating_burst_destroy(burst);
}

static void what_is_given_back_was_not_there(void **state)
{
    (void)state;
    struct rating_burst *burst = create();
    rating_burst_give_back(burst, film, 100 * WINDOW_MS, false); /* of which there is none */
    assert_int_equal(take(burst, film, 100, FLOOR + 2), 2);
    rating_burst_give_back(burst, film, 100 * WINDOW_MS + 1, true);
    assert_int_equal(rating_burst_held(burst), 1);
    rating_burst_give_back(burst, film, 100 * WINDOW_MS + 1, false);
    assert_int_equal(take(burst, film, 100, 2), 1);
    rating_burst_destroy(burst);
}

static void what_is_usual_is_no_burst(void **state)
{
    (void)state;
    struct rating_burst *burst = create();
    /* Slowly more, so that each window is within three times the mean of those before. */
    for (int64_t window = 100; window < 100 + RATING_BURST_PAST; window++) {
        assert_int_equal(take(burst, film, window, FLOOR), 0);
    }
    assert_int_equal(take(burst, film, 100 + RATING_BURST_PAST, MULTIPLE * FLOOR), 0);
    assert_int_equal(take(burst, film, 100 + RATING_BURST_PAST, 5), 5);
    /* What was held has not become usual: the mean is now (23 * 10 + 30) / 24. */
    assert_int_equal(take(burst, film, 101 + RATING_BURST_PAST, 100), 100 - 33);
    rating_burst_destroy(burst);
}

static void old_votes_count_where_they_were_cast(void **state)
{
    (void)state;
    struct rating_burst *burst = create();
    char reason[RATING_BURST_REASON_BYTES_MAX];
    for (int64_t i = 0; i < 1000; i++) {
        assert_false(rating_burst_take(burst, film, i * WINDOW_MS, reason));
    }
    rating_burst_destroy(burst);
}

static void records_have_counts_of_their_own(void **state)
{
    (void)state;
    struct rating_burst *burst = create();
    for (unsigned i = 0; i < 500; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "%u", i);
        const struct record_key other = {RECORD_TYPE_MOVIE, text_of(id)};
        assert_int_equal(take(burst, other, 7, FLOOR), 0);
    }
    const struct record_key actor = {RECORD_TYPE_ACTOR, film.id};
    assert_int_equal(take(burst, film, 7, FLOOR), 0);
    assert_int_equal(take(burst, actor, 7, FLOOR), 0);
    assert_int_equal(take(burst, film, 7, 1), 1);
    rating_burst_destroy(burst);
}

static void says_the_figures(void **state)
{
    (void)state;
    struct rating_burst *burst = create();
    char reason[RATING_BURST_REASON_BYTES_MAX];
    (void)take(burst, film, 7, FLOOR);
    assert_true(rating_burst_take(burst, film, 7 * WINDOW_MS, reason));
    assert_string_equal(reason, "a burst of votes: 10 within 1 s, where 0.0 are usual; held until "
                                "it is reviewed");
    rating_burst_destroy(burst);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_floor_is_never_a_burst),
        cmocka_unit_test(what_is_given_back_was_not_there),
        cmocka_unit_test(what_is_usual_is_no_burst),
        cmocka_unit_test(old_votes_count_where_they_were_cast),
        cmocka_unit_test(records_have_counts_of_their_own),
        cmocka_unit_test(says_the_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
