/* Ratings that are kept until something is told of them. */
#include "movie/gateway/rating_cache.h"

#include <stdio.h>

#include "base/clock.h"
#include "movie/gateway/rating_record_key.h"
#include "support/cmocka_test.h"

enum { ID_BYTES = 32 };

#define AGE_MAX_MS INT64_C(1000)
#define NOW_NS (INT64_C(50) * CLOCK_NS_PER_S)

static struct record_key movie(const char *id)
{
    return (struct record_key){RECORD_TYPE_MOVIE, text_of(id)};
}

static struct rating_cache *create(size_t records_max)
{
    struct rating_cache *cache;
    assert_int_equal(rating_cache_create(records_max, AGE_MAX_MS, &cache), STATUS_OK);
    return cache;
}

static void keep(struct rating_cache *cache, const char *id, uint32_t count, int64_t asked_ns)
{
    const struct rating_view view = {.mean = 7, .count = count};
    uint64_t expected = rating_cache_expect(cache, movie(id));
    rating_cache_fill(cache, movie(id), expected, &view, asked_ns);
}

/* The count that is kept; -1: nothing is. */
static int kept_at(struct rating_cache *cache, const char *id, int64_t now_ns)
{
    struct rating_view view;
    if (!rating_cache_get(cache, movie(id), now_ns, &view)) {
        return -1;
    }
    assert_int_equal(view.source, MOVIE_RATING_CACHED);
    return (int)view.count;
}

static int kept(struct rating_cache *cache, const char *id)
{
    return kept_at(cache, id, NOW_NS);
}

static void test_what_is_kept_is_given_until_it_is_told_of(void **state)
{
    struct rating_cache *cache = create(1000);
    const struct record_key actor = {RECORD_TYPE_ACTOR, TEXT("a")};
    (void)state;
    assert_int_equal(kept(cache, "a"), -1);
    keep(cache, "a", 3, NOW_NS);
    keep(cache, "b", 4, NOW_NS);
    assert_int_equal(kept(cache, "a"), 3);
    assert_false(rating_cache_drop(cache, actor));
    assert_int_equal(kept(cache, "a"), 3);
    assert_true(rating_cache_drop(cache, movie("a")));
    assert_false(rating_cache_drop(cache, movie("a")));
    assert_int_equal(kept(cache, "a"), -1);
    assert_int_equal(kept(cache, "b"), 4);
    keep(cache, "a", 5, NOW_NS);
    rating_cache_clear(cache);
    assert_int_equal(kept(cache, "a"), -1);
    assert_int_equal(kept(cache, "b"), -1);
    assert_int_equal(rating_cache_count(cache), 0);
    rating_cache_destroy(cache);
}

static void test_ages_are_told_and_limited(void **state)
{
    struct rating_cache *cache = create(1000);
    struct rating_view view;
    (void)state;
    keep(cache, "a", 3, NOW_NS);
    assert_true(rating_cache_get(cache, movie("a"), NOW_NS + 999 * CLOCK_NS_PER_MS, &view));
    assert_int_equal(view.age_ms, 999);
    assert_false(rating_cache_get(cache, movie("a"), NOW_NS + 1000 * CLOCK_NS_PER_MS, &view));
    keep(cache, "a", 4, NOW_NS + 1500 * CLOCK_NS_PER_MS); /* anew, in its place */
    assert_int_equal(kept_at(cache, "a", NOW_NS + 1600 * CLOCK_NS_PER_MS), 4);
    assert_int_equal(rating_cache_count(cache), 1);
    rating_cache_destroy(cache);
}

static void test_that_nobody_voted_is_kept_too(void **state)
{
    struct rating_cache *cache = create(1000);
    struct rating_view view = {.no_votes = true};
    (void)state;
    rating_cache_fill(cache, movie("a"), rating_cache_expect(cache, movie("a")), &view, NOW_NS);
    view.no_votes = false;
    assert_true(rating_cache_get(cache, movie("a"), NOW_NS, &view));
    assert_true(view.no_votes);
    rating_cache_destroy(cache);
}

