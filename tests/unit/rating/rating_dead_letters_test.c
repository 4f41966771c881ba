/* Dead letters tried again, over the memory repository. */
#include "base/arena.h"
#include "rating/controller/rating_controller.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000, ARENA_BYTES_MAX = 16 * 1024 * 1024, SET_ASIDE_MS = 1000000 };

#define TOPIC TEXT("ratings")
#define PUT(user, more)                                                                            \
    "{\"userId\":\"" user "\",\"recordId\":\"tt1\",\"recordType\":\"movie\",\"providerId\":\"p\"," \
    "\"eventType\":\"put\",\"value\":" more "}"

struct fixture {
    struct arena arena;
    struct call call;
    struct rating_controller controller;
    void (*body)(struct fixture *fixture);
};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    struct rating_repository *repository = &fixture->controller.repository;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    assert_int_equal(memory_rating_repository_open(&fixture->call, repository), STATUS_OK);
    fixture->body(fixture);
    repository->ops->close(repository->state);
    arena_deinit(&fixture->arena);
}

#define LETTERS_TEST(name)                                                                         \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static struct rating_dead_letter letter_of(int32_t partition, int64_t offset, struct text payload)
{
    return (struct rating_dead_letter){.topic = TOPIC,
                                       .partition = partition,
                                       .offset = offset,
                                       .reason = TEXT("an older service knew no better"),
                                       .payload = payload,
                                       .time_ms = SET_ASIDE_MS};
}

static void set_aside(struct fixture *fixture, const struct rating_dead_letter *letters,
                      size_t count)
{
    const struct rating_repository *repository = &fixture->controller.repository;
    const struct rating_batch batch = {.dead_letters = letters, .dead_letter_count = count};
    assert_int_equal(repository->ops->apply(repository->state, &fixture->call, &batch), STATUS_OK);
}

static enum status retry(struct fixture *fixture, int32_t partition, int64_t offset,
                         struct text event, struct text *ret_reason)
{
    const struct rating_dead_letter_key key = {TOPIC, partition, offset};
    call_clear_error(&fixture->call);
    return rating_controller_retry_dead_letter(&fixture->controller, &fixture->call, &key, event,
                                               ret_reason);
}

static enum status get(struct fixture *fixture, int32_t partition, int64_t offset,
                       struct rating_dead_letter *ret_letter)
{
    const struct rating_dead_letter_key key = {TOPIC, partition, offset};
    call_clear_error(&fixture->call);
    return rating_controller_get_dead_letter(&fixture->controller, &fixture->call, &key,
                                             ret_letter);
}

/* In hundredths, or -1. */
static int32_t vote_of(struct fixture *fixture, struct text user)
{
    struct vote vote;
    const struct vote_key key = {{RECORD_TYPE_MOVIE, TEXT("tt1")}, TEXT("p"), user};
    const struct rating_repository *repository = &fixture->controller.repository;
    return repository->ops->get_vote(repository->state, &fixture->call, &key, &vote) == STATUS_OK
               ? vote.hundredths
               : -1;
}

static void letter_is_shown_whole(struct fixture *fixture)
{
    const struct rating_dead_letter set = letter_of(3, 7, TEXT("{"));
    struct rating_dead_letter letter;
    set_aside(fixture, &set, 1);
    assert_int_equal(get(fixture, 3, 7, &letter), STATUS_OK);
    assert_true(text_equal(letter.payload, TEXT("{")));
    assert_true(text_equal(letter.reason, set.reason));
    assert_int_equal(letter.time_ms, SET_ASIDE_MS);
    assert_int_equal(get(fixture, 3, 8, &letter), STATUS_NOT_FOUND);
    assert_true(
        text_equal(fixture->call.error.message, TEXT("there is no dead letter ratings/3@8")));
    assert_int_equal(get(fixture, -1, 8, &letter), STATUS_INVALID_ARGUMENT);
    assert_int_equal(get(fixture, 0, -1, &letter), STATUS_INVALID_ARGUMENT);
}
LETTERS_TEST(letter_is_shown_whole)

