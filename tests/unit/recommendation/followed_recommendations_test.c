/* A model that follows a rating service which is away, comes back, and forgets. */
#include "recommendation/repository/followed_recommendations.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/log.h"
#include "fake_vote_feed.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "telemetry/telemetry.h"

enum { ARENA_BYTES_MAX = 16 * 1024 * 1024, TIMEOUT_MS = 60 * 1000, PAGE_BYTES = 64 * 1024 };

static const struct log silent = {.fd = -1, .level = LOG_ERROR};

struct fixture {
    struct arena arena;
    struct call call;
    struct fake_vote_feed *fake;
    struct followed_recommendations *followed;
    struct recommendation_repository port;
    struct recommendation_list list;
    void (*body)(struct fixture *fixture);
};

static void open_follower(struct fixture *fixture)
{
    struct followed_recommendations_options options = {
        .feed = fake_vote_feed(fixture->fake),
        .settings = recommend_settings_default(),
        .log = &silent,
    };
    options.settings.minimum_co_raters = 2;
    assert_int_equal(followed_recommendations_create(&fixture->call, &options, &fixture->followed),
                     STATUS_OK);
    fixture->port = followed_recommendations_port(fixture->followed);
}

static void start(struct fixture *fixture)
{
    assert_int_equal(followed_recommendations_start(fixture->followed), STATUS_OK);
}

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    fixture->fake = malloc(sizeof(*fixture->fake));
    assert_non_null(fixture->fake);
    fake_vote_feed_init(fixture->fake);
    open_follower(fixture);
    fixture->body(fixture);
    followed_recommendations_stop(fixture->followed);
    followed_recommendations_destroy(fixture->followed);
    free(fixture->fake);
    arena_deinit(&fixture->arena);
}

#define FOLLOWED_TEST(name)                                                                        \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

/* Three users agree: who likes the first likes the second. */
static void vote_alike(struct fixture *fixture, const char *first, const char *second)
{
    static const char *const users[] = {"ann", "bob", "cid"};
    for (size_t i = 0; i < ARRAY_LENGTH(users); i++) {
        fake_vote_feed_vote(fixture->fake, users[i], first, 900);
        fake_vote_feed_vote(fixture->fake, users[i], second, 1000);
        fake_vote_feed_vote(fixture->fake, users[i], "bad", 0);
    }
}

static enum status ask_for(struct fixture *fixture, const char *user)
{
    arena_reset(&fixture->arena);
    call_clear_error(&fixture->call);
    return fixture->port.ops->list_for_user(fixture->port.state, &fixture->call, text_of(user), 10,
                                            &fixture->list);
}

static enum status ask_like(struct fixture *fixture, const char *record)
{
    arena_reset(&fixture->arena);
    call_clear_error(&fixture->call);
    return fixture->port.ops->list_similar(fixture->port.state, &fixture->call, text_of(record), 10,
                                           &fixture->list);
}

/* Until there are so many votes, and their lists. */
static void await_votes(struct fixture *fixture, uint64_t votes)
{
    struct recommendation_basis basis = {.waiting = 1};
    while (basis.votes != votes || basis.waiting > 0) {
        assert_int_equal(call_check(&fixture->call), STATUS_OK);
        fiber_give_way();
        if (fixture->port.ops->get_basis(fixture->port.state, &fixture->call, &basis) !=
            STATUS_OK) {
            basis.waiting = 1;
        }
    }
    call_clear_error(&fixture->call);
}

static void assert_first(const struct fixture *fixture, const char *record)
{
    assert_true(fixture->list.count > 0);
    assert_true(text_equal(fixture->list.items[0].record_id, text_of(record)));
}

static void it_says_that_there_is_no_model_yet(struct fixture *fixture)
{
    struct text reason = {NULL, 0};
    fixture->fake->is_away = true;
    start(fixture);
    while (fixture->fake->refused < 3) {
        fiber_give_way();
    }
    assert_int_equal(ask_for(fixture, "dan"), STATUS_UNAVAILABLE);
    assert_true(text_equal(fixture->call.error.message,
                           TEXT("recommendations are not made yet: the rating service cannot be "
                                "asked (0 votes so far)")));
    assert_true(followed_recommendations_look(fixture->followed, &fixture->call, &reason));
    assert_true(reason.length > 0);
    vote_alike(fixture, "heat", "ronin");
    fake_vote_feed_come_back(fixture->fake);
    await_votes(fixture, 9);
    assert_int_equal(ask_like(fixture, "heat"), STATUS_OK);
    assert_first(fixture, "ronin");
    reason = (struct text){NULL, 0};
    assert_true(followed_recommendations_look(fixture->followed, &fixture->call, &reason));
    assert_int_equal(reason.length, 0);
}
FOLLOWED_TEST(it_says_that_there_is_no_model_yet)

static void a_vote_changes_what_is_recommended(struct fixture *fixture)
{
    vote_alike(fixture, "heat", "ronin");
    start(fixture);
    await_votes(fixture, 9);
    assert_int_equal(ask_for(fixture, "dan"), STATUS_OK);
    assert_int_equal(fixture->list.count, 0);
    assert_int_equal(fixture->list.votes, 0);
    fake_vote_feed_vote(fixture->fake, "dan", "heat", 800);
    await_votes(fixture, 10);
    assert_int_equal(ask_for(fixture, "dan"), STATUS_OK);
    assert_first(fixture, "ronin");
    assert_true(text_equal(fixture->list.items[0].because_of, TEXT("heat")));
    assert_true(fixture->list.items[0].has_foretold);
    vote_alike(fixture, "heat", "alien"); /* three of the nine are new */
    await_votes(fixture, 13);
    assert_int_equal(ask_for(fixture, "dan"), STATUS_OK);
    assert_int_equal(fixture->list.count, 2);
    fake_vote_feed_vote(fixture->fake, "dan", "heat", -1);
    await_votes(fixture, 12);
    assert_int_equal(ask_for(fixture, "dan"), STATUS_OK);
    assert_int_equal(fixture->list.count, 0);
}
FOLLOWED_TEST(a_vote_changes_what_is_recommended)