/* The answer may be from before the change. */
static void test_an_answer_that_a_change_overtook_is_not_kept(void **state)
{
    static const struct rating_view view = {.count = 3};
    struct rating_cache *cache = create(1000);
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        uint64_t expected = rating_cache_expect(cache, movie("a"));
        if (whole) {
            rating_cache_clear(cache);
        } else {
            assert_true(rating_cache_drop(cache, movie("a")));
        }
        rating_cache_fill(cache, movie("a"), expected, &view, NOW_NS);
        assert_int_equal(kept(cache, "a"), -1);

        /* Not in the place of a later question, either. */
        uint64_t later = rating_cache_expect(cache, movie("a"));
        assert_true(later != expected);
        rating_cache_fill(cache, movie("a"), expected, &view, NOW_NS);
        assert_int_equal(kept(cache, "a"), -1);
        rating_cache_fill(cache, movie("a"), later, &view, NOW_NS);
        assert_int_equal(kept(cache, "a"), 3);
        assert_true(rating_cache_drop(cache, movie("a")));
    }
    rating_cache_destroy(cache);
}

static void test_of_two_answers_the_later_question_stays(void **state)
{
    static const struct rating_view earlier = {.count = 3};
    static const struct rating_view later = {.count = 4};
    struct rating_cache *cache = create(1000);
    (void)state;
    uint64_t first = rating_cache_expect(cache, movie("a"));
    uint64_t second = rating_cache_expect(cache, movie("a"));
    rating_cache_fill(cache, movie("a"), second, &later, NOW_NS);
    rating_cache_fill(cache, movie("a"), first, &earlier, NOW_NS - 1);
    assert_int_equal(kept(cache, "a"), 4);
    rating_cache_destroy(cache);
}

static void test_there_is_room_for_so_many(void **state)
{
    struct rating_cache *cache = create(2 * RATING_CACHE_SHARDS);
    char id[ID_BYTES];
    (void)state;
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(id, sizeof(id), "tt%d", i);
        keep(cache, id, 1, NOW_NS);
        assert_int_equal(kept(cache, id), 1);
    }
    assert_int_equal(rating_cache_count(cache), 2 * RATING_CACHE_SHARDS);
    rating_cache_destroy(cache);
}

/* The number-th id of the first shard. */
static void find_neighbour(unsigned number, char id[static ID_BYTES])
{
    unsigned found = 0;
    for (int i = 0; found <= number; i++) {
        char room[RATING_RECORD_KEY_ROOM];
        (void)snprintf(id, ID_BYTES, "tt%d", i);
        found += text_hash(rating_record_key(movie(id), room)) % RATING_CACHE_SHARDS == 0 ? 1 : 0;
    }
}

static void test_the_least_lately_used_goes_first(void **state)
{
    struct rating_cache *cache = create(2 * RATING_CACHE_SHARDS);
    char ids[4][ID_BYTES];
    (void)state;
    for (unsigned i = 0; i < ARRAY_LENGTH(ids); i++) {
        find_neighbour(i, ids[i]);
    }
    keep(cache, ids[0], 1, NOW_NS);
    keep(cache, ids[1], 1, NOW_NS);
    assert_int_equal(kept(cache, ids[0]), 1); /* used */
    keep(cache, ids[2], 1, NOW_NS);
    assert_int_equal(kept(cache, ids[1]), -1);
    assert_int_equal(kept(cache, ids[0]), 1);
    keep(cache, ids[3], 1, NOW_NS);
    assert_int_equal(kept(cache, ids[2]), -1);
    assert_int_equal(kept(cache, ids[0]), 1);
    rating_cache_destroy(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_kept_is_given_until_it_is_told_of),
        cmocka_unit_test(test_ages_are_told_and_limited),
        cmocka_unit_test(test_that_nobody_voted_is_kept_too),
        cmocka_unit_test(test_an_answer_that_a_change_overtook_is_not_kept),
        cmocka_unit_test(test_of_two_answers_the_later_question_stays),
        cmocka_unit_test(test_there_is_room_for_so_many),
        cmocka_unit_test(test_the_least_lately_used_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
