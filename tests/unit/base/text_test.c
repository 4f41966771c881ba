#include "base/text.h"

#include "support/cmocka_test.h"

static void utf8_is_told_from_other_bytes(void **state)
{
    (void)state;
    static const struct {
        struct text given;
        bool utf8;
        bool clean;
    } cases[] = {
        {TEXT_INIT(""), true, true},
        {TEXT_INIT("plain"), true, true},
        {TEXT_INIT("a\0b"), true, false},
        {TEXT_INIT("eight by\0es"), true, false},
        {TEXT_INIT("\xc3\xa9t\xc3\xa9"), true, true},
        {TEXT_INIT("\xe2\x82\xac"), true, true},
        {TEXT_INIT("\xf0\x9f\x8e\xac"), true, true},
        {TEXT_INIT("\xf4\x8f\xbf\xbf"), true, true},         /* U+10FFFF */
        {TEXT_INIT("\xf4\x90\x80\x80"), false, false},       /* past it */
        {TEXT_INIT("\xed\x9f\xbf\xee\x80\x80"), true, true}, /* around the surrogates */
        {TEXT_INIT("\xed\xa0\x80"), false, false},           /* a surrogate */
        {TEXT_INIT("\xc0\xaf"), false, false},               /* overlong forms */
        {TEXT_INIT("\xc1\xbf"), false, false},
        {TEXT_INIT("\xe0\x9f\xbf"), false, false},
        {TEXT_INIT("\xf0\x8f\xbf\xbf"), false, false},
        {TEXT_INIT("\x80"), false, false},
        {TEXT_INIT("\xc3"), false, false},
        {TEXT_INIT("\xe2\x82"), false, false},
        {TEXT_INIT("\xe2\x82z"), false, false},
        {TEXT_INIT("\xf0\x9f\x8e"), false, false},
        {TEXT_INIT("\xff\xfe"), false, false},
        {TEXT_INIT("seven77\xc3\xa9"), true, true},
        {TEXT_INIT("sevenbytes and then \xc3"), false, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(text_is_utf8(cases[i].given), cases[i].utf8);
        assert_int_equal(text_is_clean(cases[i].given), cases[i].clean);
    }
    assert_true(text_is_clean((struct text){NULL, 0}));
}

/* Wherever it stands, one byte that is not plain is seen. */
static void clean_text_is_told_at_every_length(void **state)
{
    (void)state;
    char bytes[40];
    for (size_t length = 0; length <= sizeof(bytes); length++) {
        memset(bytes, 'x', sizeof(bytes));
        assert_true(text_is_clean((struct text){bytes, length}));
        for (size_t at = 0; at < sizeof(bytes); at++) {
            static const char others[] = {'\0', '\x01', '\x7f', '\x80', '\xff'};
            for (size_t i = 0; i < sizeof(others); i++) {
                bytes[at] = others[i];
                bool is_clean = at >= length || others[i] == '\x01' || others[i] == '\x7f';
                assert_int_equal(text_is_clean((struct text){bytes, length}), is_clean);
            }
            bytes[at] = 'x';
        }
    }
}

static void unsigned_numbers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        bool ok;
        uint64_t want;
    } cases[] = {
        {"0", true, 0},
        {"007", true, 7},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 42},
        {"99999999999999999999", false, 42},
        {"", false, 42},
        {"-1", false, 42},
        {"+1", false, 42},
        {" 1", false, 42},
        {"1 ", false, 42},
        {"0x1", false, 42},
        {"1.0", false, 42},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        uint64_t got = 42;
        assert_int_equal(text_to_u64(text_of(cases[i].given), &got), cases[i].ok);
        assert_true(got == cases[i].want);
    }
}

static void signed_numbers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        bool ok;
        int64_t want;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"-12", true, -12},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 42},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 42},
        {"-", false, 42},
        {"--1", false, 42},
        {"", false, 42},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t got = 42;
        assert_int_equal(text_to_i64(text_of(cases[i].given), &got), cases[i].ok);
        assert_true(got == cases[i].want);
    }
}

static void decimals_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        bool ok;
        double want;
    } cases[] = {
        {"8", true, 8},         {"8.5", true, 8.5},   {"-1e3", true, -1000}, {".5", true, 0.5},
        {"1e308", true, 1e308}, {"1e309", false, 42}, {"", false, 42},       {".", false, 42},
        {"e5", false, 42},      {"1e", false, 42},    {"inf", false, 42},    {"nan", false, 42},
        {"0x10", false, 42},    {" 1", false, 42},    {"1 ", false, 42},     {"1,5", false, 42},
        {"1-2", false, 42},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        double got = 42;
        if (text_to_double(text_of(cases[i].given), &got) != cases[i].ok || got != cases[i].want) {
            fail_msg("%s: got %g", cases[i].given, got);
        }
    }
    char digits[80];
    double got = 42;
    memset(digits, '1', sizeof(digits));
    assert_true(text_to_double(text_of_bytes(digits, 63), &got));
    assert_false(text_to_double(text_of_bytes(digits, 64), &got));
    assert_false(text_to_double(text_of_bytes("1\0", 2), &got));
}

