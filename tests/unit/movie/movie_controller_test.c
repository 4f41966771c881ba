/* Details from a metadata and a rating that answer, fail or hang as told. */
#include "movie/controller/movie_controller.h"

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "movie/gateway/gateway_status.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 10000, ARENA_BYTES_MAX = 1024 * 1024 };

/* What one gateway does when it is asked. */
struct answer {
    enum status status;
    const char *message;
    bool hangs; /* until its call is over */
};

struct fixture {
    struct arena arena;
    struct cancellation cancellation;
    struct call call;
    struct movie_controller controller;
    struct answer metadata;
    struct answer rating;
    struct answer summary;
    struct answer own;
    bool is_held_alone;     /* beside no vote that counts */
    unsigned asked;         /* all together */
    unsigned asked_at_once; /* the most that were asked before one answered */
    unsigned waiting;
    enum status rating_ended;
    int64_t rating_timeout_ns;
    void (*body)(struct fixture *fixture);
};

static enum status give(struct fixture *fixture, struct call *call, const struct answer *answer)
{
    struct fiber_wait never;
    fixture->asked++;
    fixture->waiting++;
    if (fixture->waiting > fixture->asked_at_once) {
        fixture->asked_at_once = fixture->waiting;
    }
    fiber_wait_init(&never);
    if (answer->hangs) {
        enum status status = fiber_wait(call, &never);
        fixture->waiting--;
        return call_fail(call, status, "gave up waiting");
    }
    fiber_yield(); /* so that the others are asked meanwhile */
    fiber_yield();
    fixture->waiting--;
    return answer->message != NULL ? call_fail(call, answer->status, "%s", answer->message)
                                   : answer->status;
}

static enum status get_metadata(void *state, struct call *call, struct text movie_id,
                                struct metadata *ret_metadata)
{
    struct fixture *fixture = state;
    enum status status = give(fixture, call, &fixture->metadata);
    if (status == STATUS_OK) {
        *ret_metadata = (struct metadata){.id = movie_id, .title = TEXT("One")};
    }
    return status;
}

static enum status get_rating(void *state, struct call *call, struct record_key record,
                              struct rating_view *ret_view)
{
    struct fixture *fixture = state;
    assert_int_equal(record.type, RECORD_TYPE_MOVIE);
    assert_true(text_equal(record.id, TEXT("tt1")));
    fixture->rating_timeout_ns = call_remaining_ns(call);
    fixture->rating_ended = give(fixture, call, &fixture->rating);
    if (fixture->rating_ended == STATUS_OK) {
        *ret_view = (struct rating_view){.mean = 7.25, .count = 4};
    }
    return fixture->rating_ended;
}

static enum status get_summary(void *state, struct call *call, struct text movie_id,
                               struct movie_summary *ret_summary)
{
    struct fixture *fixture = state;
    (void)movie_id;
    enum status status = give(fixture, call, &fixture->summary);
    if (status == STATUS_OK) {
        *ret_summary = (struct movie_summary){.mean = 6.5, .count = 2};
    }
    return status;
}

static enum status get_own(void *state, struct call *call, struct text user_id,
                           struct text movie_id, bool wants_held, struct movie_own *ret_own)
{
    struct fixture *fixture = state;
    (void)movie_id;
    assert_true(text_equal(user_id, TEXT("ann")));
    enum status status = give(fixture, call, &fixture->own);
    if (status == STATUS_OK) {
        *ret_own = (struct movie_own){.is_counted = !fixture->is_held_alone,
                                      .counted = {.hundredths = 950},
                                      .is_held = wants_held,
                                      .held = {.hundredths = 100}};
    }
    return status;
}

static const struct metadata_gateway_ops metadata_ops = {.get = get_metadata};
static const struct rating_votes_ops votes_ops = {.get_summary = get_summary, .get_own = get_own};
static const struct rating_gateway_ops rating_ops = {.get_aggregate = get_rating};

static void begin_call(struct fixture *fixture, int64_t timeout_ms)
{
    call_init(&fixture->call, &fixture->arena, timeout_ms);
    cancellation_init(&fixture->cancellation);
    fixture->call.cancellation = &fixture->cancellation;
    fixture->asked = 0;
    fixture->asked_at_once = 0;
}

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    fixture->controller.metadata = (struct metadata_gateway){&metadata_ops, fixture};
    fixture->controller.rating = (struct rating_gateway){&rating_ops, fixture};
    fixture->controller.votes = (struct rating_votes){&votes_ops, fixture};
    begin_call(fixture, TIMEOUT_MS);
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

