/* Pages, their tokens and their sizes; the time of what is put. */
#include "review/controller/review_controller.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "review/repository/memory_review_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { ARENA_BYTES_MAX = 256 * 1024 * 1024, TIMEOUT_MS = 60000 };

struct fixture {
    struct arena arena;
    struct call call;
    struct review_controller controller;
    void (*body)(struct fixture *fixture);
};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    assert_int_equal(memory_review_repository_open(&fixture->call, &fixture->controller.repository),
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

static struct review put(struct fixture *fixture, const char *record, const char *user,
                         struct text text)
{
    const struct review review = {
        .key = {.record = {RECORD_TYPE_MOVIE, text_of(record)}, .user = text_of(user)},
        .text = text,
        .edited_ms = 6, /* is not believed */
    };
    struct review stored;
    bool is_changed;
    assert_int_equal(
        review_controller_put(&fixture->controller, &fixture->call, &review, &stored, &is_changed),
        STATUS_OK);
    return stored;
}

static void times_are_ours(struct fixture *fixture)
{
    int64_t before = clock_wall_ms();
    struct review stored = put(fixture, "m", "ann", TEXT("a"));
    assert_true(stored.created_ms >= before && stored.created_ms <= clock_wall_ms());
    assert_int_equal(stored.edited_ms, 0);
}
CONTROLLER_TEST(times_are_ours)

/* Of a time that is told: kept, unless a later one stands or it is yet to come. */
static void times_may_be_told(struct fixture *fixture)
{
    struct review_controller *self = &fixture->controller;
    struct call *call = &fixture->call;
    struct review review = {.key = {.record = {RECORD_TYPE_MOVIE, TEXT("m")}, .user = TEXT("ann")},
                            .text = TEXT("long ago"),
                            .created_ms = 1000};
    struct review stored;
    bool is_changed = false;
    assert_int_equal(review_controller_put(self, call, &review, &stored, &is_changed), STATUS_OK);
    assert_true(is_changed && stored.created_ms == 1000 && stored.edited_ms == 0);
    assert_int_equal(review_controller_put(self, call, &review, &stored, &is_changed), STATUS_OK);
    assert_false(is_changed);
    review.text = TEXT("longer ago");
    review.created_ms = 500;
    assert_int_equal(review_controller_put(self, call, &review, &stored, &is_changed), STATUS_OK);
    assert_true(!is_changed && text_equal(stored.text, TEXT("long ago")));
    static const int64_t hour_ms = INT64_C(3600) * 1000;
    const int64_t refused[] = {-1, clock_wall_ms() + hour_ms};
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        review.created_ms = refused[i];
        assert_int_equal(review_controller_put(self, call, &review, &stored, &is_changed),
                         STATUS_INVALID_ARGUMENT);
        assert_true(text_equal(call->error.message,
                               TEXT("a review's time is of 1970 or later, and not yet to come")));
        call_clear_error(call);
    }
}
CONTROLLER_TEST(times_may_be_told)

enum list_kind {
    OF_RECORD,
    OF_RECORD_BY_LIKES,
    OF_USER,
    LIST_COUNT,
};

/* All of a list in pages of `size`; how many pages, and how many entries. */
static size_t walk(struct fixture *fixture, enum list_kind list, int32_t size, size_t *ret_pages)
{
    struct text token = TEXT("");
    size_t total = 0;
    *ret_pages = 0;
    do {
        struct review_page page;
        const struct review_query query = {
            .record = {RECORD_TYPE_MOVIE, TEXT("m")},
            .order = list == OF_RECORD_BY_LIKES ? REVIEW_ORDER_MOST_LIKED : REVIEW_ORDER_NEWEST};
        enum status status = list == OF_USER
                                 ? review_controller_list_user(&fixture->controller, &fixture->call,
                                                               TEXT("ann"), size, token, &page)
                                 : review_controller_list(&fixture->controller, &fixture->call,
                                                          &query, size, token, &page);
        assert_int_equal(status, STATUS_OK);
        size_t bytes = 0;
        for (size_t i = 0; i < page.count; i++) {
            bytes += review_bytes(&page.reviews[i]);
        }
        assert_true(page.count == 1 || bytes <= REVIEW_REPLY_BYTES_MAX);
        total += page.count;
        ++*ret_pages;
        token = page.next_page_token;
    } while (token.length > 0);
    return total;
}

