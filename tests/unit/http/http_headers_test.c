/* What may be put on the wire: every byte at every place, for eight are looked at at once. */
#include "http/http_headers.h"

#include "support/cmocka_test.h"

enum { LENGTH_MAX = 40, BYTES = 256 };

static bool is_allowed(int byte)
{
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

static void test_every_byte_is_judged_at_every_place(void **state)
{
    (void)state;
    char value[LENGTH_MAX];
    for (size_t length = 1; length <= LENGTH_MAX; length++) {
        for (size_t place = 0; place < length; place++) {
            for (int byte = 0; byte < BYTES; byte++) {
                memset(value, 'a', sizeof(value));
                value[place] = (char)byte;
                const struct http_header header = {TEXT("name"), {value, length}};
                assert_int_equal(http_headers_are_sendable(&header, 1), is_allowed(byte));
            }
        }
    }
}

static void test_names_are_judged_too(void **state)
{
    (void)state;
    const struct http_header empty = {{NULL, 0}, TEXT_INIT("value")};
    const struct http_header broken = {TEXT_INIT("a-name\r\nof-two"), TEXT_INIT("value")};
    const struct http_header plain = {TEXT_INIT("name"), {NULL, 0}};
    assert_false(http_headers_are_sendable(&empty, 1));
    assert_false(http_headers_are_sendable(&broken, 1));
    assert_true(http_headers_are_sendable(&plain, 1));
}

static void test_there_may_be_so_many(void **state)
{
    (void)state;
    struct http_header headers[HTTP_HEADER_COUNT_MAX + 1];
    for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
        headers[i] = (struct http_header){TEXT("name"), TEXT("value")};
    }
    assert_true(http_headers_are_sendable(headers, HTTP_HEADER_COUNT_MAX));
    assert_false(http_headers_are_sendable(headers, HTTP_HEADER_COUNT_MAX + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_is_judged_at_every_place),
        cmocka_unit_test(test_names_are_judged_too),
        cmocka_unit_test(test_there_may_be_so_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