static void it_answers_through_an_outage(struct fixture *fixture)
{
    vote_alike(fixture, "heat", "ronin");
    start(fixture);
    await_votes(fixture, 9);
    fake_vote_feed_go_away(fixture->fake);
    while (fixture->fake->refused < 3) {
        fiber_give_way();
    }
    assert_int_equal(ask_like(fixture, "heat"), STATUS_OK);
    assert_first(fixture, "ronin");
    int64_t age_ms = fixture->list.basis.age_ms;
    unsigned refused = fixture->fake->refused;
    while (fixture->fake->refused < refused + 2) {
        fiber_give_way();
    }
    assert_int_equal(ask_like(fixture, "heat"), STATUS_OK);
    assert_true(fixture->list.basis.age_ms > age_ms); /* there are pauses between */
    fake_vote_feed_vote(fixture->fake, "dan", "heat", 800);
    fake_vote_feed_come_back(fixture->fake);
    await_votes(fixture, 10);
    assert_int_equal(fixture->fake->listings, 1); /* it goes on from where it was */
}
FOLLOWED_TEST(it_answers_through_an_outage)

static void it_begins_anew_when_changes_are_forgotten(struct fixture *fixture)
{
    vote_alike(fixture, "heat", "ronin");
    start(fixture);
    await_votes(fixture, 9);
    while (fixture->fake->waiting == 0) {
        fiber_give_way();
    }
    /* Told to nobody: a model that went on would not know. */
    vote_alike(fixture, "heat", "alien");
    fake_vote_feed_vote(fixture->fake, "ann", "ronin", -1);
    fake_vote_feed_forget(fixture->fake);
    await_votes(fixture, 11);
    assert_int_equal(fixture->fake->listings, 2);
    assert_int_equal(ask_like(fixture, "alien"), STATUS_OK);
    assert_first(fixture, "heat");
    fake_vote_feed_vote(fixture->fake, "dan", "heat", 800);
    await_votes(fixture, 12); /* and it is the new one that follows */
}
FOLLOWED_TEST(it_begins_anew_when_changes_are_forgotten)

static void it_can_be_stopped_at_any_time(struct fixture *fixture)
{
    vote_alike(fixture, "heat", "ronin");
    start(fixture); /* in the listing */
    fiber_give_way();
    followed_recommendations_stop(fixture->followed);
    fixture->fake->is_away = true;
    start(fixture); /* in a pause */
    while (fixture->fake->refused == 0) {
        fiber_give_way();
    }
    followed_recommendations_stop(fixture->followed);
    fixture->fake->is_away = false;
    start(fixture); /* waiting for a change */
    while (fixture->fake->waiting == 0) {
        fiber_give_way();
    }
    followed_recommendations_stop(fixture->followed);
    assert_int_equal(fixture->fake->waiting, 0);
}
FOLLOWED_TEST(it_can_be_stopped_at_any_time)

static void write_metrics(struct fixture *fixture, struct buffer *buffer)
{
    struct telemetry *telemetry;
    assert_int_equal(telemetry_create(1, &telemetry), STATUS_OK);
    telemetry_add_source(telemetry, followed_recommendations_write_metrics, fixture->followed);
    assert_true(telemetry_write(telemetry, buffer));
    assert_true(buffer_append_byte(buffer, '\0'));
    telemetry_destroy(telemetry);
}

static void its_metrics_say_how_it_is(struct fixture *fixture)
{
    struct buffer buffer;
    buffer_init(&buffer, PAGE_BYTES);
    write_metrics(fixture, &buffer);
    assert_non_null(strstr(buffer.data, "\nmarquee_recommendation_ready 0\n"));
    vote_alike(fixture, "heat", "ronin");
    start(fixture);
    await_votes(fixture, 9);
    fake_vote_feed_vote(fixture->fake, "dan", "heat", 800);
    await_votes(fixture, 10);
    buffer_clear(&buffer);
    write_metrics(fixture, &buffer);
    assert_non_null(strstr(buffer.data, "\nmarquee_recommendation_ready 1\n"));
    assert_non_null(strstr(buffer.data, "\nmarquee_recommendation_votes 10\n"));
    assert_non_null(strstr(buffer.data, "\nmarquee_recommendation_changes_total 1\n"));
    assert_non_null(strstr(buffer.data, "\nmarquee_recommendation_models_total 1\n"));
    assert_non_null(strstr(buffer.data, "\nmarquee_recommendation_connected 1\n"));
    buffer_deinit(&buffer);
}
FOLLOWED_TEST(its_metrics_say_how_it_is)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_that_there_is_no_model_yet_test),
        cmocka_unit_test(a_vote_changes_what_is_recommended_test),
        cmocka_unit_test(it_answers_through_an_outage_test),
        cmocka_unit_test(it_begins_anew_when_changes_are_forgotten_test),
        cmocka_unit_test(it_can_be_stopped_at_any_time_test),
        cmocka_unit_test(its_metrics_say_how_it_is_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