static void texts_compare(void **state)
{
    (void)state;
    static const struct {
        struct text a;
        struct text b;
        int want;
    } cases[] = {
        {TEXT_INIT(""), TEXT_INIT(""), 0},      {TEXT_INIT("a"), TEXT_INIT("a"), 0},
        {TEXT_INIT("a"), TEXT_INIT("b"), -1},   {TEXT_INIT("a"), TEXT_INIT("ab"), -1},
        {TEXT_INIT(""), TEXT_INIT("a"), -1},    {TEXT_INIT("\xff"), TEXT_INIT("a"), 1},
        {TEXT_INIT("a\0b"), TEXT_INIT("a"), 1},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int order = text_compare(cases[i].a, cases[i].b);
        int reverse = text_compare(cases[i].b, cases[i].a);
        assert_int_equal((order > 0) - (order < 0), cases[i].want);
        assert_int_equal((reverse > 0) - (reverse < 0), -cases[i].want);
        assert_int_equal(text_equal(cases[i].a, cases[i].b), cases[i].want == 0);
    }
    assert_true(text_equal((struct text){NULL, 0}, TEXT("")));
    assert_true(text_equal_ignoring_case(TEXT("Content-Type"), TEXT("content-tYPE")));
    assert_false(text_equal_ignoring_case(TEXT("a"), TEXT("ab")));
    assert_false(text_equal_ignoring_case(TEXT("["), TEXT("{")));
    assert_false(text_equal_ignoring_case(TEXT("\xc3\x89"), TEXT("\xc3\xa9")));
}

static void parts_are_found(void **state)
{
    (void)state;
    struct text text = TEXT("movie/tt1");
    assert_true(text_starts_with(text, TEXT("movie")));
    assert_true(text_starts_with(text, TEXT("")));
    assert_false(text_starts_with(text, TEXT("movies")));
    assert_false(text_starts_with(TEXT("mo"), TEXT("movie")));
    assert_true(text_ends_with(text, TEXT("/tt1")));
    assert_true(text_ends_with(text, TEXT("")));
    assert_false(text_ends_with(TEXT("1"), TEXT("t1")));
    assert_int_equal(text_find(text, 0, '/'), 5);
    assert_int_equal(text_find(text, 6, '/'), text.length);
    assert_int_equal(text_find(text, 100, '/'), text.length);
    assert_int_equal(text_find((struct text){NULL, 0}, 0, '/'), 0);
    assert_true(text_equal(text_slice(text, 6, 100), TEXT("tt1")));
    assert_true(text_equal(text_slice(text, 7, 6), TEXT("")));
    assert_true(text_equal(text_slice(text, SIZE_MAX, SIZE_MAX), TEXT("")));
    assert_true(text_equal(text_trim(TEXT(" \t a b\t ")), TEXT("a b")));
    assert_true(text_equal(text_trim(TEXT(" \t ")), TEXT("")));
}

static void a_walk_sees_every_part(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        const char *want; /* each part in brackets */
    } cases[] = {
        {"a,b", "[a][b]"}, {"a", "[a]"}, {"", "[]"}, {",", "[][]"}, {"a,,b,", "[a][][b][]"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char got[64] = "";
        size_t length = 0;
        struct text rest = text_of(cases[i].given);
        while (rest.data != NULL) {
            struct text part = text_next(&rest, ',');
            got[length++] = '[';
            memcpy(got + length, part.data, part.length);
            length += part.length;
            got[length++] = ']';
        }
        got[length] = '\0';
        assert_string_equal(got, cases[i].want);
    }
}

static void c_strings_fit_or_fail(void **state)
{
    (void)state;
    char buffer[4] = "xyz";
    assert_false(text_to_c_string(TEXT("abcd"), buffer, sizeof(buffer)));
    assert_false(text_to_c_string(TEXT("a\0b"), buffer, sizeof(buffer)));
    assert_false(text_to_c_string(TEXT(""), buffer, 0));
    assert_string_equal(buffer, "xyz");
    assert_true(text_to_c_string(TEXT("abc"), buffer, sizeof(buffer)));
    assert_string_equal(buffer, "abc");
    assert_true(text_to_c_string((struct text){NULL, 0}, buffer, sizeof(buffer)));
    assert_string_equal(buffer, "");
}

/* The vectors of draft-eastlake-fnv, FNV-1a with 64 bits. */
static void the_hash_is_fnv_1a(void **state)
{
    (void)state;
    assert_true(text_hash(TEXT("")) == UINT64_C(0xcbf29ce484222325));
    assert_true(text_hash(TEXT("a")) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(text_hash(TEXT("foobar")) == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_told_from_other_bytes),
        cmocka_unit_test(clean_text_is_told_at_every_length),
        cmocka_unit_test(unsigned_numbers_are_read),
        cmocka_unit_test(signed_numbers_are_read),
        cmocka_unit_test(decimals_are_read),
        cmocka_unit_test(texts_compare),
        cmocka_unit_test(parts_are_found),
        cmocka_unit_test(a_walk_sees_every_part),
        cmocka_unit_test(c_strings_fit_or_fail),
        cmocka_unit_test(the_hash_is_fnv_1a),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
