#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "json/base64.h"

enum { BYTES_MAX = 4096 };

/* RFC 4648 section 10, and every digit. */
static const struct {
    struct text bytes;
    struct text text;
} pairs[] = {
    {TEXT_INIT(""), TEXT_INIT("")},
    {TEXT_INIT("f"), TEXT_INIT("Zg==")},
    {TEXT_INIT("fo"), TEXT_INIT("Zm8=")},
    {TEXT_INIT("foo"), TEXT_INIT("Zm9v")},
    {TEXT_INIT("foob"), TEXT_INIT("Zm9vYg==")},
    {TEXT_INIT("fooba"), TEXT_INIT("Zm9vYmE=")},
    {TEXT_INIT("foobar"), TEXT_INIT("Zm9vYmFy")},
    {TEXT_INIT("\xfb\xff\xfe\0"), TEXT_INIT("+//+AA==")},
    {TEXT_INIT(
         "\x00\x10\x83\x10\x51\x87\x20\x92\x8b\x30\xd3\x8f\x41\x14\x93\x51\x55\x97\x61\x96\x9b"
         "\x71\xd7\x9f\x82\x18\xa3\x92\x59\xa7\xa2\x9a\xab\xb2\xdb\xaf\xc3\x1c\xb3\xd3\x5d\xb7"
         "\xe3\x9e\xbb\xf3\xdf\xbf"),
     TEXT_INIT("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")},
};

static void test_encode(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
        buffer_clear(&buffer);
        assert_true(base64_encode(pairs[i].bytes, &buffer));
        assert_true(text_equal(buffer_text(&buffer), pairs[i].text));
    }
    buffer_deinit(&buffer);
    buffer_init(&buffer, 3);
    assert_false(base64_encode(TEXT("f"), &buffer));
    buffer_deinit(&buffer);
}

static void test_decode(void **state)
{
    (void)state;
    struct arena arena;
    bool valid;
    arena_init(&arena, BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
        struct text bytes = base64_decode(&arena, pairs[i].text, &valid);
        assert_true(valid && text_equal(bytes, pairs[i].bytes));
    }
    assert_true(text_equal(base64_decode(&arena, TEXT("-__-AA"), &valid), TEXT("\xfb\xff\xfe\0")));
    assert_true(valid);
    arena_deinit(&arena);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct text cases[] = {
        TEXT_INIT("Z"),
        TEXT_INIT("Zg=="
                  "Zg=="),
        TEXT_INIT("Zg="),
        TEXT_INIT("Zg==="),
        TEXT_INIT("===="),
        TEXT_INIT("="),
        TEXT_INIT("Zm9v\n"),
        TEXT_INIT("Zm 9v"),
        TEXT_INIT("Zm9vY"),
        TEXT_INIT("Zm9*"),
        TEXT_INIT("Z\0=="),
        TEXT_INIT("\xff\xff\xff\xff"),
    };
    struct arena arena;
    arena_init(&arena, BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        bool valid = true;
        (void)base64_decode(&arena, cases[i], &valid);
        if (valid) {
            fail_msg("%.*s is taken", TEXT_ARGUMENTS(cases[i]));
        }
    }
    arena_deinit(&arena);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct arena arena;
    bool valid;
    arena_init(&arena, 3);
    assert_null(base64_decode(&arena, TEXT("Zm9v"), &valid).data);
    assert_true(valid);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
