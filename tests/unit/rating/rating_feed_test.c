/* Feeds over the memory repository: everything, what has changed since, and waiting for it. */
#include "rating/controller/rating_feed.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "rating/model/record_keys.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000, ARENA_BYTES_MAX = 64 * 1024 * 1024, RECORDS = 40 };

struct fixture {
    struct arena arena;
    struct call call;
    struct rating_controller controller;
    void (*body)(struct fixture *fixture);
};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    fixture->controller.step_hundredths = 50;
    assert_int_equal(memory_rating_repository_open(&fixture->call, &fixture->controller.repository),
                     STATUS_OK);
    fixture->body(fixture);
    fixture->controller.repository.ops->close(fixture->controller.repository.state);
    arena_deinit(&fixture->arena);
}

#define FEED_TEST(name)                                                                            \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static void put(struct fixture *fixture, enum record_type type, const char *id, const char *user,
                int32_t hundredths)
{
    const struct rating_change change = {
        .key = {.record = {type, text_of(id)}, .user = text_of(user)}, .hundredths = hundredths};
    assert_int_equal(rating_controller_put(&fixture->controller, &fixture->call, &change, NULL),
                     STATUS_OK);
}

static void take_back(struct fixture *fixture, const char *id, const char *user)
{
    const struct vote_key key = {.record = {RECORD_TYPE_MOVIE, text_of(id)}, .user = text_of(user)};
    assert_int_equal(rating_controller_delete(&fixture->controller, &fixture->call, &key),
                     STATUS_OK);
}

/* Two votes on each of RECORDS, movies and actors in turn. */
static void fill(struct fixture *fixture)
{
    for (int i = 0; i < RECORDS; i++) {
        char id[16];
        enum record_type type = i % 2 == 0 ? RECORD_TYPE_MOVIE : RECORD_TYPE_ACTOR;
        (void)snprintf(id, sizeof(id), "r/%02d", i);
        put(fixture, type, id, "ann", 500);
        put(fixture, type, id, "bob", 50 * (i % 20));
    }
}

static struct rating_feed_filter one_type(enum record_type type)
{
    return (struct rating_feed_filter){.one_type = true, .type = type};
}

/* Turns all pages. Returns how many aggregates came. */
static size_t list_aggregates(struct fixture *fixture, struct rating_feed_filter filter,
                              int32_t page_size, int64_t sequence)
{
    struct rating_page_request request = {.filter = filter, .page_size = page_size};
    struct rating_aggregate_page page;
    struct record_key last;
    size_t count = 0;
    do {
        assert_int_equal(
            rating_feed_list_aggregates(&fixture->controller, &fixture->call, &request, &page),
            STATUS_OK);
        assert_int_equal(page.sequence, sequence);
        assert_true(page.next_page_token.length == 0 || page.count == (size_t)page_size);
        for (size_t i = 0; i < page.count; i++) {
            const struct rating_stored_aggregate *got = &page.aggregates[i];
            assert_true(!filter.one_type || got->record.type == filter.type);
            assert_true(count == 0 || record_key_compare(last, got->record) < 0);
            assert_int_equal(got->aggregate.count, 2);
            last = got->record;
            count++;
        }
        request.page_token = page.next_page_token;
    } while (request.page_token.length > 0);
    return count;
}

static void all_aggregates_come_by_pages(struct fixture *fixture)
{
    fill(fixture);
    for (int32_t page_size = 1; page_size <= RECORDS + 1; page_size += 7) {
        assert_int_equal(list_aggregates(fixture, (struct rating_feed_filter){.one_type = false},
                                         page_size, 2 * RECORDS),
                         RECORDS);
        assert_int_equal(
            list_aggregates(fixture, one_type(RECORD_TYPE_MOVIE), page_size, 2 * RECORDS),
            RECORDS / 2);
        assert_int_equal(
            list_aggregates(fixture, one_type(RECORD_TYPE_ACTOR), page_size, 2 * RECORDS),
            RECORDS / 2);
        assert_int_equal(
            list_aggregates(fixture, one_type(RECORD_TYPE_SOUNDTRACK), page_size, 2 * RECORDS), 0);
    }
}
FEED_TEST(all_aggregates_come_by_pages)

