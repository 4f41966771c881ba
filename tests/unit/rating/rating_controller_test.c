#include "rating/controller/rating_controller.h"

#include "base/arena.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000 };

struct fixture {
    struct arena arena;
    struct call call;
    struct rating_controller controller;
    void (*body)(struct fixture *fixture);
};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, 64 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    fixture->controller.step_hundredths = 50;
    assert_int_equal(memory_rating_repository_open(&fixture->call, &fixture->controller.repository),
                     STATUS_OK);
    fixture->body(fixture);
    fixture->controller.repository.ops->close(fixture->controller.repository.state);
    arena_deinit(&fixture->arena);
}

#define CONTROLLER_TEST(name)                                                                      \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static struct rating_change change_of(const char *user, const char *record, const char *provider,
                                      int32_t hundredths)
{
    return (struct rating_change){
        .kind = RATING_PUT,
        .key = {.record = {RECORD_TYPE_MOVIE, text_of(record)},
                .provider = text_of(provider),
                .user = text_of(user)},
        .hundredths = hundredths,
    };
}

static void put(struct fixture *fixture, const char *user, const char *record, int32_t hundredths)
{
    const struct rating_change change = change_of(user, record, "", hundredths);
    assert_int_equal(rating_controller_put(&fixture->controller, &fixture->call, &change),
                     STATUS_OK);
}

static void assert_words(struct call *call, const char *want)
{
    if (!text_equal(call->error.message, text_of(want))) {
        fail_msg("'%.*s', not '%s'", TEXT_ARGUMENTS(call->error.message), want);
    }
    call_clear_error(call);
}

