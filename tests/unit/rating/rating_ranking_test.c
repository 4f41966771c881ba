/* The ranking over the memory repository: what it lists at once, and what it follows. */
#include "rating/repository/indexed_rating_ranking.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "rating/controller/rating_top.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "telemetry/telemetry.h"

enum {
    TIMEOUT_MS = 20000,
    ARENA_BYTES_MAX = 64 * 1024 * 1024,
    ANSWER_BYTES = 256,
    METRICS_BYTES_MAX = 1024 * 1024,
};

struct fixture {
    struct arena arena;
    struct call call;
    struct rating_controller controller;
    struct indexed_rating_ranking *ranking;
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
    if (fixture->ranking != NULL) {
        indexed_rating_ranking_stop(fixture->ranking);
        indexed_rating_ranking_destroy(fixture->ranking);
    }
    fixture->controller.repository.ops->close(fixture->controller.repository.state);
    arena_deinit(&fixture->arena);
}

#define RANKING_TEST(name)                                                                         \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

/* mean 0: that of all votes. */
static void create(struct fixture *fixture, double minimum_votes, double mean)
{
    const struct indexed_rating_ranking_options options = {
        .repository = fixture->controller.repository,
        .minimum_votes = minimum_votes,
        .has_mean = mean > 0,
        .mean = mean,
    };
    assert_int_equal(indexed_rating_ranking_create(&fixture->call, &options, &fixture->ranking),
                     STATUS_OK);
    fixture->controller.ranking = indexed_rating_ranking_port(fixture->ranking);
}

static void start(struct fixture *fixture, double minimum_votes, double mean)
{
    create(fixture, minimum_votes, mean);
    assert_int_equal(indexed_rating_ranking_start(fixture->ranking), STATUS_OK);
}

static void vote(struct fixture *fixture, enum record_type type, const char *id, const char *user,
                 int32_t hundredths)
{
    const struct rating_change change = {
        .key = {.record = {type, text_of(id)}, .user = text_of(user)}, .hundredths = hundredths};
    assert_int_equal(rating_controller_put(&fixture->controller, &fixture->call, &change, NULL),
                     STATUS_OK);
}

static void vote_often(struct fixture *fixture, const char *id, int count, int32_t hundredths)
{
    for (int i = 0; i < count; i++) {
        char user[16];
        (void)snprintf(user, sizeof(user), "u%d", i);
        vote(fixture, RECORD_TYPE_MOVIE, id, user, hundredths);
    }
}

/* "a:2 b:1": ids and counts; or what went wrong. */
static void ask(struct fixture *fixture, const struct rating_top_request *request,
                char answer[static ANSWER_BYTES])
{
    struct rank_page page;
    struct call call = call_within(&fixture->call, 0);
    enum status status = rating_controller_list_top(&fixture->controller, &call, request, &page);
    size_t at = 0;
    answer[0] = '\0';
    if (status != STATUS_OK) {
        (void)snprintf(answer, ANSWER_BYTES, "%.*s", TEXT_ARGUMENTS(call.error.message));
        return;
    }
    for (size_t i = 0; i < page.count; i++) {
        at += (size_t)snprintf(answer + at, ANSWER_BYTES - at, "%s%.*s:%d", i > 0 ? " " : "",
                               TEXT_ARGUMENTS(page.rows[i].id), (int)page.rows[i].count);
        assert_true(at < ANSWER_BYTES);
    }
}

/* Asks until the answer comes; the call's time bounds it. */
static void expect(struct fixture *fixture, const struct rating_top_request *request,
                   const char *want)
{
    char answer[ANSWER_BYTES];
    do {
        ask(fixture, request, answer);
        if (strcmp(answer, want) == 0) {
            return;
        }
    } while (fiber_sleep(&fixture->call, CLOCK_NS_PER_MS) == STATUS_OK);
    assert_string_equal(answer, want);
}

static const struct rating_top_request movies = {.type = RECORD_TYPE_MOVIE};