/* The sequence is that of the first page, whatever comes meanwhile: it is told again. */
static void a_later_page_keeps_the_first_sequence(struct fixture *fixture)
{
    struct rating_page_request request = {.page_size = 3};
    struct rating_aggregate_page page;
    fill(fixture);
    assert_int_equal(
        rating_feed_list_aggregates(&fixture->controller, &fixture->call, &request, &page),
        STATUS_OK);
    put(fixture, RECORD_TYPE_SOUNDTRACK, "new", "ann", 500);
    request.page_token = page.next_page_token;
    assert_int_equal(
        rating_feed_list_aggregates(&fixture->controller, &fixture->call, &request, &page),
        STATUS_OK);
    assert_int_equal(page.sequence, 2 * RECORDS);
}
FEED_TEST(a_later_page_keeps_the_first_sequence)

static void all_votes_come_by_pages_without_deleted_ones(struct fixture *fixture)
{
    fill(fixture);
    take_back(fixture, "r/00", "ann");
    take_back(fixture, "r/38", "bob");
    for (int32_t page_size = 1; page_size <= 2 * RECORDS + 1; page_size += 13) {
        struct rating_page_request request = {.page_size = page_size};
        struct rating_stored_vote_page page;
        size_t count = 0;
        do {
            assert_int_equal(
                rating_feed_list_votes(&fixture->controller, &fixture->call, &request, &page),
                STATUS_OK);
            assert_int_equal(page.sequence, 2 * RECORDS + 2);
            for (size_t i = 0; i < page.count; i++) {
                assert_false(page.votes[i].deleted);
            }
            count += page.count;
            request.page_token = page.next_page_token;
        } while (request.page_token.length > 0);
        assert_int_equal(count, 2 * RECORDS - 2);
    }
}
FEED_TEST(all_votes_come_by_pages_without_deleted_ones)

static void a_record_that_changed_often_comes_once(struct fixture *fixture)
{
    struct rating_changes_request request = {.page_size = 1000};
    struct rating_aggregate_changes changes;
    for (int i = 0; i < 5; i++) {
        put(fixture, RECORD_TYPE_MOVIE, "b", "ann", 100 * i);
        put(fixture, RECORD_TYPE_MOVIE, "a", "bob", 100 * i);
        put(fixture, RECORD_TYPE_ACTOR, "a", "bob", 100 * i);
    }
    take_back(fixture, "a", "bob");
    assert_int_equal(rating_feed_list_aggregate_changes(&fixture->controller, &fixture->call,
                                                        &request, &changes),
                     STATUS_OK);
    assert_int_equal(changes.count, 3);
    assert_int_equal(changes.sequence, 16);
    assert_false(changes.more);
    assert_int_equal(changes.aggregates[0].aggregate.count, 0); /* nobody has voted any more */
    assert_true(text_equal(changes.aggregates[0].record.id, TEXT("a")));
    assert_int_equal(changes.aggregates[1].aggregate.sum_hundredths, 400);
    assert_true(text_equal(changes.aggregates[1].record.id, TEXT("b")));
    assert_int_equal(changes.aggregates[2].record.type, RECORD_TYPE_ACTOR);
    request.filter = one_type(RECORD_TYPE_ACTOR);
    request.after = 12;
    request.page_size = 4;
    assert_int_equal(rating_feed_list_aggregate_changes(&fixture->controller, &fixture->call,
                                                        &request, &changes),
                     STATUS_OK);
    assert_int_equal(changes.count, 1);
    assert_int_equal(changes.sequence, 16);
    assert_true(changes.more); /* a whole page was looked at */
}
FEED_TEST(a_record_that_changed_often_comes_once)