static void pages_go_by_tokens(struct fixture *fixture)
{
    enum { REVIEWS = 45 };
    char name[16];
    size_t pages;
    for (int i = 0; i < REVIEWS; i++) {
        (void)snprintf(name, sizeof(name), "n/%d", i); /* a token has slashes, too */
        (void)put(fixture, "m", name, TEXT("words"));
        (void)put(fixture, name, "ann", TEXT("words"));
    }
    for (enum list_kind list = OF_RECORD; list < LIST_COUNT; list++) {
        assert_int_equal(walk(fixture, list, 0, &pages), REVIEWS);
        assert_int_equal(pages, 3); /* of REVIEW_PAGE_SIZE_DEFAULT */
        assert_int_equal(walk(fixture, list, 1, &pages), REVIEWS);
        assert_int_equal(pages, REVIEWS);
        assert_int_equal(walk(fixture, list, REVIEWS, &pages), REVIEWS);
        assert_int_equal(pages, 1); /* that there is no other is known */
        assert_int_equal(walk(fixture, list, 40, &pages), REVIEWS); /* more than at once */
        assert_int_equal(pages, 2);
    }
}
CONTROLLER_TEST(pages_go_by_tokens)

/* 52 of the largest fill a reply; the rest comes with the next. */
static void large_pages_end_early(struct fixture *fixture)
{
    enum { REVIEWS = REVIEW_PAGE_SIZE_MAX };
    char name[16];
    size_t pages;
    char *bytes = malloc(REVIEW_TEXT_BYTES_MAX);
    assert_non_null(bytes);
    for (size_t i = 0; i < REVIEW_TEXT_BYTES_MAX; i += 4) {
        memcpy(bytes + i, "\xf0\x9f\x98\x80", 4);
    }
    for (int i = 0; i < REVIEWS; i++) {
        (void)snprintf(name, sizeof(name), "%d", i);
        (void)put(fixture, "m", name, (struct text){bytes, REVIEW_TEXT_BYTES_MAX});
    }
    assert_int_equal(walk(fixture, OF_RECORD, REVIEW_PAGE_SIZE_MAX, &pages), REVIEWS);
    assert_int_equal(pages, 2);
    free(bytes);
}
CONTROLLER_TEST(large_pages_end_early)

static void bad_pages_are_refused(struct fixture *fixture)
{
    static const char *const record_tokens[] = {"x", "5", "5/", "x/ann", "99999999999999999999/a"};
    static const char *const user_tokens[] = {"x",        "5",        "5/movie",
                                              "5/movie/", "5/book/m", "x/movie/m"};
    static const char *const likes_tokens[] = {"5/ann",          "likes/5/ann", "likes/x/5/ann",
                                               "likes/-1/5/ann", "likes/1/5/",  "like/1/5/ann"};
    const struct review_query query = {.record = {RECORD_TYPE_MOVIE, TEXT("m")}};
    const struct review_query by_likes = {.record = query.record, .order = REVIEW_ORDER_MOST_LIKED};
    struct review_page page;
    struct like_page likes;
    struct review_controller *self = &fixture->controller;
    struct call *call = &fixture->call;
    for (size_t i = 0; i < ARRAY_LENGTH(record_tokens); i++) {
        call_clear_error(call);
        assert_int_equal(
            review_controller_list(self, call, &query, 0, text_of(record_tokens[i]), &page),
            STATUS_INVALID_ARGUMENT);
        assert_true(text_equal(call->error.message, TEXT("the page token is not one of ours")));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(likes_tokens); i++) {
        call_clear_error(call);
        assert_int_equal(
            review_controller_list(self, call, &by_likes, 0, text_of(likes_tokens[i]), &page),
            STATUS_INVALID_ARGUMENT);
        assert_true(text_equal(call->error.message, TEXT("the page token is not one of ours")));
    }
    assert_int_equal(review_controller_list(self, call, &query, 0, TEXT("likes/1/5/ann"), &page),
                     STATUS_INVALID_ARGUMENT);
    for (size_t i = 0; i < ARRAY_LENGTH(user_tokens); i++) {
        struct text token = text_of(user_tokens[i]);
        call_clear_error(call);
        assert_int_equal(review_controller_list_user(self, call, TEXT("u"), 0, token, &page),
                         STATUS_INVALID_ARGUMENT);
        assert_int_equal(review_controller_list_likes(self, call, TEXT("u"), 0, token, &likes),
                         STATUS_INVALID_ARGUMENT);
        assert_true(text_equal(call->error.message, TEXT("the page token is not one of ours")));
    }
    static const int32_t sizes[] = {-1, REVIEW_PAGE_SIZE_MAX + 1};
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        struct text none = TEXT("");
        assert_int_equal(review_controller_list(self, call, &query, sizes[i], none, &page),
                         STATUS_INVALID_ARGUMENT);
        assert_int_equal(
            review_controller_list_likes(self, call, TEXT("u"), sizes[i], none, &likes),
            STATUS_INVALID_ARGUMENT);
    }
}
CONTROLLER_TEST(bad_pages_are_refused)

