#include "movie/controller/movie_controller.h"

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000 };

/* What one gateway does when it is asked. */
struct plan {
    enum status status;
    const char *words;
    bool hangs;                   /* until the call is over */
    struct fiber_wait *meets;     /* NULL, or waits for the other gateway to be asked */
    struct fiber_wait *announces; /* told when this one is asked */
};

struct fixture {
    struct arena arena;
    struct call call;
    struct movie_controller controller;
    struct plan metadata;
    struct plan rating;
    struct fiber_wait metadata_asked;
    struct fiber_wait rating_asked;
    enum status rating_outcome;
    struct cancellation cancellation;
    void (*body)(struct fixture *fixture);
};

static enum status follow(const struct plan *plan, struct call *call)
{
    enum status status = STATUS_OK;
    if (plan->announces != NULL) {
        fiber_wait_signal(plan->announces);
    }
    if (plan->meets != NULL) {
        status = fiber_wait(call, plan->meets);
    }
    if (plan->hangs) {
        struct fiber_wait never;
        fiber_wait_init(&never);
        status = fiber_wait(call, &never);
    }
    if (status == STATUS_OK) {
        status = plan->status;
    }
    return status == STATUS_OK || plan->words == NULL ? status
                                                      : call_fail(call, status, "%s", plan->words);
}

static enum status get(void *state, struct call *call, struct text movie_id,
                       struct metadata *ret_metadata)
{
    struct fixture *fixture = state;
    enum status status = follow(&fixture->metadata, call);
    if (status == STATUS_OK) {
        *ret_metadata = (struct metadata){.id = movie_id, .title = TEXT("Title")};
    }
    return status;
}

static enum status get_aggregate(void *state, struct call *call, struct record_key record,
                                 struct rating_view *ret_view)
{
    struct fixture *fixture = state;
    assert_int_equal(record.type, RECORD_TYPE_MOVIE);
    assert_true(text_equal(record.id, TEXT("tt1")));
    fixture->rating_outcome = follow(&fixture->rating, call);
    if (fixture->rating_outcome == STATUS_OK) {
        *ret_view = (struct rating_view){.mean = 8.5, .count = 3};
    }
    return fixture->rating_outcome;
}

static const struct metadata_gateway_ops metadata_ops = {.get = get};
static const struct rating_gateway_ops rating_ops = {.get_aggregate = get_aggregate};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, 16 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    cancellation_init(&fixture->cancellation);
    fiber_wait_init(&fixture->metadata_asked);
    fiber_wait_init(&fixture->rating_asked);
    fixture->controller =
        (struct movie_controller){{&metadata_ops, fixture}, {&rating_ops, fixture}};
    fixture->body(fixture);
    arena_deinit(&fixture->arena);
}

#define CONTROLLER_TEST(name)                                                                      \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static enum status get_details(struct fixture *fixture, struct call *call,
                               struct movie_details *ret_details)
{
    return movie_controller_get_details(&fixture->controller, call, TEXT("tt1"), ret_details);
}

static void assert_text(const char *name, struct text got, const char *want)
{
    if (!text_equal(got, text_of(want))) {
        fail_msg("%s: '%.*s', not '%s'", name, TEXT_ARGUMENTS(got), want);
    }
}

static void every_pair_of_outcomes(struct fixture *fixture)
{
    static const struct {
        const char *name;
        struct plan rating;
        enum movie_rating_state state;
        const char *reason;
    } ratings[] = {
        {"rated", {.status = STATUS_OK}, MOVIE_RATED, ""},
        {"no votes", {.status = STATUS_NOT_FOUND, .words = "nobody"}, MOVIE_NO_VOTES, ""},
        {"away", {.status = STATUS_UNAVAILABLE, .words = "gone"}, MOVIE_RATING_UNAVAILABLE, "gone"},
        {"away without words",
         {.status = STATUS_UNAVAILABLE},
         MOVIE_RATING_UNAVAILABLE,
         "UNAVAILABLE"},
        {"too slow",
         {.status = STATUS_DEADLINE_EXCEEDED, .words = "slow"},
         MOVIE_RATING_UNAVAILABLE,
         "slow"},
        {"broken off", {.status = STATUS_CANCELLED}, MOVIE_RATING_UNAVAILABLE, "CANCELLED"},
        {"refused",
         {.status = STATUS_INVALID_ARGUMENT, .words = "no id"},
         MOVIE_RATING_UNAVAILABLE,
         "no id"},
    };
    static const enum status metadata[] = {
        STATUS_OK,          STATUS_NOT_FOUND,         STATUS_INVALID_ARGUMENT,
        STATUS_UNAVAILABLE, STATUS_DEADLINE_EXCEEDED, STATUS_RESOURCE_EXHAUSTED,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(metadata); i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(ratings); j++) {
            struct call call = call_within(&fixture->call, 0);
            struct movie_details details = {.rating_count = 77};
            fixture->metadata = (struct plan){.status = metadata[i], .words = "of metadata"};
            fixture->rating = ratings[j].rating;
            assert_int_equal(get_details(fixture, &call, &details), metadata[i]);
            if (metadata[i] != STATUS_OK) {
                assert_text(ratings[j].name, call.error.message, "of metadata");
                assert_int_equal(details.rating_count, 77);
                continue;
            }
            bool rated = ratings[j].state == MOVIE_RATED;
            assert_int_equal(call.error.message.length, 0);
            assert_text(ratings[j].name, details.metadata.title, "Title");
            assert_int_equal(details.rating_state, ratings[j].state);
            assert_text(ratings[j].name, details.rating_reason, ratings[j].reason);
            assert_int_equal(details.rating_count, rated ? 3 : 0);
            assert_true(details.rating == (rated ? 8.5 : 0));
        }
    }
}
CONTROLLER_TEST(every_pair_of_outcomes)