static void lists_what_is_there_at_the_start(struct fixture *fixture)
{
    static const struct rating_top_request by_votes = {.type = RECORD_TYPE_MOVIE,
                                                       .order = RANK_BY_VOTES};
    static const struct rating_top_request by_mean = {
        .type = RECORD_TYPE_MOVIE, .order = RANK_BY_MEAN, .minimum_votes = 2};
    static const struct rating_top_request actors = {.type = RECORD_TYPE_ACTOR};
    static const struct rating_top_request soundtracks = {.type = RECORD_TYPE_SOUNDTRACK};
    vote_often(fixture, "few", 1, 1000);
    vote_often(fixture, "many", 30, 900);
    vote_often(fixture, "bad", 40, 100);
    vote(fixture, RECORD_TYPE_ACTOR, "an actor", "ann", 500);
    start(fixture, 25, 0);
    expect(fixture, &movies, "many:30 few:1 bad:40"); /* one vote does not lead */
    expect(fixture, &by_votes, "bad:40 many:30 few:1");
    expect(fixture, &by_mean, "many:30 bad:40");
    expect(fixture, &actors, "an actor:1");
    expect(fixture, &soundtracks, "");
}
RANKING_TEST(lists_what_is_there_at_the_start)

static void follows_votes_and_what_is_taken_back(struct fixture *fixture)
{
    const struct vote_key only = {.record = {RECORD_TYPE_MOVIE, TEXT("b")}, .user = TEXT("u0")};
    vote_often(fixture, "a", 2, 500);
    start(fixture, 25, 7);
    expect(fixture, &movies, "a:2");
    vote_often(fixture, "b", 1, 800);
    vote_often(fixture, "c", 3, 900);
    expect(fixture, &movies, "c:3 b:1 a:2");
    assert_int_equal(rating_controller_delete(&fixture->controller, &fixture->call, &only),
                     STATUS_OK);
    expect(fixture, &movies, "c:3 a:2");
}
RANKING_TEST(follows_votes_and_what_is_taken_back)

static void is_not_there_before_it_is_built(struct fixture *fixture)
{
    struct rating_summary summary;
    char answer[ANSWER_BYTES];
    const struct record_key record = {RECORD_TYPE_MOVIE, TEXT("a")};
    vote_often(fixture, "a", 2, 500);
    create(fixture, 25, 0);
    ask(fixture, &movies, answer);
    assert_string_equal(answer, "the ranking is being built: 0 records so far");
    assert_int_equal(
        rating_controller_get_summary(&fixture->controller, &fixture->call, record, &summary),
        STATUS_OK);
    assert_false(summary.has_score);
    assert_int_equal(summary.aggregate.count, 2);
}
RANKING_TEST(is_not_there_before_it_is_built)

static void knows_a_given_mean_at_once(struct fixture *fixture)
{
    struct rating_summary summary;
    const struct record_key record = {RECORD_TYPE_MOVIE, TEXT("a")};
    vote_often(fixture, "a", 5, 1000);
    create(fixture, 5, 6);
    assert_int_equal(
        rating_controller_get_summary(&fixture->controller, &fixture->call, record, &summary),
        STATUS_OK);
    assert_true(summary.has_score);
    assert_true(summary.weighted_score == 8);
    assert_string_equal(summary.parameters.version, "1:5:6.000");
}
RANKING_TEST(knows_a_given_mean_at_once)

static void expect_version(struct fixture *fixture, const char *want)
{
    struct rank_parameters parameters = {.version = ""};
    do {
        const struct rating_ranking *ranking = &fixture->controller.ranking;
        if (ranking->ops->get_parameters(ranking->state, RECORD_TYPE_MOVIE, &parameters) &&
            strcmp(parameters.version, want) == 0) {
            return;
        }
    } while (fiber_sleep(&fixture->call, CLOCK_NS_PER_MS) == STATUS_OK);
    assert_string_equal(parameters.version, want);
}