static void what_can_be_read_now_is_applied(struct fixture *fixture)
{
    const struct rating_dead_letter set = letter_of(3, 7, TEXT(PUT("u", "7")));
    const struct rating_repository *repository = &fixture->controller.repository;
    struct rating_dead_letter letter;
    struct rating_change_record *records;
    size_t count;
    struct text reason;
    set_aside(fixture, &set, 1);
    assert_int_equal(retry(fixture, 3, 7, TEXT(""), &reason), STATUS_OK);
    assert_int_equal(reason.length, 0);
    assert_int_equal(vote_of(fixture, TEXT("u")), 700);
    assert_int_equal(get(fixture, 3, 7, &letter), STATUS_NOT_FOUND);
    assert_int_equal(retry(fixture, 3, 7, TEXT(""), &reason), STATUS_NOT_FOUND);
    /* The change log says where it came from. */
    assert_int_equal(
        repository->ops->list_changes(repository->state, &fixture->call, 1, 10, &records, &count),
        STATUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(records[0].kind, RATING_RECORD_PUT);
    assert_int_equal(records[0].source.partition, 3);
    assert_int_equal(records[0].offset, 7);
}
LETTERS_TEST(what_can_be_read_now_is_applied)

static void what_fails_again_stays_with_its_reason(struct fixture *fixture)
{
    const struct rating_dead_letter set = letter_of(0, 1, TEXT("[]"));
    const struct rating_repository *repository = &fixture->controller.repository;
    struct rating_change_range range;
    struct rating_dead_letter letter;
    struct text reason;
    set_aside(fixture, &set, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(retry(fixture, 0, 1, TEXT(""), &reason), STATUS_OK);
        assert_true(text_equal(reason, TEXT("an event is an object, not an array")));
        assert_int_equal(get(fixture, 0, 1, &letter), STATUS_OK);
        assert_true(text_equal(letter.reason, reason));
        assert_true(text_equal(letter.payload, TEXT("[]")));
        assert_int_equal(letter.time_ms, SET_ASIDE_MS);
    }
    /* Set aside, and with its new reason; the second time there was nothing new. */
    assert_int_equal(repository->ops->get_change_range(repository->state, &fixture->call, &range),
                     STATUS_OK);
    assert_int_equal(range.last, 2);
}
LETTERS_TEST(what_fails_again_stays_with_its_reason)

static void mended_event_takes_its_place(struct fixture *fixture)
{
    const struct rating_dead_letter set = letter_of(0, 1, TEXT("[]"));
    struct rating_dead_letter letter;
    struct text reason;
    set_aside(fixture, &set, 1);
    assert_int_equal(retry(fixture, 0, 1, TEXT(PUT("u", "11")), &reason), STATUS_OK);
    assert_true(text_equal(reason, TEXT("a rating must be 0 to 10 points")));
    assert_int_equal(get(fixture, 0, 1, &letter), STATUS_OK);
    assert_true(text_equal(letter.payload, TEXT("[]"))); /* it is not the mended one's */
    assert_true(text_equal(letter.reason, set.reason));
    assert_int_equal(retry(fixture, 0, 1, TEXT(PUT("u", "1")), &reason), STATUS_OK);
    assert_int_equal(reason.length, 0);
    assert_int_equal(vote_of(fixture, TEXT("u")), 100);
    assert_int_equal(get(fixture, 0, 1, &letter), STATUS_NOT_FOUND);
}
LETTERS_TEST(mended_event_takes_its_place)

/* The user has voted again since. */
static void event_without_time_is_as_old_as_its_letter(struct fixture *fixture)
{
    const struct rating_dead_letter set = letter_of(0, 1, TEXT(PUT("u", "2")));
    const struct vote_key key = {{RECORD_TYPE_MOVIE, TEXT("tt1")}, TEXT("p"), TEXT("u")};
    const struct rating_change later = {
        .key = key, .hundredths = 900, .has_time = true, .time_ms = SET_ASIDE_MS + 1};
    struct text reason;
    set_aside(fixture, &set, 1);
    assert_int_equal(rating_controller_put(&fixture->controller, &fixture->call, &later, NULL),
                     STATUS_OK);
    assert_int_equal(retry(fixture, 0, 1, TEXT(""), &reason), STATUS_OK);
    assert_int_equal(vote_of(fixture, TEXT("u")), 900);
}
LETTERS_TEST(event_without_time_is_as_old_as_its_letter)

static void all_are_retried_page_by_page(struct fixture *fixture)
{
    const struct rating_dead_letter set[] = {
        letter_of(0, 1, TEXT(PUT("a", "1"))), letter_of(0, 2, TEXT("{")),
        letter_of(1, 1, TEXT(PUT("b", "2"))), letter_of(1, 9, TEXT(PUT("c", "3"))),
        letter_of(2, 4, TEXT("[]")),
    };
    static const int32_t sizes[] = {1, 2, 3, 5, 6, 0};
    struct rating_retried_page page;
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        struct text token = TEXT("");
        size_t applied = 0;
        size_t failed = 0;
        set_aside(fixture, set, ARRAY_LENGTH(set));
        do {
            assert_int_equal(rating_controller_retry_dead_letters(
                                 &fixture->controller, &fixture->call, sizes[i], token, &page),
                             STATUS_OK);
            applied += page.applied;
            failed += page.failed;
            token = page.next_page_token;
        } while (token.length > 0);
        assert_int_equal(applied, 3);
        assert_int_equal(failed, 2);
        assert_int_equal(vote_of(fixture, TEXT("c")), 300);
    }
    assert_int_equal(rating_controller_retry_dead_letters(&fixture->controller, &fixture->call, 0,
                                                          TEXT(""), &page),
                     STATUS_OK);
    assert_int_equal(page.applied, 0);
    assert_int_equal(page.failed, 2);
    assert_int_equal(rating_controller_retry_dead_letters(&fixture->controller, &fixture->call,
                                                          RATING_PAGE_SIZE_MAX + 1, TEXT(""),
                                                          &page),
                     STATUS_INVALID_ARGUMENT);
}
LETTERS_TEST(all_are_retried_page_by_page)

