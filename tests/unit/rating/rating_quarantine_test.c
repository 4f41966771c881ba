/* Votes that are held for review, on every store that needs no server. */
#include "rating/controller/rating_quarantine.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "rating/model/rating_burst.h"
#include "rating/model/rating_held.h"
#include "rating/repository/lmdb_rating_repository.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum { TIMEOUT_MS = 20000, ARENA_BYTES_MAX = 64 * 1024 * 1024, FLOOR = 3 };

struct fixture {
    struct arena arena;
    struct call call;
    struct rating_controller controller;
    char directory[SCRATCH_PATH_BYTES];
    void (*body)(struct fixture *fixture);
};

static void run_on(struct fixture *fixture, struct rating_repository repository)
{
    const struct rating_burst_options options = {
        .window_ms = RATING_BURST_WINDOW_MS_MAX, .floor = FLOOR, .multiple = 2};
    fixture->controller.step_hundredths = 50;
    fixture->controller.repository = repository;
    assert_int_equal(rating_burst_create(&options, &fixture->controller.burst), STATUS_OK);
    fixture->body(fixture);
    rating_burst_destroy(fixture->controller.burst);
    repository.ops->close(repository.state);
}

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    struct rating_repository repository;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    assert_int_equal(memory_rating_repository_open(&fixture->call, &repository), STATUS_OK);
    run_on(fixture, repository);
    scratch_directory_make(fixture->directory);
    const struct lmdb_rating_repository_options lmdb = {.path = text_of(fixture->directory)};
    assert_int_equal(lmdb_rating_repository_open(&fixture->call, &lmdb, &repository), STATUS_OK);
    run_on(fixture, repository);
    scratch_directory_remove(fixture->directory);
    arena_deinit(&fixture->arena);
}

#define QUARANTINE_TEST(name)                                                                      \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static struct rating_change vote_of(const char *user, int32_t hundredths)
{
    return (struct rating_change){
        .key = {.record = {RECORD_TYPE_MOVIE, TEXT("a film")}, .user = text_of(user)},
        .hundredths = hundredths};
}

/* Whether it was held. */
static bool put(struct fixture *fixture, const char *user, int32_t hundredths)
{
    const struct rating_change change = vote_of(user, hundredths);
    bool held = false;
    assert_int_equal(rating_controller_put(&fixture->controller, &fixture->call, &change, &held),
                     STATUS_OK);
    return held;
}

static void expect_aggregate(struct fixture *fixture, uint64_t count, uint64_t sum)
{
    struct rating_aggregate aggregate = {.count = 0};
    struct call call = call_within(&fixture->call, 0);
    enum status status = rating_controller_get_aggregate(&fixture->controller, &call,
                                                         vote_of("", 0).key.record, &aggregate);
    assert_int_equal(status, count > 0 ? STATUS_OK : STATUS_NOT_FOUND);
    assert_int_equal(aggregate.count, count);
    assert_int_equal(aggregate.sum_hundredths, sum);
}

static size_t count_held(struct fixture *fixture)
{
    const struct rating_held_request all = {.page_size = RATING_PAGE_SIZE_MAX};
    struct rating_held_page page;
    assert_int_equal(rating_quarantine_list(&fixture->controller, &fixture->call, &all, &page),
                     STATUS_OK);
    return page.count;
}

static size_t end_all(struct fixture *fixture, enum rating_held_end end)
{
    const struct rating_held_request all = {.page_size = RATING_PAGE_SIZE_MAX};
    struct rating_held_page page;
    assert_int_equal(rating_quarantine_end(&fixture->controller, &fixture->call, &all, end, &page),
                     STATUS_OK);
    return page.count;
}

static struct rating_own_vote get_own(struct fixture *fixture, const char *user, enum status status)
{
    const struct vote_key key = vote_of(user, 0).key;
    struct call call = call_within(&fixture->call, 0);
    struct rating_own_vote own = {.is_counted = false};
    assert_int_equal(rating_quarantine_get_own(&fixture->controller, &call, &key, &own), status);
    assert_int_equal(call.error.message.length > 0, status != STATUS_OK);
    return own;
}

