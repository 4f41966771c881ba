/* Query strings, percent encoding and addresses. */
#include "base/arena.h"
#include "http/http_message.h"
#include "support/cmocka_test.h"

static struct arena arena;
static struct call call;

static void begin(void)
{
    arena_init(&arena, 1024 * 1024);
    call_init(&call, &arena, 0);
}

static const struct {
    const char *name;
    const char *query;
    const char *parameter;
    enum status want;
    const char *want_value; /* or, of a failure, the words: NULL for any */
} query_cases[] = {
    {"only one", "id=1", "id", STATUS_OK, "1"},
    {"among others", "a=1&id=2&b=3", "id", STATUS_OK, "2"},
    {"empty value", "id=", "id", STATUS_OK, ""},
    {"no equals sign", "id", "id", STATUS_OK, ""},
    {"equals sign in the value", "id=a=b", "id", STATUS_OK, "a=b"},
    {"percent", "id=%41%c3%a9", "id", STATUS_OK, "A\xc3\xa9"},
    {"plus", "id=a+b%2B", "id", STATUS_OK, "a b+"},
    {"encoded name", "%69d=1", "id", STATUS_OK, "1"},
    {"empty query", "", "id", STATUS_NOT_FOUND, NULL},
    {"absent", "ids=1&di=2", "id", STATUS_NOT_FOUND, NULL},
    {"name in another case", "ID=1", "id", STATUS_NOT_FOUND, NULL},
    {"twice", "id=1&id=1", "id", STATUS_INVALID_ARGUMENT, NULL},
    {"cut percent", "id=%4", "id", STATUS_INVALID_ARGUMENT, NULL},
    {"bad percent", "id=%4x", "id", STATUS_INVALID_ARGUMENT, NULL},
    {"NUL", "id=a%00", "id", STATUS_INVALID_ARGUMENT, "the address holds text with a NUL in it"},
    {"not UTF-8", "id=%ff", "id", STATUS_INVALID_ARGUMENT,
     "the address holds text that is not UTF-8"},
    {"not UTF-8 and NUL", "id=%00%ff", "id", STATUS_INVALID_ARGUMENT,
     "the address holds text that is not UTF-8"},
    {"overlong UTF-8", "id=%c0%80", "id", STATUS_INVALID_ARGUMENT, NULL},
    {"another one is malformed", "x=%&id=1", "id", STATUS_OK, "1"},
};

static void test_query(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(query_cases); i++) {
        struct text value = TEXT("untouched");
        begin();
        enum status status = http_query_parameter(&call, text_of(query_cases[i].query),
                                                  text_of(query_cases[i].parameter), &value);
        struct text want =
            status == STATUS_OK ? text_of(query_cases[i].want_value) : TEXT("untouched");
        if (status != query_cases[i].want || !text_equal(value, want)) {
            fail_msg("%s: %s '%.*s'", query_cases[i].name, status_name(status),
                     TEXT_ARGUMENTS(value));
        }
        assert_int_equal(call.error.message.length > 0, status == STATUS_INVALID_ARGUMENT);
        if (status != STATUS_OK && query_cases[i].want_value != NULL) {
            assert_string_equal(call.error.message.data, query_cases[i].want_value);
        }
        arena_deinit(&arena);
    }
}

static void test_percent(void **state)
{
    (void)state;
    struct text decoded;
    begin();
    assert_int_equal(http_percent_decode(&call, TEXT("a%20b+c%2f"), &decoded), STATUS_OK);
    assert_true(text_equal(decoded, TEXT("a b+c/")));
    assert_int_equal(http_percent_decode(&call, TEXT("%zz"), &decoded), STATUS_INVALID_ARGUMENT);
    assert_true(text_equal(http_percent_encode(&arena, TEXT("aZ09-._~ /?%\xc3\xa9")),
                           TEXT("aZ09-._~%20%2F%3F%25%C3%A9")));
    arena_deinit(&arena);
    arena_init(&arena, 8);
    assert_null(http_percent_encode(&arena, TEXT("   ")).data);
    arena_deinit(&arena);
}

static const struct {
    const char *address;
    const char *want_host; /* NULL: refused */
    unsigned want_port;
} address_cases[] = {
    {"127.0.0.1:8081", "127.0.0.1", 8081},
    {"localhost:0", "localhost", 0},
    {"[::1]:65535", "::1", 65535},
    {"a.b.c:1", "a.b.c", 1},
    {"127.0.0.1", NULL, 0},
    {"127.0.0.1:", NULL, 0},
    {":80", NULL, 0},
    {"", NULL, 0},
    {"a:65536", NULL, 0},
    {"a:-1", NULL, 0},
    {"a:8x", NULL, 0},
    {"[::1]", NULL, 0},
    {"[::1]80", NULL, 0},
    {"[::1:80", NULL, 0},
    {"::1:80", NULL, 0},
    {"[]:80", NULL, 0},
};

static void test_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(address_cases); i++) {
        struct text host = {NULL, 0};
        uint16_t port = 0;
        begin();
        enum status status =
            http_address_split(&call, text_of(address_cases[i].address), &host, &port);
        bool is_good = address_cases[i].want_host != NULL;
        if ((status == STATUS_OK) != is_good ||
            (is_good && (!text_equal(host, text_of(address_cases[i].want_host)) ||
                         port != address_cases[i].want_port))) {
            fail_msg("'%s': %s '%.*s' %u", address_cases[i].address, status_name(status),
                     TEXT_ARGUMENTS(host), port);
        }
        arena_deinit(&arena);
    }
}

static void test_reasons(void **state)
{
    (void)state;
    for (int status = STATUS_OK; status < STATUS_COUNT; status++) {
        assert_string_not_equal(http_reason(status_to_http((enum status)status)), "");
    }
    assert_string_equal(http_reason(404), "Not Found");
    assert_string_equal(http_reason(799), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_percent),
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