/* A page of the default size would be larger than its arena. */
static void large_letters_make_smaller_pages(struct fixture *fixture)
{
    enum { COUNT = 40, BYTES = 1024 * 1024 };
    static char payload[BYTES];
    struct rating_retried_page page = {.failed = 0};
    struct text token = TEXT("");
    size_t failed = 0;
    unsigned pages = 0;
    memset(payload, ' ', BYTES);
    for (int64_t i = 0; i < COUNT; i++) {
        const struct rating_dead_letter set = letter_of(0, i, text_of_bytes(payload, BYTES));
        set_aside(fixture, &set, 1);
    }
    do {
        assert_int_equal(rating_controller_retry_dead_letters(&fixture->controller, &fixture->call,
                                                              0, token, &page),
                         STATUS_OK);
        failed += page.failed;
        token = page.next_page_token;
        pages++;
    } while (token.length > 0);
    assert_int_equal(failed, COUNT);
    assert_true(pages > 1);
}
LETTERS_TEST(large_letters_make_smaller_pages)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letter_is_shown_whole_test),
        cmocka_unit_test(what_can_be_read_now_is_applied_test),
        cmocka_unit_test(what_fails_again_stays_with_its_reason_test),
        cmocka_unit_test(mended_event_takes_its_place_test),
        cmocka_unit_test(event_without_time_is_as_old_as_its_letter_test),
        cmocka_unit_test(all_are_retried_page_by_page_test),
        cmocka_unit_test(large_letters_make_smaller_pages_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
