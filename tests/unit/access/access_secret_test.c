#include "access/access_secret.h"

#include "support/cmocka_test.h"

static void test_equal(void **state)
{
    static const struct {
        struct text given;
        struct text secret;
        bool want;
    } cases[] = {
        {TEXT_INIT("0123456789abcdef"), TEXT_INIT("0123456789abcdef"), true},
        {TEXT_INIT("1123456789abcdef"), TEXT_INIT("0123456789abcdef"), false},
        {TEXT_INIT("0123456789abcdeF"), TEXT_INIT("0123456789abcdef"), false},
        {TEXT_INIT("0123456789abcde"), TEXT_INIT("0123456789abcdef"), false},
        {TEXT_INIT("0123456789abcdef0"), TEXT_INIT("0123456789abcdef"), false},
        {TEXT_INIT("0123456789abcdef\0"), TEXT_INIT("0123456789abcdef"), false},
        {TEXT_INIT("0123456789abcde\0"), TEXT_INIT("0123456789abcde"), false},
        {TEXT_INIT("0123456789abcde"), TEXT_INIT("0123456789abcde\0"), false},
        {TEXT_INIT("\x80\xff"), TEXT_INIT("\x80\xff"), true},
        {TEXT_INIT("\x80\xff"), TEXT_INIT("\x80\x7f"), false},
        {TEXT_INIT("a"), {NULL, 0}, false},
        {{NULL, 0}, TEXT_INIT("a"), false},
        {{NULL, 0}, {NULL, 0}, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        if (access_secret_equal(cases[i].given, cases[i].secret) != cases[i].want) {
            fail_msg("case %zu", i);
        }
    }
}

/* Every bit counts, wherever it stands. */
static void test_every_bit(void **state)
{
    char given[32];
    char secret[32];
    (void)state;
    for (size_t bit = 0; bit < 8 * sizeof(secret); bit++) {
        memset(secret, 'k', sizeof(secret));
        memcpy(given, secret, sizeof(given));
        given[bit / 8] = (char)(given[bit / 8] ^ (1 << bit % 8));
        assert_false(access_secret_equal(text_of_bytes(given, sizeof(given)),
                                         text_of_bytes(secret, sizeof(secret))));
    }
}

static void test_bearer(void **state)
{
    static const struct {
        struct text header;
        const char *want;
    } cases[] = {
        {TEXT_INIT("Bearer abc"), "abc"},
        {TEXT_INIT("bEARER  abc "), "abc"},
        {TEXT_INIT("Bearer "), ""},
        {TEXT_INIT("Bearer"), ""},
        {TEXT_INIT("Basic abc"), ""},
        {TEXT_INIT("abc"), ""},
        {{NULL, 0}, ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        if (!text_equal(access_bearer(cases[i].header), text_of(cases[i].want))) {
            fail_msg("case %zu", i);
        }
    }
}

/* $ printf abc | sha256sum */
static void test_fingerprint(void **state)
{
    char name[ACCESS_FINGERPRINT_BYTES];
    (void)state;
    access_fingerprint(TEXT("abc"), name);
    assert_string_equal(name, "sha256:ba7816bf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_bearer),
        cmocka_unit_test(test_fingerprint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