/* 1,000 votes of 7; then one of 10 moves the mean by 0.003, and another by as much again. */
static void publishes_the_mean_when_it_has_moved(struct fixture *fixture)
{
    struct rating_summary summary;
    const struct record_key record = {RECORD_TYPE_MOVIE, TEXT("a")};
    vote_often(fixture, "a", 1000, 700);
    start(fixture, 25, 0);
    expect_version(fixture, "1:25:7.000");
    vote(fixture, RECORD_TYPE_MOVIE, "b", "ann", 1000);
    expect(fixture, &movies, "b:1 a:1000");
    assert_int_equal(
        rating_controller_get_summary(&fixture->controller, &fixture->call, record, &summary),
        STATUS_OK);
    assert_string_equal(summary.parameters.version, "1:25:7.000");
    vote(fixture, RECORD_TYPE_MOVIE, "b", "bob", 1000);
    expect(fixture, &movies, "b:2 a:1000");
    expect_version(fixture, "1:25:7.006");
}
RANKING_TEST(publishes_the_mean_when_it_has_moved)

static void a_list_begun_before_is_gone_on_with(struct fixture *fixture)
{
    struct rating_top_request request = {.type = RECORD_TYPE_MOVIE, .page_size = 1};
    struct rank_page page;
    vote_often(fixture, "a", 10, 700);
    vote_often(fixture, "b", 10, 650);
    vote_often(fixture, "c", 10, 600);
    start(fixture, 25, 0);
    expect(fixture, &movies, "a:10 b:10 c:10");
    assert_int_equal(
        rating_controller_list_top(&fixture->controller, &fixture->call, &request, &page),
        STATUS_OK);
    assert_string_equal(page.parameters.version, "1:25:6.500");
    vote_often(fixture, "d", 10, 50);
    expect_version(fixture, "1:25:5.000");
    request.page_token = page.next_page_token;
    assert_int_equal(
        rating_controller_list_top(&fixture->controller, &fixture->call, &request, &page),
        STATUS_OK);
    assert_true(text_equal(page.rows[0].id, TEXT("b")));
    assert_string_equal(page.parameters.version, "1:25:6.500");
    assert_true(fabs(page.rows[0].score - 6.5) < 1e-12);
}
RANKING_TEST(a_list_begun_before_is_gone_on_with)

/* Pages of the store, and turns of the log, end at limits of their own. */
static void follows_more_than_a_turn_takes(struct fixture *fixture)
{
    enum { MANY = INDEXED_RANKING_CHANGES_MAX + 2500 };
    struct rating_repository repository = fixture->controller.repository;
    struct rating_change *changes = calloc(MANY, sizeof(*changes));
    char(*ids)[12] = calloc(MANY, sizeof(*ids));
    static const struct rating_top_request last = {.type = RECORD_TYPE_MOVIE, .page_size = 2};
    assert_true(changes != NULL && ids != NULL);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "%d", i);
        changes[i] = (struct rating_change){
            .key = {.record = {RECORD_TYPE_MOVIE, text_of(ids[i])}, .user = TEXT("ann")},
            .hundredths = i == MANY - 1 ? 1000 : 500};
    }
    for (int round = 0; round < 2; round++) {
        const struct rating_batch batch = {.changes = changes, .change_count = MANY};
        assert_int_equal(repository.ops->apply(repository.state, &fixture->call, &batch),
                         STATUS_OK);
        if (round == 0) {
            start(fixture, 25, 7);
        }
        expect(fixture, &last, round == 0 ? "12499:1 0:1" : "12498:1 0:1");
        changes[MANY - 1].hundredths = 0;
        changes[MANY - 2].hundredths = 1000;
    }
    free(changes);
    free(ids);
}
RANKING_TEST(follows_more_than_a_turn_takes)

