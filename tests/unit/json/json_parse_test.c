#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "json/json.h"

enum { ARENA_BYTES = 1024 * 1024 };

struct fixture {
    struct arena arena;
    struct call call;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    arena_init(&fixture.arena, ARENA_BYTES);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_deinit(&fixture->arena);
    return 0;
}

static enum status try_parse(struct fixture *fixture, struct text text, size_t arena_bytes,
                             const struct json **ret_value)
{
    arena_deinit(&fixture->arena);
    arena_init(&fixture->arena, arena_bytes);
    call_init(&fixture->call, &fixture->arena, 0);
    return json_parse(&fixture->call, text, ret_value);
}

static const struct json *parse(struct fixture *fixture, struct text text)
{
    const struct json *value = NULL;
    if (try_parse(fixture, text, ARENA_BYTES, &value) != STATUS_OK) {
        fail_msg("%.*s: %.*s", TEXT_ARGUMENTS(text), TEXT_ARGUMENTS(fixture->call.error.message));
    }
    return value;
}

static void test_kinds(void **state)
{
    static const struct {
        struct text text;
        enum json_kind kind;
    } cases[] = {
        {TEXT_INIT("null"), JSON_NULL},
        {TEXT_INIT("true"), JSON_BOOLEAN},
        {TEXT_INIT(" false\n"), JSON_BOOLEAN},
        {TEXT_INIT("0"), JSON_INTEGER},
        {TEXT_INIT("-0"), JSON_INTEGER},
        {TEXT_INIT("9223372036854775807"), JSON_INTEGER},
        {TEXT_INIT("-9223372036854775808"), JSON_INTEGER},
        {TEXT_INIT("9223372036854775808"), JSON_REAL},
        {TEXT_INIT("1.0"), JSON_REAL},
        {TEXT_INIT("1e3"), JSON_REAL},
        {TEXT_INIT("\"\""), JSON_STRING},
        {TEXT_INIT("[ ]"), JSON_ARRAY},
        {TEXT_INIT("{ }"), JSON_OBJECT},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(json_kind(parse(*state, cases[i].text)), cases[i].kind);
    }
    assert_int_equal(json_kind(NULL), JSON_ABSENT);
    assert_string_equal(json_kind_name(JSON_OBJECT), "an object");
}

static void test_numbers(void **state)
{
    static const struct {
        struct text text;
        double number;
    } cases[] = {
        {TEXT_INIT("0"), 0},
        {TEXT_INIT("-12"), -12},
        {TEXT_INIT("8.5"), 8.5},
        {TEXT_INIT("1E+2"), 100},
        {TEXT_INIT("1e-2"), 0.01},
        {TEXT_INIT("0.1"), 0.1},
        {TEXT_INIT("18446744073709551615"), 18446744073709551615.0},
        {TEXT_INIT("1.7976931348623157e308"), 1.7976931348623157e308},
        {TEXT_INIT("4e-400"), 0},
        {TEXT_INIT("1000000000000000000000000000000000000000000000000000000000000000000000000"),
         1e72},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct json *value = parse(*state, cases[i].text);
        assert_true(json_number(value) == cases[i].number);
        assert_true(text_equal(json_number_text(value), cases[i].text));
    }
    assert_true(json_integer(parse(*state, TEXT("-9223372036854775808"))) == INT64_MIN);
    assert_true(json_boolean(parse(*state, TEXT("true"))));
}

static void test_strings(void **state)
{
    static const struct {
        struct text text;
        struct text string;
    } cases[] = {
        {TEXT_INIT("\"\""), TEXT_INIT("")},
        {TEXT_INIT("\"plain\""), TEXT_INIT("plain")},
        {TEXT_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), TEXT_INIT("\"\\/\b\f\n\r\t")},
        {TEXT_INIT("\"a\\u0041\\u00e9\\u20AC\""), TEXT_INIT("aA\xc3\xa9\xe2\x82\xac")},
        {TEXT_INIT("\"\\ud83c\\udfac!\""), TEXT_INIT("\xf0\x9f\x8e\xac!")},
        {TEXT_INIT("\"\xf0\x9f\x8e\xac\x7f\""), TEXT_INIT("\xf0\x9f\x8e\xac\x7f")},
        {TEXT_INIT("\"\\u0001\""), TEXT_INIT("\x01")},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text string = json_string(parse(*state, cases[i].text));
        if (!text_equal(string, cases[i].string)) {
            fail_msg("%.*s became %.*s", TEXT_ARGUMENTS(cases[i].text), TEXT_ARGUMENTS(string));
        }
    }
}