/* Fills the window: what comes now is in a burst. */
static void fill(struct fixture *fixture)
{
    assert_false(put(fixture, "u1", 500));
    assert_false(put(fixture, "u2", 500));
    assert_false(put(fixture, "u3", 500));
}

static void a_burst_is_held_and_released_once(struct fixture *fixture)
{
    fill(fixture);
    assert_true(put(fixture, "bot1", 1000));
    assert_true(put(fixture, "bot2", 900));
    assert_true(put(fixture, "bot1", 950)); /* in place of the first */
    expect_aggregate(fixture, 3, 1500);
    assert_int_equal(count_held(fixture), 2);
    assert_int_equal(end_all(fixture, RATING_HELD_RELEASED), 2);
    expect_aggregate(fixture, 5, 1500 + 950 + 900);
    assert_int_equal(count_held(fixture), 0);
    assert_int_equal(end_all(fixture, RATING_HELD_RELEASED), 0);
    expect_aggregate(fixture, 5, 1500 + 950 + 900);
}
QUARANTINE_TEST(a_burst_is_held_and_released_once)

/* As two who press the button at once: what the second read is settled already. */
static void a_release_that_is_repeated_counts_once(struct fixture *fixture)
{
    struct rating_repository repository = fixture->controller.repository;
    const struct rating_held_request all = {.page_size = 10};
    struct rating_held_page page;
    fill(fixture);
    assert_true(put(fixture, "bot", 1000));
    assert_int_equal(rating_quarantine_list(&fixture->controller, &fixture->call, &all, &page),
                     STATUS_OK);
    struct rating_change change = vote_of("bot", page.votes[0].vote.hundredths);
    change.has_time = true;
    change.time_ms = page.votes[0].vote.time_ms;
    const struct rating_batch batch = {
        .changes = &change, .change_count = 1, .settled = &page.votes[0].place, .settled_count = 1};
    assert_int_equal(end_all(fixture, RATING_HELD_RELEASED), 1);
    assert_int_equal(repository.ops->apply(repository.state, &fixture->call, &batch), STATUS_OK);
    expect_aggregate(fixture, 4, 2500);
    assert_int_equal(count_held(fixture), 0);
}
QUARANTINE_TEST(a_release_that_is_repeated_counts_once)

static void what_is_rejected_never_counts(struct fixture *fixture)
{
    fill(fixture);
    assert_true(put(fixture, "bot", 1000));
    assert_int_equal(end_all(fixture, RATING_HELD_REJECTED), 1);
    expect_aggregate(fixture, 3, 1500);
    assert_int_equal(count_held(fixture), 0);
    assert_int_equal(end_all(fixture, RATING_HELD_RELEASED), 0);
    expect_aggregate(fixture, 3, 1500);
}
QUARANTINE_TEST(what_is_rejected_never_counts)

static void a_user_is_told_what_stands(struct fixture *fixture)
{
    const struct vote_key bot = vote_of("bot", 0).key;
    struct rating_own_vote own = get_own(fixture, "bot", STATUS_NOT_FOUND);
    fill(fixture);
    assert_true(put(fixture, "bot", 1000));
    own = get_own(fixture, "bot", STATUS_OK);
    assert_false(own.is_counted);
    assert_true(own.is_held);
    assert_int_equal(own.held.hundredths, 1000);
    assert_true(put(fixture, "u1", 100));
    own = get_own(fixture, "u1", STATUS_OK);
    assert_true(own.is_counted && own.is_held);
    assert_int_equal(own.counted.hundredths, 500);
    assert_int_equal(own.held.hundredths, 100);
    own = get_own(fixture, "u2", STATUS_OK);
    assert_true(own.is_counted && !own.is_held);
    /* Taken back, it is not held any more. */
    assert_int_equal(rating_controller_delete(&fixture->controller, &fixture->call, &bot),
                     STATUS_OK);
    assert_int_equal(count_held(fixture), 1);
    struct call call = call_within(&fixture->call, 0);
    assert_int_equal(rating_controller_delete(&fixture->controller, &call, &bot), STATUS_NOT_FOUND);
    expect_aggregate(fixture, 3, 1500);
}
QUARANTINE_TEST(a_user_is_told_what_stands)