static void steps_and_providers(struct fixture *fixture)
{
    static const struct {
        int32_t step;
        const char *provider;
        int32_t hundredths;
        const char *words; /* NULL: taken */
    } cases[] = {
        {50, "", 0, NULL},
        {50, "", 750, NULL},
        {50, "", 1000, NULL},
        {50, "", 725, "ratings are given in steps of 0.5 points"},
        {50, "", 1, "ratings are given in steps of 0.5 points"},
        {50, "imdb", 725, NULL},
        {50, "imdb", 1001, "rating is not 0 to 10 points"},
        {100, "", 750, "ratings are given in steps of 1 points"},
        {1, "", 711, NULL},
        {25, "", 725, NULL},
        {50, "", -50, "rating is not 0 to 10 points"},
        {50, "", 1050, "rating is not 0 to 10 points"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct rating_change change =
            change_of("u", "tt1", cases[i].provider, cases[i].hundredths);
        fixture->controller.step_hundredths = cases[i].step;
        enum status status = rating_controller_put(&fixture->controller, &fixture->call, &change);
        assert_int_equal(status, cases[i].words == NULL ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        assert_words(&fixture->call, cases[i].words != NULL ? cases[i].words : "");
    }
}
CONTROLLER_TEST(steps_and_providers)

static void what_is_not_there(struct fixture *fixture)
{
    const struct rating_change change = change_of("ann", "tt9", "", 0);
    struct rating_controller *controller = &fixture->controller;
    struct call *call = &fixture->call;
    struct vote vote;
    struct rating_aggregate aggregate;
    assert_int_equal(rating_controller_delete(controller, call, &change.key), STATUS_NOT_FOUND);
    assert_words(call, "user 'ann' has not rated movie 'tt9'");
    assert_int_equal(rating_controller_get_vote(controller, call, &change.key, &vote),
                     STATUS_NOT_FOUND);
    assert_words(call, "user 'ann' has not rated movie 'tt9'");
    assert_int_equal(
        rating_controller_get_aggregate(controller, call, change.key.record, &aggregate),
        STATUS_NOT_FOUND);
    assert_words(call, "nobody has rated movie 'tt9' yet");
}
CONTROLLER_TEST(what_is_not_there)

static void aggregate_follows_the_votes(struct fixture *fixture)
{
    const struct record_key record = {RECORD_TYPE_MOVIE, TEXT("tt1")};
    const struct rating_change gone = change_of("b", "tt1", "", 0);
    const struct rating_change kept = change_of("a", "tt1", "", 0);
    struct rating_aggregate aggregate;
    struct vote vote;
    put(fixture, "a", "tt1", 1000);
    put(fixture, "b", "tt1", 0);
    put(fixture, "a", "tt1", 850);
    assert_int_equal(
        rating_controller_get_aggregate(&fixture->controller, &fixture->call, record, &aggregate),
        STATUS_OK);
    assert_int_equal(aggregate.count, 2);
    assert_int_equal(aggregate.histogram[0], 1);
    assert_int_equal(aggregate.histogram[17], 1);
    assert_true(rating_aggregate_mean(&aggregate) == 4.25);
    assert_int_equal(rating_controller_delete(&fixture->controller, &fixture->call, &gone.key),
                     STATUS_OK);
    assert_int_equal(rating_controller_delete(&fixture->controller, &fixture->call, &gone.key),
                     STATUS_NOT_FOUND);
    assert_int_equal(
        rating_controller_get_vote(&fixture->controller, &fixture->call, &kept.key, &vote),
        STATUS_OK);
    assert_int_equal(vote.hundredths, 850);
    assert_int_equal(
        rating_controller_get_aggregate(&fixture->controller, &fixture->call, record, &aggregate),
        STATUS_OK);
    assert_int_equal(aggregate.count, 1);
}
CONTROLLER_TEST(aggregate_follows_the_votes)

static struct rating_vote_page list(struct fixture *fixture, int32_t page_size, struct text token)
{
    struct rating_vote_page page;
    assert_int_equal(rating_controller_list_user_votes(&fixture->controller, &fixture->call,
                                                       TEXT("a"), page_size, token, &page),
                     STATUS_OK);
    return page;
}

static void pages_of_votes(struct fixture *fixture)
{
    const struct rating_change second = change_of("a", "x/2", "", 0);
    struct rating_vote_page page = list(fixture, 2, TEXT(""));
    assert_int_equal(page.count, 0);
    assert_int_equal(page.next_page_token.length, 0);
    put(fixture, "a", "x/1", 500);
    put(fixture, "a", "x/2", 500);
    put(fixture, "b", "x/3", 500);
    page = list(fixture, 2, TEXT(""));
    assert_int_equal(page.count, 2);
    assert_int_equal(page.next_page_token.length, 0); /* exactly a page */
    put(fixture, "a", "x/4", 500);
    page = list(fixture, 2, TEXT(""));
    assert_true(text_equal(page.next_page_token, TEXT("movie/3/x/2")));
    /* The token holds when its vote is gone. */
    assert_int_equal(rating_controller_delete(&fixture->controller, &fixture->call, &second.key),
                     STATUS_OK);
    page = list(fixture, 2, page.next_page_token);
    assert_int_equal(page.count, 1);
    assert_true(text_equal(page.votes[0].key.record.id, TEXT("x/4")));
    assert_int_equal(page.next_page_token.length, 0);
}
CONTROLLER_TEST(pages_of_votes)

static void pages_that_are_refused(struct fixture *fixture)
{
    static const struct {
        const char *user;
        int32_t page_size;
        const char *token;
        const char *words;
    } cases[] = {
        {"", 0, "", "user id is empty"},
        {"a", -1, "", "the page size must be 0 to 1000"},
        {"a", RATING_PAGE_SIZE_MAX + 1, "", "the page size must be 0 to 1000"},
        {"a", 1, "movie/9/x", "the page token is not one of ours"},
    };
    struct rating_vote_page page;
    struct rating_dead_letter_page letters;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(rating_controller_list_user_votes(
                             &fixture->controller, &fixture->call, text_of(cases[i].user),
                             cases[i].page_size, text_of(cases[i].token), &page),
                         STATUS_INVALID_ARGUMENT);
        assert_words(&fixture->call, cases[i].words);
    }
    assert_int_equal(rating_controller_list_dead_letters(&fixture->controller, &fixture->call, 1,
                                                         TEXT("0/x/t"), &letters),
                     STATUS_INVALID_ARGUMENT);
    assert_words(&fixture->call, "the page token is not one of ours");
}
CONTROLLER_TEST(pages_that_are_refused)

static void pages_of_dead_letters(struct fixture *fixture)
{
    struct rating_dead_letter letters[3];
    struct rating_dead_letter_page page;
    for (int64_t i = 0; i < 3; i++) {
        letters[i] = (struct rating_dead_letter){.topic = TEXT("ratings"),
                                                 .offset = i,
                                                 .reason = TEXT("why"),
                                                 .payload = TEXT("\xff\0")};
    }
    const struct rating_batch batch = {.dead_letters = letters, .dead_letter_count = 3};
    struct rating_repository repository = fixture->controller.repository;
    assert_int_equal(repository.ops->apply(repository.state, &fixture->call, &batch), STATUS_OK);
    assert_int_equal(rating_controller_list_dead_letters(&fixture->controller, &fixture->call, 2,
                                                         TEXT(""), &page),
                     STATUS_OK);
    assert_int_equal(page.count, 2);
    assert_true(text_equal(page.next_page_token, TEXT("0/1/ratings")));
    assert_int_equal(rating_controller_list_dead_letters(&fixture->controller, &fixture->call, 2,
                                                         page.next_page_token, &page),
                     STATUS_OK);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.letters[0].offset, 2);
    assert_true(text_equal(page.letters[0].payload, TEXT("\xff\0")));
    assert_int_equal(page.next_page_token.length, 0);
}
CONTROLLER_TEST(pages_of_dead_letters)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_and_providers_test),
        cmocka_unit_test(what_is_not_there_test),
        cmocka_unit_test(aggregate_follows_the_votes_test),
        cmocka_unit_test(pages_of_votes_test),
        cmocka_unit_test(pages_that_are_refused_test),
        cmocka_unit_test(pages_of_dead_letters_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