static void test_containers(void **state)
{
    const struct json *root =
        parse(*state, TEXT("{\"a\" : [1, [2, 3], {}, \"x\"] ,\"b\":{\"c\\n\":null},\"d\":7}"));
    assert_int_equal(json_length(root), 3);
    const struct json *a = json_member(root, "a");
    assert_int_equal(json_length(a), 4);
    assert_int_equal(json_integer(json_at(json_at(a, 1), 1)), 3);
    assert_int_equal(json_length(json_at(a, 2)), 0);
    assert_int_equal(json_kind(json_member(json_member(root, "b"), "c\n")), JSON_NULL);
    assert_int_equal(json_integer(json_member(root, "d")), 7);
    assert_null(json_member(root, "e"));
    assert_null(json_member(a, "a"));
    assert_null(json_member(NULL, "a"));

    static const char *const names[] = {"a", "b", "d"};
    size_t position = 0;
    size_t count = 0;
    struct text name;
    const struct json *value;
    while (json_next_member(root, &position, &name, &value)) {
        assert_true(text_equal(name, text_of(names[count++])));
        assert_ptr_equal(value, json_member(root, names[count - 1]));
    }
    assert_int_equal(count, 3);
}

static void test_text_may_go(void **state)
{
    char text[] = "{\"name\":\"value\"}";
    const struct json *root = parse(*state, text_of(text));
    memset(text, 'x', sizeof(text));
    assert_true(text_equal(json_string(json_member(root, "name")), TEXT("value")));
}

static void test_refused(void **state)
{
    static const struct {
        struct text text;
        const char *message; /* NULL: not looked at */
    } cases[] = {
        {TEXT_INIT(""), "malformed JSON at line 1, column 1: it ends too early"},
        {TEXT_INIT("  "), NULL},
        {TEXT_INIT("nul"), "malformed JSON at line 1, column 1: not a value"},
        {TEXT_INIT("True"), NULL},
        {TEXT_INIT("NaN"), NULL},
        {TEXT_INIT("Infinity"), NULL},
        {TEXT_INIT("'a'"), NULL},
        {TEXT_INIT("01"), NULL},
        {TEXT_INIT("-"), NULL},
        {TEXT_INIT("+1"), NULL},
        {TEXT_INIT(".5"), NULL},
        {TEXT_INIT("1."), NULL},
        {TEXT_INIT("1e"), NULL},
        {TEXT_INIT("1e+"), NULL},
        {TEXT_INIT("0x10"), NULL},
        {TEXT_INIT("1e400"), "malformed JSON at line 1, column 1: a number too large"},
        {TEXT_INIT("-1e400"), NULL},
        {TEXT_INIT("1 2"), "malformed JSON at line 1, column 3: text after the value"},
        {TEXT_INIT("{}{}"), NULL},
        {TEXT_INIT("1\0"), NULL},
        {TEXT_INIT("\0"), NULL},
        {TEXT_INIT("\"a"), "malformed JSON at line 1, column 3: a string without end"},
        {TEXT_INIT("\"a\\\""), NULL},
        {TEXT_INIT("\"a\\"), NULL},
        {TEXT_INIT("\"a\0b\""), NULL},
        {TEXT_INIT("\"a\nb\""),
         "malformed JSON at line 1, column 3: a control character in a string"},
        {TEXT_INIT("\"\\x41\""), NULL},
        {TEXT_INIT("\"\\u12\""), NULL},
        {TEXT_INIT("\"\\u00g0\""), NULL},
        {TEXT_INIT("\"\\u0000\""), "malformed JSON at line 1, column 4: \\u0000 in a string"},
        {TEXT_INIT("\"\\ud800\""), NULL},
        {TEXT_INIT("\"\\udc00\""), NULL},
        {TEXT_INIT("\"\\ud800\\u0041\""), NULL},
        {TEXT_INIT("\"\\ud800\\ud800\""), NULL},
        {TEXT_INIT("\"\\ud800x\""), NULL},
        {TEXT_INIT("\"\xff\""), "malformed JSON: not UTF-8"},
        {TEXT_INIT("\"\xed\xa0\x80\""), NULL},
        {TEXT_INIT("\xef\xbb\xbf{}"), NULL},
        {TEXT_INIT("["), NULL},
        {TEXT_INIT("[1"), NULL},
        {TEXT_INIT("[1,"), NULL},
        {TEXT_INIT("[1,]"), NULL},
        {TEXT_INIT("[,1]"), NULL},
        {TEXT_INIT("[1 2]"), "malformed JSON at line 1, column 4: ',' or an end is missing"},
        {TEXT_INIT("[1}"), NULL},
        {TEXT_INIT("]"), NULL},
        {TEXT_INIT("{"), NULL},
        {TEXT_INIT("{1:2}"), NULL},
        {TEXT_INIT("{\"a\"}"), NULL},
        {TEXT_INIT("{\"a\":}"), NULL},
        {TEXT_INIT("{\"a\":1,}"), NULL},
        {TEXT_INIT("{\"a\":1]"), NULL},
        {TEXT_INIT("{\"a\":1 \"b\":2}"), NULL},
        {TEXT_INIT("{\n \"a\": 1,\n \"a\": 2}"),
         "malformed JSON at line 3, column 9: an object with the same name twice"},
        {TEXT_INIT("{\"a\":1,\"\\u0061\":2}"), NULL},
        {TEXT_INIT("{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,"
                   "\"b\":1}"),
         NULL},
        {TEXT_INIT("// comment\n1"), NULL},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct json *value = NULL;
        enum status status = try_parse(fixture, cases[i].text, ARENA_BYTES, &value);
        struct text error = fixture->call.error.message;
        if (status != STATUS_INVALID_ARGUMENT ||
            (cases[i].message != NULL && !text_equal(error, text_of(cases[i].message)))) {
            fail_msg("%.*s: %s: %.*s", TEXT_ARGUMENTS(cases[i].text), status_name(status),
                     TEXT_ARGUMENTS(error));
        }
        assert_null(value);
    }
}