/* Each waits until the other has been asked: one after the other would wait forever. */
static void both_are_asked_at_once(struct fixture *fixture)
{
    struct movie_details details;
    fixture->metadata =
        (struct plan){.meets = &fixture->rating_asked, .announces = &fixture->metadata_asked};
    fixture->rating =
        (struct plan){.meets = &fixture->metadata_asked, .announces = &fixture->rating_asked};
    assert_int_equal(get_details(fixture, &fixture->call, &details), STATUS_OK);
    assert_int_equal(details.rating_state, MOVIE_RATED);
}
CONTROLLER_TEST(both_are_asked_at_once)

/* The metadata comes with three quarters of the call's time used at most. */
static void hanging_rating_is_given_up(struct fixture *fixture)
{
    struct call call = call_within(&fixture->call, 400);
    struct movie_details details;
    fixture->rating = (struct plan){.hangs = true, .words = "too slow"};
    assert_int_equal(get_details(fixture, &call, &details), STATUS_OK);
    assert_int_equal(fixture->rating_outcome, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(details.rating_state, MOVIE_RATING_UNAVAILABLE);
    assert_text("reason", details.rating_reason, "too slow");
    assert_text("title", details.metadata.title, "Title");
    assert_int_equal(call_check(&call), STATUS_OK);
}
CONTROLLER_TEST(hanging_rating_is_given_up)

static void rating_alone_waits_no_longer_than_its_limit(struct fixture *fixture)
{
    int64_t start_ns = clock_monotonic_ns();
    struct call endless = call_within(&fixture->call, 0);
    struct movie_details details;
    endless.deadline_ns = CALL_NO_DEADLINE;
    fixture->rating = (struct plan){.hangs = true};
    assert_int_equal(get_details(fixture, &endless, &details), STATUS_OK);
    int64_t took_ms = (clock_monotonic_ns() - start_ns) / CLOCK_NS_PER_MS;
    assert_true(took_ms >= MOVIE_RATING_TIMEOUT_MS && took_ms < 5 * MOVIE_RATING_TIMEOUT_MS);
    assert_int_equal(details.rating_state, MOVIE_RATING_UNAVAILABLE);
}
CONTROLLER_TEST(rating_alone_waits_no_longer_than_its_limit)

static void missing_movie_cancels_the_rating(struct fixture *fixture)
{
    int64_t start_ns = clock_monotonic_ns();
    struct movie_details details;
    fixture->metadata = (struct plan){.status = STATUS_NOT_FOUND, .words = "no such movie"};
    fixture->rating = (struct plan){.hangs = true};
    assert_int_equal(get_details(fixture, &fixture->call, &details), STATUS_NOT_FOUND);
    assert_text("words", fixture->call.error.message, "no such movie");
    assert_int_equal(fixture->rating_outcome, STATUS_CANCELLED);
    assert_true(clock_monotonic_ns() - start_ns < CLOCK_NS_PER_S);
}
CONTROLLER_TEST(missing_movie_cancels_the_rating)

static void cancel_when_asked(void *argument)
{
    struct fixture *fixture = argument;
    assert_int_equal(fiber_wait(&fixture->call, &fixture->rating_asked), STATUS_OK);
    cancellation_request(&fixture->cancellation);
}

/* The client goes while both are waited for, or when only the rating is missing. */
static void cancelled_call_ends_both(struct fixture *fixture)
{
    for (int hangs = 0; hangs <= 1; hangs++) {
        struct call call = call_within(&fixture->call, 0);
        struct movie_details details;
        cancellation_init(&fixture->cancellation);
        call.cancellation = &fixture->cancellation;
        fixture->metadata = (struct plan){.hangs = hangs == 1};
        fixture->rating = (struct plan){.hangs = true, .announces = &fixture->rating_asked};
        assert_int_equal(fiber_start(loop_current(), cancel_when_asked, fixture), STATUS_OK);
        assert_int_equal(get_details(fixture, &call, &details), STATUS_CANCELLED);
        assert_int_equal(fixture->rating_outcome, STATUS_CANCELLED);
    }
}
CONTROLLER_TEST(cancelled_call_ends_both)

static void call_that_is_over_asks_nobody(struct fixture *fixture)
{
    struct call call = call_within(&fixture->call, 0);
    struct movie_details details;
    fixture->rating_outcome = STATUS_UNKNOWN;
    call.deadline_ns = clock_monotonic_ns() - 1;
    assert_int_equal(get_details(fixture, &call, &details), STATUS_DEADLINE_EXCEEDED);
    call = call_within(&fixture->call, 0);
    call.cancellation = &fixture->cancellation;
    cancellation_request(&fixture->cancellation);
    assert_int_equal(get_details(fixture, &call, &details), STATUS_CANCELLED);
    assert_int_equal(
        movie_controller_get_details(&fixture->controller, &fixture->call, TEXT(""), &details),
        STATUS_INVALID_ARGUMENT);
    assert_text("words", fixture->call.error.message, "movie id is empty");
    assert_int_equal(fixture->rating_outcome, STATUS_UNKNOWN);
}
CONTROLLER_TEST(call_that_is_over_asks_nobody)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_outcomes_test),
        cmocka_unit_test(both_are_asked_at_once_test),
        cmocka_unit_test(hanging_rating_is_given_up_test),
        cmocka_unit_test(rating_alone_waits_no_longer_than_its_limit_test),
        cmocka_unit_test(missing_movie_cancels_the_rating_test),
        cmocka_unit_test(cancelled_call_ends_both_test),
        cmocka_unit_test(call_that_is_over_asks_nobody_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