/* A vote of another window that is later and counts: what is held would change nothing. */
static void a_held_vote_that_is_outdone_is_not_told(struct fixture *fixture)
{
    struct rating_change later = vote_of("bot", 200);
    bool held = true;
    fill(fixture);
    assert_true(put(fixture, "bot", 1000));
    later.has_time = true;
    later.time_ms = clock_wall_ms() + 2 * RATING_BURST_WINDOW_MS_MAX;
    assert_int_equal(rating_controller_put(&fixture->controller, &fixture->call, &later, &held),
                     STATUS_OK);
    assert_false(held);
    const struct rating_own_vote own = get_own(fixture, "bot", STATUS_OK);
    assert_true(own.is_counted && !own.is_held);
    assert_int_equal(own.counted.hundredths, 200);
    assert_int_equal(count_held(fixture), 1);
}
QUARANTINE_TEST(a_held_vote_that_is_outdone_is_not_told)

static void a_request_is_sifted_in_one_transaction(struct fixture *fixture)
{
    struct rating_change changes[5];
    size_t changed;
    size_t held;
    static const char *const users[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        changes[i] = vote_of(users[i], 100);
    }
    assert_int_equal(rating_controller_put_all(&fixture->controller, &fixture->call, changes,
                                               ARRAY_LENGTH(changes), &changed, &held),
                     STATUS_OK);
    assert_int_equal(changed, FLOOR);
    assert_int_equal(held, 2);
    expect_aggregate(fixture, FLOOR, 300);
    assert_int_equal(count_held(fixture), 2);
}
QUARANTINE_TEST(a_request_is_sifted_in_one_transaction)

static struct rating_change timed_vote(const char *user, int32_t hundredths, int64_t time_ms)
{
    struct rating_change change = vote_of(user, hundredths);
    change.has_time = true;
    change.time_ms = time_ms;
    change.skip_unchanged = true;
    return change;
}

/* How many of a request's are held. */
static size_t put_all(struct fixture *fixture, const struct rating_change *changes, size_t count)
{
    size_t changed;
    size_t held;
    assert_int_equal(rating_controller_put_all(&fixture->controller, &fixture->call, changes, count,
                                               &changed, &held),
                     STATUS_OK);
    return held;
}

enum { CAST_MS = 1000 };

/* Neither put again in requests of their own, nor within one, nor what is older. */
static void what_changes_nothing_is_in_no_burst(struct fixture *fixture)
{
    const struct rating_change first = timed_vote("a", 500, CAST_MS);
    const struct rating_change older = timed_vote("a", 400, CAST_MS - 1);
    const struct rating_change repeated[] = {first, first, older, timed_vote("b", 500, CAST_MS),
                                             first, first, older};
    for (int i = 0; i < 2 * FLOOR; i++) {
        assert_int_equal(put_all(fixture, &first, 1), 0);
        assert_int_equal(put_all(fixture, &older, 1), 0);
    }
    assert_int_equal(put_all(fixture, repeated, ARRAY_LENGTH(repeated)), 0);
    expect_aggregate(fixture, 2, 1000);
    const struct rating_change last[] = {timed_vote("c", 500, CAST_MS),
                                         timed_vote("d", 500, CAST_MS),
                                         timed_vote("d", 500, CAST_MS)};
    assert_int_equal(put_all(fixture, last, ARRAY_LENGTH(last)), 2); /* the window is full now */
    assert_int_equal(count_held(fixture), 1);
    assert_int_equal(rating_burst_held(fixture->controller.burst), 1);
    /* What counts already is not held, when it is put again. */
    assert_int_equal(put_all(fixture, repeated, ARRAY_LENGTH(repeated)), 0);
    assert_int_equal(rating_burst_held(fixture->controller.burst), 1);
    const struct rating_change other = timed_vote("a", 100, CAST_MS); /* but another value is */
    assert_int_equal(put_all(fixture, &other, 1), 1);
    expect_aggregate(fixture, FLOOR, 1500);
}
QUARANTINE_TEST(what_changes_nothing_is_in_no_burst)