static void vote_changes_come_in_order(struct fixture *fixture)
{
    struct rating_changes_request request = {.filter = one_type(RECORD_TYPE_MOVIE)};
    struct rating_vote_changes changes;
    put(fixture, RECORD_TYPE_MOVIE, "a", "ann", 500);
    put(fixture, RECORD_TYPE_ACTOR, "a", "ann", 500);
    put(fixture, RECORD_TYPE_MOVIE, "a", "ann", 700);
    take_back(fixture, "a", "ann");
    assert_int_equal(
        rating_feed_list_vote_changes(&fixture->controller, &fixture->call, &request, &changes),
        STATUS_OK);
    assert_int_equal(changes.count, 3);
    assert_int_equal(changes.sequence, 4);
    assert_int_equal(changes.votes[0].vote.hundredths, 500);
    assert_int_equal(changes.votes[1].vote.hundredths, 700);
    assert_false(changes.votes[1].deleted);
    assert_true(changes.votes[2].deleted);
    assert_true(text_equal(changes.votes[2].vote.key.user, TEXT("ann")));
}
FEED_TEST(vote_changes_come_in_order)

struct writer {
    struct fixture *fixture;
    struct fiber_wait begin;
};

static void write_later(void *argument)
{
    struct writer *writer = argument;
    fiber_yield(); /* the reader waits by now */
    put(writer->fixture, RECORD_TYPE_MOVIE, "a", "ann", 500);
}

static void a_reader_is_woken_by_a_change(struct fixture *fixture)
{
    const struct rating_changes_request request = {.wait_ms = RATING_FEED_WAIT_MS_MAX};
    struct writer writer = {.fixture = fixture};
    struct rating_vote_changes changes;
    struct fiber_group group;
    int64_t began_ns = clock_monotonic_ns();
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, write_later, &writer), STATUS_OK);
    assert_int_equal(
        rating_feed_list_vote_changes(&fixture->controller, &fixture->call, &request, &changes),
        STATUS_OK);
    assert_int_equal(changes.count, 1);
    assert_true(clock_monotonic_ns() - began_ns < 10 * 1000 * CLOCK_NS_PER_MS);
    fiber_group_join(&group);
}
FEED_TEST(a_reader_is_woken_by_a_change)

static void an_answer_comes_before_the_call_is_over(struct fixture *fixture)
{
    const struct rating_changes_request request = {.wait_ms = RATING_FEED_WAIT_MS_MAX};
    struct rating_aggregate_changes changes;
    struct call call = call_within(&fixture->call, RATING_FEED_MARGIN_MS + 100);
    assert_int_equal(
        rating_feed_list_aggregate_changes(&fixture->controller, &call, &request, &changes),
        STATUS_OK);
    assert_int_equal(changes.count, 0);
    assert_int_equal(changes.sequence, 0);
    assert_int_equal(call_check(&call), STATUS_OK);
}
FEED_TEST(an_answer_comes_before_the_call_is_over)

static void end_feeds(void *argument)
{
    struct fixture *fixture = argument;
    rating_feed_end(&fixture->controller);
}

static void nobody_waits_when_the_process_ends(struct fixture *fixture)
{
    const struct rating_changes_request request = {.wait_ms = RATING_FEED_WAIT_MS_MAX};
    struct rating_aggregate_changes changes;
    struct fiber_group group;
    int64_t began_ns = clock_monotonic_ns();
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, end_feeds, fixture), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rating_feed_list_aggregate_changes(&fixture->controller, &fixture->call,
                                                            &request, &changes),
                         STATUS_OK);
    }
    assert_true(clock_monotonic_ns() - began_ns < 10 * RATING_FEED_SLICE_MS * CLOCK_NS_PER_MS);
    fiber_group_join(&group);
}
FEED_TEST(nobody_waits_when_the_process_ends)