static enum status get_details(struct fixture *fixture, struct movie_details *ret_details)
{
    const struct movie_details_query query = {.movie_id = TEXT("tt1")};
    return movie_controller_get_details(&fixture->controller, &fixture->call, &query, ret_details);
}

struct details_case {
    const char *name;
    struct answer metadata;
    struct answer rating;
    enum status status;
    enum movie_rating_state state;
    const char *words; /* of the error, or why there is no rating */
};

static const struct details_case details_cases[] = {
    {"both", {.status = STATUS_OK}, {.status = STATUS_OK}, STATUS_OK, MOVIE_RATED, ""},
    {"no votes",
     {.status = STATUS_OK},
     {.status = STATUS_NOT_FOUND, .message = "nobody"},
     STATUS_OK,
     MOVIE_NO_VOTES,
     ""},
    {"rating unavailable",
     {.status = STATUS_OK},
     {.status = STATUS_UNAVAILABLE, .message = "rating is away"},
     STATUS_OK,
     MOVIE_RATING_UNAVAILABLE,
     "rating is away"},
    {"rating fails without words",
     {.status = STATUS_OK},
     {.status = STATUS_RESOURCE_EXHAUSTED},
     STATUS_OK,
     MOVIE_RATING_UNAVAILABLE,
     "RESOURCE_EXHAUSTED"},
    {"rating refuses",
     {.status = STATUS_OK},
     {.status = STATUS_INVALID_ARGUMENT, .message = "no such id"},
     STATUS_OK,
     MOVIE_RATING_UNAVAILABLE,
     "no such id"},
    {"rating late",
     {.status = STATUS_OK},
     {.status = STATUS_DEADLINE_EXCEEDED, .message = "late"},
     STATUS_OK,
     MOVIE_RATING_UNAVAILABLE,
     "late"},
    {"rating broken off",
     {.status = STATUS_OK},
     {.status = STATUS_CANCELLED},
     STATUS_OK,
     MOVIE_RATING_UNAVAILABLE,
     "CANCELLED"},
    {"no movie",
     {.status = STATUS_NOT_FOUND, .message = "no movie"},
     {.status = STATUS_OK},
     STATUS_NOT_FOUND,
     MOVIE_RATED,
     "no movie"},
    {"neither",
     {.status = STATUS_NOT_FOUND, .message = "no movie"},
     {.status = STATUS_NOT_FOUND, .message = "nobody"},
     STATUS_NOT_FOUND,
     MOVIE_RATED,
     "no movie"},
    {"metadata away",
     {.status = STATUS_UNAVAILABLE, .message = "away"},
     {.status = STATUS_OK},
     STATUS_UNAVAILABLE,
     MOVIE_RATED,
     "away"},
    {"both away",
     {.status = STATUS_UNAVAILABLE, .message = "metadata is away"},
     {.status = STATUS_UNAVAILABLE, .message = "rating is away"},
     STATUS_UNAVAILABLE,
     MOVIE_RATED,
     "metadata is away"},
    {"metadata refuses",
     {.status = STATUS_INVALID_ARGUMENT, .message = "bad"},
     {.status = STATUS_OK},
     STATUS_INVALID_ARGUMENT,
     MOVIE_RATED,
     "bad"},
    {"metadata late",
     {.status = STATUS_DEADLINE_EXCEEDED, .message = "late"},
     {.status = STATUS_OK},
     STATUS_DEADLINE_EXCEEDED,
     MOVIE_RATED,
     "late"},
};

