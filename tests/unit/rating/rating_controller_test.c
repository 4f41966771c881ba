/* The rules of ratings over the memory repository, and the tokens of their pages. */
#include "rating/controller/rating_controller.h"

#include "base/arena.h"
#include "rating/controller/rating_page_token.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000, ARENA_BYTES_MAX = 64 * 1024 * 1024, STEP_HUNDREDTHS = 50 };

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
    fixture->controller.step_hundredths = STEP_HUNDREDTHS;
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

static struct vote_key key_of(struct text id, struct text provider)
{
    return (struct vote_key){
        .record = {RECORD_TYPE_MOVIE, id}, .provider = provider, .user = TEXT("u")};
}

static enum status put(struct fixture *fixture, struct text id, struct text provider,
                       int32_t hundredths)
{
    const struct rating_change change = {.key = key_of(id, provider), .hundredths = hundredths};
    call_clear_error(&fixture->call);
    return rating_controller_put(&fixture->controller, &fixture->call, &change, NULL);
}

static bool says(const struct fixture *fixture, const char *words)
{
    return text_equal(fixture->call.error.message, text_of(words));
}

static void steps_hold_for_our_own_votes(struct fixture *fixture)
{
    static const struct {
        struct text provider;
        int32_t hundredths;
        enum status want;
    } cases[] = {
        {TEXT_INIT(""), 0, STATUS_OK},
        {TEXT_INIT(""), 50, STATUS_OK},
        {TEXT_INIT(""), 1000, STATUS_OK},
        {TEXT_INIT(""), 49, STATUS_INVALID_ARGUMENT},
        {TEXT_INIT(""), 725, STATUS_INVALID_ARGUMENT},
        {TEXT_INIT(""), 1050, STATUS_INVALID_ARGUMENT},
        {TEXT_INIT(""), -50, STATUS_INVALID_ARGUMENT},
        {TEXT_INIT("p"), 49, STATUS_OK}, /* what providers send is kept */
        {TEXT_INIT("p"), 1001, STATUS_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(put(fixture, TEXT("tt1"), cases[i].provider, cases[i].hundredths),
                         cases[i].want);
    }
    assert_int_equal(put(fixture, TEXT("tt1"), TEXT(""), 725), STATUS_INVALID_ARGUMENT);
    assert_true(says(fixture, "ratings are given in steps of 0.5 points"));
    const struct rating_change removal = {
        .kind = RATING_DELETE, .key = key_of(TEXT("tt1"), TEXT("")), .hundredths = 1};
    call_clear_error(&fixture->call);
    assert_int_equal(rating_controller_validate(&fixture->controller, &fixture->call, &removal),
                     STATUS_OK);
}
CONTROLLER_TEST(steps_hold_for_our_own_votes)

static void votes_come_back_and_go(struct fixture *fixture)
{
    const struct vote_key key = key_of(TEXT("tt1"), TEXT(""));
    struct vote vote;
    struct rating_aggregate aggregate;
    struct rating_controller *controller = &fixture->controller;
    struct call *call = &fixture->call;
    assert_int_equal(rating_controller_get_aggregate(controller, call, key.record, &aggregate),
                     STATUS_NOT_FOUND);
    assert_true(says(fixture, "nobody has rated movie 'tt1' yet"));
    assert_int_equal(put(fixture, TEXT("tt1"), TEXT(""), 300), STATUS_OK);
    assert_int_equal(put(fixture, TEXT("tt1"), TEXT(""), 700), STATUS_OK);
    assert_int_equal(put(fixture, TEXT("tt1"), TEXT("p"), 900), STATUS_OK);
    assert_int_equal(rating_controller_get_vote(controller, call, &key, &vote), STATUS_OK);
    assert_int_equal(vote.hundredths, 700);
    assert_int_equal(rating_controller_get_aggregate(controller, call, key.record, &aggregate),
                     STATUS_OK);
    assert_int_equal(aggregate.count, 2);
    assert_int_equal(aggregate.sum_hundredths, 1600);
    assert_int_equal(rating_controller_delete(controller, call, &key), STATUS_OK);
    assert_int_equal(rating_controller_get_vote(controller, call, &key, &vote), STATUS_NOT_FOUND);
    assert_true(says(fixture, "user 'u' has not rated movie 'tt1'"));
    call_clear_error(call);
    assert_int_equal(rating_controller_delete(controller, call, &key), STATUS_NOT_FOUND);
    assert_true(says(fixture, "user 'u' has not rated movie 'tt1'"));
}
CONTROLLER_TEST(votes_come_back_and_go)

static void what_names_nothing_is_refused(struct fixture *fixture)
{
    const struct vote_key no_id = key_of(TEXT(""), TEXT(""));
    struct vote vote;
    struct rating_aggregate aggregate;
    struct rating_vote_page page;
    struct rating_dead_letter_page letters;
    struct rating_controller *controller = &fixture->controller;
    struct call *call = &fixture->call;
    assert_int_equal(rating_controller_get_vote(controller, call, &no_id, &vote),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(rating_controller_delete(controller, call, &no_id), STATUS_INVALID_ARGUMENT);
    assert_int_equal(rating_controller_get_aggregate(controller, call, no_id.record, &aggregate),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(
        rating_controller_list_user_votes(controller, call, TEXT(""), 0, TEXT(""), &page),
        STATUS_INVALID_ARGUMENT);
    static const int32_t sizes[] = {-1, RATING_PAGE_SIZE_MAX + 1};
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        call_clear_error(call);
        assert_int_equal(rating_controller_list_user_votes(controller, call, TEXT("u"), sizes[i],
                                                           TEXT(""), &page),
                         STATUS_INVALID_ARGUMENT);
        assert_true(says(fixture, "the page size must be 0 to 1000"));
        assert_int_equal(
            rating_controller_list_dead_letters(controller, call, sizes[i], TEXT(""), &letters),
            STATUS_INVALID_ARGUMENT);
    }
}
CONTROLLER_TEST(what_names_nothing_is_refused)

static struct text id_at(struct fixture *fixture, unsigned number)
{
    return arena_format(&fixture->arena, "tt%04u", number);
}

static void pages_of_votes(struct fixture *fixture)
{
    static const struct {
        unsigned votes;
        int32_t page_size;
        unsigned pages;
    } cases[] = {
        {0, 2, 1},
        {1, 2, 1},
        {2, 2, 1}, /* exactly a page: no token that leads to an empty one */
        {3, 2, 2},
        {5, 2, 3},
        {RATING_PAGE_SIZE_DEFAULT, 0, 1},
        {RATING_PAGE_SIZE_DEFAULT + 1, 0, 2},
        {RATING_PAGE_SIZE_MAX, RATING_PAGE_SIZE_MAX, 1},
        {RATING_PAGE_SIZE_MAX + 1, RATING_PAGE_SIZE_MAX, 2},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text token = TEXT("");
        unsigned pages = 0;
        unsigned seen = 0;
        for (unsigned j = 0; j < cases[i].votes; j++) {
            assert_int_equal(put(fixture, id_at(fixture, j), TEXT("p"), 100), STATUS_OK);
        }
        do {
            struct rating_vote_page page;
            assert_int_equal(rating_controller_list_user_votes(&fixture->controller, &fixture->call,
                                                               TEXT("u"), cases[i].page_size, token,
                                                               &page),
                             STATUS_OK);
            for (size_t j = 0; j < page.count; j++) {
                assert_true(text_equal(page.votes[j].key.record.id, id_at(fixture, seen++)));
            }
            token = page.next_page_token;
            pages++;
        } while (token.length > 0);
        assert_int_equal(seen, cases[i].votes);
        assert_int_equal(pages, cases[i].pages);
    }
}
CONTROLLER_TEST(pages_of_votes)

static void pages_of_dead_letters(struct fixture *fixture)
{
    struct rating_dead_letter letters[3];
    struct rating_dead_letter_page page;
    struct rating_repository repository = fixture->controller.repository;
    for (size_t i = 0; i < ARRAY_LENGTH(letters); i++) {
        letters[i] = (struct rating_dead_letter){
            .topic = TEXT("ratings"), .offset = (int64_t)i, .reason = TEXT("why")};
    }
    const struct rating_batch batch = {.dead_letters = letters, .dead_letter_count = 3};
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
    assert_int_equal(page.next_page_token.length, 0);
}
CONTROLLER_TEST(pages_of_dead_letters)

static void tokens_come_back(struct fixture *fixture)
{
    static const struct {
        struct text id;
        struct text provider;
    } cases[] = {
        {TEXT_INIT("tt1"), TEXT_INIT("")},
        {TEXT_INIT("a/b"), TEXT_INIT("p/q")},
        {TEXT_INIT("/"), TEXT_INIT("/")},
        {TEXT_INIT("12"), TEXT_INIT("3")},
        {TEXT_INIT("\xc3\xa9"), TEXT_INIT("\xe2\x82\xac")},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct vote_key last = key_of(cases[i].id, cases[i].provider);
        struct vote_key after = {.user = TEXT("asks")};
        struct text token;
        assert_int_equal(rating_vote_token_write(&fixture->call, &last, &token), STATUS_OK);
        assert_int_equal(rating_vote_token_read(&fixture->call, token, &after), STATUS_OK);
        assert_int_equal(after.record.type, RECORD_TYPE_MOVIE);
        assert_true(text_equal(after.record.id, cases[i].id));
        assert_true(text_equal(after.provider, cases[i].provider));
        assert_true(text_equal(after.user, TEXT("asks")));
    }
    const struct rating_dead_letter last = {
        .topic = TEXT("a/b"), .partition = INT32_MAX, .offset = INT64_MAX};
    struct rating_dead_letter_key after;
    struct text token;
    assert_int_equal(rating_dead_letter_token_write(&fixture->call, &last, &token), STATUS_OK);
    assert_int_equal(rating_dead_letter_token_read(&fixture->call, token, &after), STATUS_OK);
    assert_int_equal(after.partition, INT32_MAX);
    assert_int_equal(after.offset, INT64_MAX);
    assert_true(text_equal(after.topic, TEXT("a/b")));
}
CONTROLLER_TEST(tokens_come_back)

static void other_tokens_are_refused(struct fixture *fixture)
{
    static const struct text votes[] = {
        TEXT_INIT("x"),
        TEXT_INIT("movie"),
        TEXT_INIT("movie/"),
        TEXT_INIT("movie/0/"),
        TEXT_INIT("movie/4/tt1"),
        TEXT_INIT("movie/-1/tt1"),
        TEXT_INIT("film/3/tt1"),
        TEXT_INIT("movie/3/t\0"
                  "1"),
        TEXT_INIT("movie/1/\xff"),
        TEXT_INIT("movie/1/\xc3\xa9"), /* the length would cut a character */
        TEXT_INIT("movie/18446744073709551616/a"),
    };
    static const struct text letters[] = {
        TEXT_INIT("x"),
        TEXT_INIT("0/1"),
        TEXT_INIT("0/1/"),
        TEXT_INIT("-1/1/t"),
        TEXT_INIT("2147483648/1/t"),
        TEXT_INIT("0/-1/t"),
        TEXT_INIT("0/9223372036854775808/t"),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(votes); i++) {
        struct vote_key after = {.user = TEXT("u")};
        call_clear_error(&fixture->call);
        print_message("  %.*s\n", TEXT_ARGUMENTS(votes[i]));
        assert_int_equal(rating_vote_token_read(&fixture->call, votes[i], &after),
                         STATUS_INVALID_ARGUMENT);
        assert_true(says(fixture, "the page token is not one of ours"));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(letters); i++) {
        struct rating_dead_letter_key after;
        call_clear_error(&fixture->call);
        print_message("  %.*s\n", TEXT_ARGUMENTS(letters[i]));
        assert_int_equal(rating_dead_letter_token_read(&fixture->call, letters[i], &after),
                         STATUS_INVALID_ARGUMENT);
        assert_true(says(fixture, "the page token is not one of ours"));
    }
}
CONTROLLER_TEST(other_tokens_are_refused)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_hold_for_our_own_votes_test),
        cmocka_unit_test(votes_come_back_and_go_test),
        cmocka_unit_test(what_names_nothing_is_refused_test),
        cmocka_unit_test(pages_of_votes_test),
        cmocka_unit_test(pages_of_dead_letters_test),
        cmocka_unit_test(tokens_come_back_test),
        cmocka_unit_test(other_tokens_are_refused_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