/* "marquee_rating_ranking_builds_total 2", whenever it comes to that. */
static void expect_metric(struct fixture *fixture, const char *want)
{
    struct telemetry *telemetry;
    struct buffer page;
    bool found = false;
    assert_int_equal(telemetry_create(1, &telemetry), STATUS_OK);
    telemetry_add_source(telemetry, indexed_rating_ranking_write_metrics, fixture->ranking);
    buffer_init(&page, METRICS_BYTES_MAX);
    do {
        buffer_clear(&page);
        assert_true(telemetry_write(telemetry, &page) && buffer_append_byte(&page, '\0'));
        found = strstr(page.data, want) != NULL;
    } while (!found && fiber_sleep(&fixture->call, CLOCK_NS_PER_MS) == STATUS_OK);
    buffer_deinit(&page);
    telemetry_destroy(telemetry);
    assert_true(found);
}

/* What is far behind, of two records alone. */
static void reads_all_when_that_is_less(struct fixture *fixture)
{
    enum { MANY = 3 * INDEXED_RANKING_CHANGES_MAX };
    struct rating_repository repository = fixture->controller.repository;
    struct rating_change *changes = calloc(MANY, sizeof(*changes));
    char(*users)[16] = calloc(MANY, sizeof(*users));
    assert_true(changes != NULL && users != NULL);
    vote(fixture, RECORD_TYPE_MOVIE, "a", "ann", 1000);
    start(fixture, 25, 7);
    expect(fixture, &movies, "a:1");
    expect_metric(fixture, "\nmarquee_rating_ranking_builds_total 1\n");
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(users[i], sizeof(users[i]), "u%d", i / 2);
        changes[i] = (struct rating_change){
            .key = {.record = {RECORD_TYPE_MOVIE, i % 2 == 0 ? TEXT("a") : TEXT("b")},
                    .user = text_of(users[i])},
            .hundredths = i % 2 == 0 ? 900 : 300};
    }
    const struct rating_batch batch = {.changes = changes, .change_count = MANY};
    assert_int_equal(repository.ops->apply(repository.state, &fixture->call, &batch), STATUS_OK);
    expect(fixture, &movies, "a:15001 b:15000");
    expect_metric(fixture, "\nmarquee_rating_ranking_builds_total 2\n");
    vote(fixture, RECORD_TYPE_MOVIE, "b", "ann", 100);
    expect(fixture, &movies, "a:15001 b:15001");
    expect_metric(fixture, "\nmarquee_rating_ranking_builds_total 2\n");
    free(changes);
    free(users);
}
RANKING_TEST(reads_all_when_that_is_less)

static void says_what_is_wrong_with_a_request(struct fixture *fixture)
{
    static const struct {
        struct rating_top_request request;
        const char *want;
    } rows[] = {
        {{.type = RECORD_TYPE_MOVIE, .page_size = -1}, "the page size must be 0 to 1000"},
        {{.type = RECORD_TYPE_MOVIE, .page_size = 1001}, "the page size must be 0 to 1000"},
        {{.type = RECORD_TYPE_MOVIE, .order = RANK_BY_YEAR}, "there is no list in this order"},
        {{.type = RECORD_TYPE_MOVIE, .page_token = TEXT_INIT("none")},
         "the page token is not one of ours"},
    };
    char answer[ANSWER_BYTES];
    ask(fixture, &movies, answer);
    assert_string_equal(answer, "there is no ranking here");
    start(fixture, 25, 7);
    expect(fixture, &movies, "");
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        ask(fixture, &rows[i].request, answer);
        assert_string_equal(answer, rows[i].want);
    }
}
RANKING_TEST(says_what_is_wrong_with_a_request)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_what_is_there_at_the_start_test),
        cmocka_unit_test(follows_votes_and_what_is_taken_back_test),
        cmocka_unit_test(is_not_there_before_it_is_built_test),
        cmocka_unit_test(knows_a_given_mean_at_once_test),
        cmocka_unit_test(publishes_the_mean_when_it_has_moved_test),
        cmocka_unit_test(a_list_begun_before_is_gone_on_with_test),
        cmocka_unit_test(follows_more_than_a_turn_takes_test),
        cmocka_unit_test(reads_all_when_that_is_less_test),
        cmocka_unit_test(says_what_is_wrong_with_a_request_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