static void every_pair_of_answers(struct fixture *fixture)
{
    for (size_t i = 0; i < ARRAY_LENGTH(details_cases); i++) {
        const struct details_case *row = &details_cases[i];
        struct movie_details details = {.rating_count = 77};
        print_message("  %s\n", row->name);
        fixture->metadata = row->metadata;
        fixture->rating = row->rating;
        begin_call(fixture, TIMEOUT_MS);
        assert_int_equal(get_details(fixture, &details), row->status);
        assert_int_equal(fixture->asked, 2);
        assert_int_equal(fixture->asked_at_once, 2);
        if (row->status != STATUS_OK) {
            assert_true(text_equal(fixture->call.error.message, text_of(row->words)));
            assert_int_equal(details.rating_count, 77);
            continue;
        }
        assert_int_equal(fixture->call.error.message.length, 0);
        assert_true(text_equal(details.metadata.title, TEXT("One")));
        assert_int_equal(details.rating_state, row->state);
        assert_true(text_equal(details.rating_reason, text_of(row->words)));
        assert_int_equal(details.rating_count, row->state == MOVIE_RATED ? 4 : 0);
        assert_true(details.rating == (row->state == MOVIE_RATED ? 7.25 : 0));
    }
}
CONTROLLER_TEST(every_pair_of_answers)

static const struct movie_details_query full = {
    .movie_id = TEXT_INIT("tt1"), .user_id = TEXT_INIT("ann"), .is_full = true};

static enum status get_full(struct fixture *fixture, struct movie_details *ret_details)
{
    return movie_controller_get_details(&fixture->controller, &fixture->call, &full, ret_details);
}

/* Metadata, the summary in place of the mean, and the own vote: three calls, at once. */
static void what_is_asked_for_is_asked_at_once(struct fixture *fixture)
{
    static const struct {
        struct answer summary;
        struct answer own;
        enum movie_rating_state state;
        enum movie_rating_state own_state;
    } cases[] = {
        {{.status = STATUS_OK}, {.status = STATUS_OK}, MOVIE_RATED, MOVIE_RATED},
        {{.status = STATUS_NOT_FOUND},
         {.status = STATUS_NOT_FOUND},
         MOVIE_NO_VOTES,
         MOVIE_NO_VOTES},
        {{.status = STATUS_OK},
         {.status = STATUS_UNAVAILABLE},
         MOVIE_RATED,
         MOVIE_RATING_UNAVAILABLE},
        {{.status = STATUS_UNAVAILABLE},
         {.status = STATUS_DEADLINE_EXCEEDED},
         MOVIE_RATING_UNAVAILABLE,
         MOVIE_RATING_UNAVAILABLE},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct movie_details details;
        fixture->summary = cases[i].summary;
        fixture->own = cases[i].own;
        begin_call(fixture, TIMEOUT_MS);
        assert_int_equal(get_full(fixture, &details), STATUS_OK);
        assert_int_equal(fixture->asked, 3);
        assert_int_equal(fixture->asked_at_once, 3);
        assert_int_equal(details.rating_state, cases[i].state);
        assert_int_equal(details.has_summary, cases[i].state == MOVIE_RATED);
        assert_true(details.rating == (cases[i].state == MOVIE_RATED ? 6.5 : 0));
        assert_true(details.is_own_wanted);
        assert_int_equal(details.own_state, cases[i].own_state);
        assert_int_equal(details.own.counted.hundredths,
                         cases[i].own_state == MOVIE_RATED ? 950 : 0);
        assert_false(details.own.is_held);
    }
}
CONTROLLER_TEST(what_is_asked_for_is_asked_at_once)

/* A held vote is none, and is told where it is asked for. */
static void a_held_vote_is_told_beside_the_state(struct fixture *fixture)
{
    const struct movie_details_query query = {
        .movie_id = TEXT("tt1"), .user_id = TEXT("ann"), .wants_held = true};
    for (int alone = 0; alone <= 1; alone++) {
        struct movie_details details;
        fixture->is_held_alone = alone != 0;
        begin_call(fixture, TIMEOUT_MS);
        assert_int_equal(
            movie_controller_get_details(&fixture->controller, &fixture->call, &query, &details),
            STATUS_OK);
        assert_int_equal(details.own_state, alone != 0 ? MOVIE_NO_VOTES : MOVIE_RATED);
        assert_true(details.own.is_held);
        assert_int_equal(details.own.held.hundredths, 100);
    }
}
CONTROLLER_TEST(a_held_vote_is_told_beside_the_state)

