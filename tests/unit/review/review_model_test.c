/* What may be said in a review, at every limit. */
#include "review/model/review.h"

#include <stdlib.h>

#include "base/arena.h"
#include "support/cmocka_test.h"

enum { ARENA_BYTES_MAX = 64 * 1024 };

/* "": it may be said; else why not. */
static void expect(struct text text, const char *want)
{
    struct arena arena;
    struct call call;
    const struct review review = {
        .key = {.record = {RECORD_TYPE_MOVIE, TEXT("m")}, .user = TEXT("u")}, .text = text};
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    enum status status = review_validate(&call, &review);
    assert_int_equal(status, want[0] == '\0' ? STATUS_OK : STATUS_INVALID_ARGUMENT);
    if (!text_equal(call.error.message, text_of(want))) {
        fail_msg("'%.*s': '%.*s', not '%s'", TEXT_ARGUMENTS(text_slice(text, 0, 40)),
                 TEXT_ARGUMENTS(call.error.message), want);
    }
    arena_deinit(&arena);
}

#define CONTROL "the review has a control character other than a line feed in it"
#define LONG "the review is longer than 10000 characters"

static void test_texts(void **state)
{
    static const struct {
        struct text text;
        const char *want;
    } cases[] = {
        {TEXT_INIT("a"), ""},
        {TEXT_INIT("two\nlines"), ""},
        {TEXT_INIT("<b>\"'&%s"), ""},
        {TEXT_INIT("\xe2\x80\xae overridden \xe2\x80\xac"), ""},
        {TEXT_INIT("\xc2\xa0\xc3\x80"), ""}, /* what is just behind C1, and a c3 80 */
        {TEXT_INIT("\xf0\x9f\x98\x80"), ""},
        {TEXT_INIT("\xe2\x80\x83"), ""}, /* a wide space: not ours to call blank */
        {TEXT_INIT(""), "the review has no words"},
        {TEXT_INIT(" \n \n"), "the review has no words"},
        {TEXT_INIT("a\tb"), CONTROL},
        {TEXT_INIT("a\rb"), CONTROL},
        {TEXT_INIT("a\0b"), CONTROL},
        {TEXT_INIT("\x1b[31m"), CONTROL},
        {TEXT_INIT("a\x1f"), CONTROL},
        {TEXT_INIT("a\x7f"), CONTROL},
        {TEXT_INIT("a\xc2\x80"), CONTROL},
        {TEXT_INIT("a\xc2\x9f"), CONTROL},
        {TEXT_INIT("a\xff"), "the review is not UTF-8"},
        {TEXT_INIT("a\xc2"), "the review is not UTF-8"},
        {TEXT_INIT("a\xed\xa0\x80"), "the review is not UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        expect(cases[i].text, cases[i].want);
    }
}

/* Of one and of four bytes: characters are counted. */
static void test_length(void **state)
{
    char *bytes = malloc(REVIEW_TEXT_BYTES_MAX + 4);
    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'x', REVIEW_TEXT_BYTES_MAX + 4);
    expect((struct text){bytes, REVIEW_TEXT_CHARACTERS_MAX}, "");
    expect((struct text){bytes, REVIEW_TEXT_CHARACTERS_MAX + 1}, LONG);
    expect((struct text){bytes, REVIEW_TEXT_BYTES_MAX + 1}, LONG);
    for (size_t i = 0; i < REVIEW_TEXT_BYTES_MAX + 4; i += 4) {
        memcpy(bytes + i, "\xf0\x9f\x98\x80", 4);
    }
    expect((struct text){bytes, REVIEW_TEXT_BYTES_MAX}, "");
    expect((struct text){bytes, REVIEW_TEXT_BYTES_MAX + 4}, LONG);
    free(bytes);
}

static void test_keys(void **state)
{
    static char bytes[RATING_USER_BYTES_MAX + 1];
    struct arena arena;
    struct call call;
    const struct {
        struct review_key key;
        enum status want;
    } cases[] = {
        {{{RECORD_TYPE_MOVIE, {bytes, RATING_RECORD_BYTES_MAX}}, {bytes, RATING_USER_BYTES_MAX}},
         STATUS_OK},
        {{{RECORD_TYPE_MOVIE, TEXT("m")}, {bytes, RATING_USER_BYTES_MAX + 1}},
         STATUS_INVALID_ARGUMENT},
        {{{RECORD_TYPE_MOVIE, {bytes, RATING_RECORD_BYTES_MAX + 1}}, TEXT("u")},
         STATUS_INVALID_ARGUMENT},
        {{{RECORD_TYPE_MOVIE, TEXT("m")}, TEXT("")}, STATUS_INVALID_ARGUMENT},
        {{{RECORD_TYPE_MOVIE, TEXT("")}, TEXT("u")}, STATUS_INVALID_ARGUMENT},
        {{{(enum record_type)9, TEXT("m")}, TEXT("u")}, STATUS_INVALID_ARGUMENT},
    };
    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        arena_init(&arena, ARENA_BYTES_MAX);
        call_init(&call, &arena, 0);
        assert_int_equal(review_key_validate(&call, &cases[i].key), cases[i].want);
        arena_deinit(&arena);
    }
}

static void test_copies(void **state)
{
    const struct review review = {
        .key = {.record = {RECORD_TYPE_ACTOR, TEXT("record")}, .user = TEXT("user")},
        .text = TEXT("some words"),
        .spoiler = true,
        .created_ms = 1,
        .edited_ms = 2};
    struct arena arena;
    struct review copy = {.created_ms = 7};
    (void)state;
    arena_init(&arena, 12); /* has room for one text, not for all */
    assert_int_equal(review_copy(&arena, &review, &copy), STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(copy.created_ms, 7);
    arena_deinit(&arena);
    arena_init(&arena, ARENA_BYTES_MAX);
    assert_int_equal(review_copy(&arena, &review, &copy), STATUS_OK);
    assert_ptr_not_equal(copy.text.data, review.text.data);
    assert_true(text_equal(copy.text, review.text) && text_equal(copy.key.user, review.key.user));
    assert_true(copy.spoiler && copy.edited_ms == 2 && copy.key.record.type == RECORD_TYPE_ACTOR);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
