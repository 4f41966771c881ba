#include "rating/controller/rating_page_token.h"

#include "base/arena.h"
#include "support/cmocka_test.h"

enum { ARENA_BYTES = 1024 * 1024 };

static void assert_text(struct text got, struct text want)
{
    if (!text_equal(got, want)) {
        fail_msg("'%.*s', not '%.*s'", TEXT_ARGUMENTS(got), TEXT_ARGUMENTS(want));
    }
}

static void vote_tokens_round_trip(void **state)
{
    char longest[RATING_RECORD_BYTES_MAX];
    memset(longest, '/', sizeof(longest));
    const struct vote_key keys[] = {
        {.record = {RECORD_TYPE_MOVIE, TEXT("tt1")}},
        {.record = {RECORD_TYPE_ACTOR, TEXT("a/b/12/c")}, .provider = TEXT("x/y")},
        {.record = {RECORD_TYPE_SOUNDTRACK, TEXT("fr\u00fch \u2602")}, .provider = TEXT("\u00e9")},
        {.record = {RECORD_TYPE_MOVIE, TEXT("7")}, .provider = TEXT("7")},
        {.record = {RECORD_TYPE_MOVIE, text_of_bytes(longest, sizeof(longest))},
         .provider = TEXT("p")},
    };
    struct arena arena;
    struct call call;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        struct text token;
        struct vote_key got = {.user = TEXT("user")};
        assert_int_equal(rating_vote_token_write(&call, &keys[i], &token), STATUS_OK);
        assert_true(text_is_clean(token));
        assert_int_equal(rating_vote_token_read(&call, token, &got), STATUS_OK);
        assert_int_equal(got.record.type, keys[i].record.type);
        assert_text(got.record.id, keys[i].record.id);
        assert_text(got.provider, keys[i].provider);
        assert_text(got.user, TEXT("user"));
    }
    arena_deinit(&arena);
}

static void dead_letter_tokens_round_trip(void **state)
{
    static const struct rating_dead_letter letters[] = {
        {.topic = TEXT_INIT("ratings")},
        {.topic = TEXT_INIT("a/b"), .partition = INT32_MAX, .offset = INT64_MAX},
    };
    struct arena arena;
    struct call call;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(letters); i++) {
        struct text token;
        struct rating_dead_letter_key got;
        assert_int_equal(rating_dead_letter_token_write(&call, &letters[i], &token), STATUS_OK);
        assert_int_equal(rating_dead_letter_token_read(&call, token, &got), STATUS_OK);
        assert_text(got.topic, letters[i].topic);
        assert_int_equal(got.partition, letters[i].partition);
        assert_int_equal(got.offset, letters[i].offset);
    }
    arena_deinit(&arena);
}

static void assert_no_token(struct call *call, enum status status)
{
    assert_int_equal(status, STATUS_INVALID_ARGUMENT);
    assert_text(call->error.message, TEXT("the page token is not one of ours"));
    call_clear_error(call);
}

/* What stores would have to take as a key: nothing of it gets there. */
static void garbage_is_refused(void **state)
{
    static const char *const votes[] = {
        "x",
        "movie",
        "movie/",
        "movie/3",
        "movie/3/",
        "movie/4/60",
        "movie/-1/a",
        "movie/1x/a",
        "film/1/a",
        "/1/a",
        "movie/0/",
        "movie/0/abc",
        "movie/1/\xc3\xa9",
        "movie/99999999999999999999/a",
    };
    static const char *const letters[] = {
        "x",      "0",
        "0/1",    "0/1/",
        "-1/1/t", "2147483648/1/t",
        "0/-1/t", "//t",
        "a/1/t",  "0/9223372036854775808/t",
    };
    char bytes[RATING_TOPIC_BYTES_MAX + 1];
    struct arena arena;
    struct call call;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    memset(bytes, 'x', sizeof(bytes));
    struct text overlong[] = {
        arena_format(&arena, "movie/129/%.*s", RATING_RECORD_BYTES_MAX + 1, bytes),
        arena_format(&arena, "movie/1/a%.*s", RATING_PROVIDER_BYTES_MAX + 1, bytes),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(votes) + ARRAY_LENGTH(overlong); i++) {
        struct vote_key got = {.user = TEXT("user")};
        struct text token =
            i < ARRAY_LENGTH(votes) ? text_of(votes[i]) : overlong[i - ARRAY_LENGTH(votes)];
        assert_no_token(&call, rating_vote_token_read(&call, token, &got));
    }
    struct rating_dead_letter_key key;
    for (size_t i = 0; i < ARRAY_LENGTH(letters); i++) {
        assert_no_token(&call, rating_dead_letter_token_read(&call, text_of(letters[i]), &key));
    }
    struct text topic = arena_format(&arena, "0/1/%.*s", RATING_TOPIC_BYTES_MAX + 1, bytes);
    assert_no_token(&call, rating_dead_letter_token_read(&call, topic, &key));
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vote_tokens_round_trip),
        cmocka_unit_test(dead_letter_tokens_round_trip),
        cmocka_unit_test(garbage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