/* A copy of the ratings answers for the service that is away, without its histogram. */
static void kept_ratings_stand_in_for_the_summary(struct fixture *fixture)
{
    struct movie_details details;
    fixture->summary = (struct answer){.status = STATUS_UNAVAILABLE, .message = "away"};
    fixture->own = fixture->summary;
    fixture->controller.is_rating_kept = true;
    assert_int_equal(get_full(fixture, &details), STATUS_OK);
    assert_int_equal(details.rating_state, MOVIE_RATED);
    assert_true(details.rating == 7.25);
    assert_false(details.has_summary);
    assert_int_equal(details.own_state, MOVIE_RATING_UNAVAILABLE);
}
CONTROLLER_TEST(kept_ratings_stand_in_for_the_summary)

/* The rating gets three quarters of a short call, and the details come within the rest. */
static void hanging_rating_leaves_the_metadata(struct fixture *fixture)
{
    struct movie_details details;
    fixture->rating.hangs = true;
    begin_call(fixture, 1600);
    assert_int_equal(get_details(fixture, &details), STATUS_OK);
    assert_int_equal(details.rating_state, MOVIE_RATING_UNAVAILABLE);
    assert_true(text_equal(details.rating_reason, TEXT("gave up waiting")));
    assert_int_equal(fixture->rating_ended, STATUS_DEADLINE_EXCEEDED);
    assert_true(fixture->rating_timeout_ns <= 1200 * CLOCK_NS_PER_MS);
    assert_int_equal(call_check(&fixture->call), STATUS_OK);
}
CONTROLLER_TEST(hanging_rating_leaves_the_metadata)

static void rating_never_gets_more_than_its_most(struct fixture *fixture)
{
    static const int64_t timeouts_ms[] = {0, 60000, TIMEOUT_MS};
    for (size_t i = 0; i < ARRAY_LENGTH(timeouts_ms); i++) {
        struct movie_details details;
        begin_call(fixture, timeouts_ms[i]);
        assert_int_equal(get_details(fixture, &details), STATUS_OK);
        assert_true(fixture->rating_timeout_ns <= MOVIE_RATING_TIMEOUT_MS * CLOCK_NS_PER_MS);
        assert_true(fixture->rating_timeout_ns > MOVIE_RATING_TIMEOUT_MS / 2 * CLOCK_NS_PER_MS);
    }
}
CONTROLLER_TEST(rating_never_gets_more_than_its_most)

static void missing_metadata_cancels_the_rating(struct fixture *fixture)
{
    struct movie_details details;
    fixture->metadata = (struct answer){.status = STATUS_NOT_FOUND, .message = "no movie"};
    fixture->rating.hangs = true;
    begin_call(fixture, 0); /* only the cancellation can end it before its own timeout */
    int64_t began_ns = clock_monotonic_ns();
    assert_int_equal(get_details(fixture, &details), STATUS_NOT_FOUND);
    assert_int_equal(fixture->rating_ended, STATUS_CANCELLED);
    assert_true(clock_monotonic_ns() - began_ns < MOVIE_RATING_TIMEOUT_MS * CLOCK_NS_PER_MS);
    assert_false(fixture->cancellation.requested);
}
CONTROLLER_TEST(missing_metadata_cancels_the_rating)

static void cancel_when_both_wait(void *argument)
{
    struct fixture *fixture = argument;
    while (fixture->waiting < 2) {
        fiber_yield();
    }
    cancellation_request(&fixture->cancellation);
}

static void cancelled_while_both_wait(struct fixture *fixture)
{
    struct movie_details details;
    fixture->metadata.hangs = true;
    fixture->rating.hangs = true;
    assert_int_equal(fiber_start(loop_current(), cancel_when_both_wait, fixture), STATUS_OK);
    assert_int_equal(get_details(fixture, &details), STATUS_CANCELLED);
    assert_int_equal(fixture->rating_ended, STATUS_CANCELLED);
    assert_true(list_is_empty(&fixture->cancellation.hooks));
}
CONTROLLER_TEST(cancelled_while_both_wait)