static void test_depth(void **state)
{
    char text[2 * (JSON_DEPTH_MAX + 1)];
    const struct json *value;
    for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        enum status status = try_parse(*state, text_of_bytes(text, 2 * depth), ARENA_BYTES, &value);
        assert_int_equal(status, depth <= JSON_DEPTH_MAX ? STATUS_OK : STATUS_INVALID_ARGUMENT);
    }
}

static void test_many_members(void **state)
{
    struct fixture *fixture = *state;
    struct buffer buffer;
    buffer_init(&buffer, ARENA_BYTES);
    assert_true(buffer_append_byte(&buffer, '{'));
    for (int i = 0; i < 1000; i++) {
        assert_true(buffer_format(&buffer, "\"k%d\":%d,", (i * 7919) % 1000, i));
    }
    buffer.data[buffer.length - 1] = '}';
    const struct json *value = parse(fixture, buffer_text(&buffer));
    assert_int_equal(json_length(value), 1000);
    assert_int_equal(json_integer(json_member(value, "k919")), 1);
    assert_null(json_member(value, "k1000"));
    buffer_deinit(&buffer);
}

static void test_little_memory(void **state)
{
    struct fixture *fixture = *state;
    struct text text = TEXT("{\"a\":[1,2,{\"b\":\"c\"}],\"d\":{},\"e\":[]}");
    const struct json *value;
    (void)parse(fixture, text);
    size_t needed = arena_used_bytes(&fixture->arena);
    for (size_t cap = 0; cap < needed; cap++) {
        assert_int_equal(try_parse(fixture, text, cap, &value), STATUS_RESOURCE_EXHAUSTED);
    }
    assert_int_equal(try_parse(fixture, text, needed, &value), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),         cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings),       cmocka_unit_test(test_containers),
        cmocka_unit_test(test_text_may_go),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth),         cmocka_unit_test(test_many_members),
        cmocka_unit_test(test_little_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