/* Two users whose names have one FNV-1a hash: eight of these could keep somebody's votes from being
 * held, and from being taken back. */
static void users_of_one_hash_have_places_of_their_own(void **state)
{
    const struct vote_key one = vote_of("8yn0iYCKYHlIj4-BwPqk", 0).key;
    const struct vote_key other = vote_of("GReLUrM4wMqfg9yzV3KQ", 0).key;
    (void)state;
    assert_true(text_hash(one.user) == text_hash(other.user));
    assert_true(rating_held_offset(&one) != rating_held_offset(&other));
    assert_true(rating_held_offset(&one) == rating_held_offset(&one));
}

static void held_votes_are_no_dead_letters(struct fixture *fixture)
{
    struct rating_dead_letter_page letters;
    struct rating_retried_page retried;
    fill(fixture);
    assert_true(put(fixture, "bot", 1000));
    assert_int_equal(rating_controller_list_dead_letters(&fixture->controller, &fixture->call, 0,
                                                         TEXT(""), &letters),
                     STATUS_OK);
    assert_int_equal(letters.count, 0);
    assert_int_equal(rating_controller_retry_dead_letters(&fixture->controller, &fixture->call, 0,
                                                          TEXT(""), &retried),
                     STATUS_OK);
    assert_int_equal(retried.applied, 0);
    expect_aggregate(fixture, 3, 1500);
}
QUARANTINE_TEST(held_votes_are_no_dead_letters)

static void review_goes_by_record_and_page(struct fixture *fixture)
{
    struct rating_held_request request = {.page_size = 2};
    struct rating_held_page page;
    size_t count = 0;
    fill(fixture);
    for (int i = 0; i < 5; i++) {
        char user[16];
        (void)snprintf(user, sizeof(user), "bot%d", i);
        assert_true(put(fixture, user, 1000));
    }
    do {
        assert_int_equal(
            rating_quarantine_list(&fixture->controller, &fixture->call, &request, &page),
            STATUS_OK);
        count += page.count;
        request.page_token = page.next_page_token;
    } while (request.page_token.length > 0);
    assert_int_equal(count, 5);
    const struct rating_held_request other = {
        .filter = {.one_type = true, .type = RECORD_TYPE_MOVIE}, .record_id = TEXT("another")};
    assert_int_equal(rating_quarantine_end(&fixture->controller, &fixture->call, &other,
                                           RATING_HELD_RELEASED, &page),
                     STATUS_OK);
    assert_int_equal(page.count, 0);
    assert_int_equal(count_held(fixture), 5);
}
QUARANTINE_TEST(review_goes_by_record_and_page)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_held_and_released_once_test),
        cmocka_unit_test(a_release_that_is_repeated_counts_once_test),
        cmocka_unit_test(what_is_rejected_never_counts_test),
        cmocka_unit_test(a_user_is_told_what_stands_test),
        cmocka_unit_test(a_held_vote_that_is_outdone_is_not_told_test),
        cmocka_unit_test(a_request_is_sifted_in_one_transaction_test),
        cmocka_unit_test(what_changes_nothing_is_in_no_burst_test),
        cmocka_unit_test(users_of_one_hash_have_places_of_their_own),
        cmocka_unit_test(held_votes_are_no_dead_letters_test),
        cmocka_unit_test(review_goes_by_record_and_page_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