static void too_many_are_not_kept_waiting(struct fixture *fixture)
{
    const struct rating_changes_request request = {.wait_ms = 1};
    struct rating_aggregate_changes changes;
    atomic_store(&fixture->controller.feeds_waiting, RATING_FEED_WAITING_MAX - 1);
    assert_int_equal(rating_feed_list_aggregate_changes(&fixture->controller, &fixture->call,
                                                        &request, &changes),
                     STATUS_OK);
    atomic_store(&fixture->controller.feeds_waiting, RATING_FEED_WAITING_MAX);
    assert_int_equal(rating_feed_list_aggregate_changes(&fixture->controller, &fixture->call,
                                                        &request, &changes),
                     STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(atomic_load(&fixture->controller.feeds_waiting), RATING_FEED_WAITING_MAX);
}
FEED_TEST(too_many_are_not_kept_waiting)

static void a_cancelled_reader_is_let_go(struct fixture *fixture)
{
    const struct rating_changes_request request = {.wait_ms = RATING_FEED_WAIT_MS_MAX};
    struct rating_aggregate_changes changes;
    struct cancellation cancellation;
    struct call call = call_within(&fixture->call, 0);
    cancellation_init(&cancellation);
    cancellation_request(&cancellation);
    call.cancellation = &cancellation;
    assert_int_equal(
        rating_feed_list_aggregate_changes(&fixture->controller, &call, &request, &changes),
        STATUS_CANCELLED);
}
FEED_TEST(a_cancelled_reader_is_let_go)

static void a_reader_that_is_too_far_behind_begins_anew(struct fixture *fixture)
{
    struct rating_repository repository = fixture->controller.repository;
    struct rating_changes_request request = {.after = 1};
    struct rating_vote_changes votes;
    struct rating_aggregate_changes aggregates;
    fill(fixture);
    assert_int_equal(repository.ops->trim_changes(repository.state, &fixture->call, 10), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            rating_feed_list_vote_changes(&fixture->controller, &fixture->call, &request, &votes),
            STATUS_OUT_OF_RANGE);
        assert_int_equal(rating_feed_list_aggregate_changes(&fixture->controller, &fixture->call,
                                                            &request, &aggregates),
                         STATUS_OUT_OF_RANGE);
        request.after = 2 * RECORDS + 1; /* what has never happened here */
    }
}
FEED_TEST(a_reader_that_is_too_far_behind_begins_anew)

static void says_what_is_wrong_with_a_request(struct fixture *fixture)
{
    static const struct {
        struct rating_changes_request request;
        const char *want;
    } rows[] = {
        {{.page_size = -1}, "the page size must be 0 to 1000"},
        {{.page_size = 1001}, "the page size must be 0 to 1000"},
        {{.wait_ms = -1}, "the wait must be 0 to 20000 milliseconds"},
        {{.wait_ms = 20001}, "the wait must be 0 to 20000 milliseconds"},
        {{.after = -1}, "a sequence is not negative"},
    };
    static const char *const tokens[] = {"x",
                                         "-1/movie/a",
                                         "1/film/a",
                                         "1/movie/",
                                         "1/movie/2/0/a",
                                         "1/movie/1/1/a",
                                         "1/movie/1/0/a"};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct rating_vote_changes changes;
        call_clear_error(&fixture->call);
        assert_int_equal(rating_feed_list_vote_changes(&fixture->controller, &fixture->call,
                                                       &rows[i].request, &changes),
                         STATUS_INVALID_ARGUMENT);
        assert_true(text_equal(fixture->call.error.message, text_of(rows[i].want)));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(tokens); i++) {
        const struct rating_page_request request = {.page_token = text_of(tokens[i])};
        struct rating_stored_vote_page page;
        call_clear_error(&fixture->call);
        assert_int_equal(
            rating_feed_list_votes(&fixture->controller, &fixture->call, &request, &page),
            STATUS_INVALID_ARGUMENT);
        assert_true(
            text_equal(fixture->call.error.message, TEXT("the page token is not one of ours")));
    }
}
FEED_TEST(says_what_is_wrong_with_a_request)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_aggregates_come_by_pages_test),
        cmocka_unit_test(a_later_page_keeps_the_first_sequence_test),
        cmocka_unit_test(all_votes_come_by_pages_without_deleted_ones_test),
        cmocka_unit_test(a_record_that_changed_often_comes_once_test),
        cmocka_unit_test(vote_changes_come_in_order_test),
        cmocka_unit_test(a_reader_is_woken_by_a_change_test),
        cmocka_unit_test(an_answer_comes_before_the_call_is_over_test),
        cmocka_unit_test(nobody_waits_when_the_process_ends_test),
        cmocka_unit_test(too_many_are_not_kept_waiting_test),
        cmocka_unit_test(a_cancelled_reader_is_let_go_test),
        cmocka_unit_test(a_reader_that_is_too_far_behind_begins_anew_test),
        cmocka_unit_test(says_what_is_wrong_with_a_request_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