static void likes_go_by_tokens(struct fixture *fixture)
{
    char name[16];
    uint64_t count;
    struct like_page page = {.count = 0};
    struct text token = TEXT("");
    size_t total = 0;
    for (int i = 0; i < 7; i++) {
        (void)snprintf(name, sizeof(name), "m%d", i);
        const struct review_key key = {{RECORD_TYPE_MOVIE, text_of(name)}, TEXT("ann")};
        assert_int_equal(
            review_controller_put_like(&fixture->controller, &fixture->call, &key, &count),
            STATUS_OK);
    }
    do {
        assert_int_equal(review_controller_list_likes(&fixture->controller, &fixture->call,
                                                      TEXT("ann"), 3, token, &page),
                         STATUS_OK);
        total += page.count;
        token = page.next_page_token;
    } while (token.length > 0);
    assert_int_equal(total, 7);
    assert_int_equal(page.count, 1);
}
CONTROLLER_TEST(likes_go_by_tokens)

static void who_may_like_which_review(struct fixture *fixture)
{
    static const struct {
        const char *author;
        const char *user;
        enum status want;
        const char *words;
    } rows[] = {
        {"ann", "bob", STATUS_OK, ""},
        {"ann", "ann", STATUS_INVALID_ARGUMENT, "nobody likes a review of their own"},
        {"", "bob", STATUS_INVALID_ARGUMENT, "author id is empty"},
        {"ann", "", STATUS_INVALID_ARGUMENT, "user id is empty"},
        {"eve", "bob", STATUS_NOT_FOUND, "user 'eve' has not reviewed movie 'm'"},
    };
    (void)put(fixture, "m", "ann", TEXT("words"));
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct review_like like = {
            .review = {{RECORD_TYPE_MOVIE, TEXT("m")}, text_of(rows[i].author)},
            .user = text_of(rows[i].user)};
        uint64_t count = 0;
        call_clear_error(&fixture->call);
        assert_int_equal(
            review_controller_like_review(&fixture->controller, &fixture->call, &like, &count),
            rows[i].want);
        assert_true(text_equal(fixture->call.error.message, text_of(rows[i].words)));
        assert_int_equal(count, rows[i].want == STATUS_OK);
        call_clear_error(&fixture->call);
        bool is_allowed = rows[i].want != STATUS_INVALID_ARGUMENT;
        assert_int_equal(
            review_controller_unlike_review(&fixture->controller, &fixture->call, &like, &count),
            is_allowed ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        assert_int_equal(count, 0);
    }
}
CONTROLLER_TEST(who_may_like_which_review)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_ours_test),
        cmocka_unit_test(pages_go_by_tokens_test),
        cmocka_unit_test(large_pages_end_early_test),
        cmocka_unit_test(bad_pages_are_refused_test),
        cmocka_unit_test(likes_go_by_tokens_test),
        cmocka_unit_test(times_may_be_told_test),
        cmocka_unit_test(who_may_like_which_review_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