static void expired_while_both_wait(struct fixture *fixture)
{
    struct movie_details details;
    fixture->metadata.hangs = true;
    fixture->rating.hangs = true;
    begin_call(fixture, 20);
    assert_int_equal(get_details(fixture, &details), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(fixture->asked, 2);
}
CONTROLLER_TEST(expired_while_both_wait)

static void what_is_over_or_wrong_asks_nobody(struct fixture *fixture)
{
    struct movie_details details;
    const struct movie_details_query empty = {.movie_id = TEXT("")};
    assert_int_equal(
        movie_controller_get_details(&fixture->controller, &fixture->call, &empty, &details),
        STATUS_INVALID_ARGUMENT);
    assert_true(text_equal(fixture->call.error.message, TEXT("movie id is empty")));
    begin_call(fixture, TIMEOUT_MS);
    cancellation_request(&fixture->cancellation);
    assert_int_equal(get_details(fixture, &details), STATUS_CANCELLED);
    begin_call(fixture, TIMEOUT_MS);
    fixture->call.deadline_ns = clock_monotonic_ns() - 1;
    assert_int_equal(get_details(fixture, &details), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(fixture->asked, 0);
}
CONTROLLER_TEST(what_is_over_or_wrong_asks_nobody)

static void gateway_statuses(struct fixture *fixture)
{
    static const char away[] = "the rating service cannot be asked";
    static const struct {
        enum status given;
        enum status want;
        const char *words;
    } cases[] = {
        {STATUS_NOT_FOUND, STATUS_NOT_FOUND, "theirs"},
        {STATUS_INVALID_ARGUMENT, STATUS_INVALID_ARGUMENT, "theirs"},
        {STATUS_DEADLINE_EXCEEDED, STATUS_DEADLINE_EXCEEDED,
         "the rating service did not answer in time"},
        {STATUS_CANCELLED, STATUS_UNAVAILABLE, away}, /* by the other side */
        {STATUS_UNKNOWN, STATUS_UNAVAILABLE, away},
        {STATUS_ALREADY_EXISTS, STATUS_UNAVAILABLE, away},
        {STATUS_PERMISSION_DENIED, STATUS_UNAVAILABLE, away},
        {STATUS_RESOURCE_EXHAUSTED, STATUS_UNAVAILABLE, away},
        {STATUS_FAILED_PRECONDITION, STATUS_UNAVAILABLE, away},
        {STATUS_ABORTED, STATUS_UNAVAILABLE, away},
        {STATUS_OUT_OF_RANGE, STATUS_OUT_OF_RANGE, "theirs"},
        {STATUS_UNIMPLEMENTED, STATUS_UNAVAILABLE, away},
        {STATUS_INTERNAL, STATUS_UNAVAILABLE, away},
        {STATUS_UNAVAILABLE, STATUS_UNAVAILABLE, away},
        {STATUS_DATA_LOSS, STATUS_UNAVAILABLE, away},
        {STATUS_UNAUTHENTICATED, STATUS_UNAVAILABLE, away},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        begin_call(fixture, TIMEOUT_MS);
        (void)call_fail(&fixture->call, cases[i].given, "theirs");
        assert_int_equal(gateway_status(&fixture->call, "rating", cases[i].given), cases[i].want);
        assert_true(text_equal(fixture->call.error.message, text_of(cases[i].words)));
        if (cases[i].want == STATUS_UNAVAILABLE) { /* what it was is for the log */
            struct text want =
                arena_format(&fixture->arena, "%s: theirs", status_name(cases[i].given));
            assert_true(text_equal(fixture->call.error.detail, want));
        }
    }
    begin_call(fixture, TIMEOUT_MS);
    assert_int_equal(gateway_status(&fixture->call, "rating", STATUS_OK), STATUS_OK);
    assert_int_equal(fixture->call.error.message.length, 0);
    cancellation_request(&fixture->cancellation);
    assert_int_equal(gateway_status(&fixture->call, "rating", STATUS_CANCELLED), STATUS_CANCELLED);
}
CONTROLLER_TEST(gateway_statuses)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_answers_test),
        cmocka_unit_test(what_is_asked_for_is_asked_at_once_test),
        cmocka_unit_test(a_held_vote_is_told_beside_the_state_test),
        cmocka_unit_test(kept_ratings_stand_in_for_the_summary_test),
        cmocka_unit_test(hanging_rating_leaves_the_metadata_test),
        cmocka_unit_test(rating_never_gets_more_than_its_most_test),
        cmocka_unit_test(missing_metadata_cancels_the_rating_test),
        cmocka_unit_test(cancelled_while_both_wait_test),
        cmocka_unit_test(expired_while_both_wait_test),
        cmocka_unit_test(what_is_over_or_wrong_asks_nobody_test),
        cmocka_unit_test(gateway_statuses_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
