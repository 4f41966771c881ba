/* Heads of requests, good and bad, in one piece and cut at every place. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "http/http1_parser.h"
#include "support/cmocka_test.h"

struct parser_case {
    const char *name;
    const char *head;
    int want_status; /* 0: it is good */
};

enum { FOREIGN = -1 };

#define HOST "Host: a\r\n"

static const struct parser_case cases[] = {
    {"smallest", "GET / HTTP/1.1\r\n" HOST "\r\n", 0},
    {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0},
    {"empty line before", "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 0},
    {"two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"query", "GET /a?b=c&d HTTP/1.1\r\n" HOST "\r\n", 0},
    {"absolute form", "GET http://b:80/a HTTP/1.1\r\n" HOST "\r\n", 0},
    {"absolute form without path", "GET http://b HTTP/1.1\r\n" HOST "\r\n", 0},
    {"absolute form without host", "GET http:///a HTTP/1.1\r\n" HOST "\r\n", 400},
    {"absolute form of another scheme", "GET ftp://b/a HTTP/1.1\r\n" HOST "\r\n", 400},
    {"absolute form with a query alone", "GET http://b?c HTTP/1.1\r\n" HOST "\r\n", 400},
    {"asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 0},
    {"asterisk of another method", "GET * HTTP/1.1\r\n" HOST "\r\n", 400},
    {"CONNECT", "CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n", 501},
    {"neither form", "GET a HTTP/1.1\r\n" HOST "\r\n", 400},
    {"fragment", "GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400},
    {"byte over 126 in the target", "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400},
    {"unknown method", "BREW / HTTP/1.1\r\n" HOST "\r\n", 0},
    {"method with a colon", "GE:T / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"long method", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJK / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"no method", " / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"no target", "GET  HTTP/1.1\r\n" HOST "\r\n", 400},
    {"no version", "GET /\r\n" HOST "\r\n", 400},
    {"one word", "GET\r\n" HOST "\r\n", 400},
    {"two spaces", "GET  / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"tab for space", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400},
    {"space after the version", "GET / HTTP/1.1 \r\n" HOST "\r\n", 400},
    {"HTTP/1.2", "GET / HTTP/1.2\r\n" HOST "\r\n", 505},
    {"HTTP/2.0", "PRI * HTTP/2.0\r\n\r\n", 505},
    {"no HTTP at all", "INVALID CONNECTION PREFACE\r\n\r\n", FOREIGN},
    {"no HTTP at all, in four words", "USER me PASS you\r\n\r\n", FOREIGN},
    {"HTTP/11", "GET / HTTP/11\r\n" HOST "\r\n", 400},
    {"http/1.1", "GET / http/1.1\r\n" HOST "\r\n", 400},
    {"bare LF after the request line", "GET / HTTP/1.1\n" HOST "\r\n", 400},
    {"bare LF after a header", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
    {"bare LF at the end", "GET / HTTP/1.1\r\n" HOST "\n", 400},
    {"bare CR in a value", "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n", 400},
    {"control character in a value",
     "GET / HTTP/1.1\r\n" HOST "X: a\x01"
     "b\r\n\r\n",
     400},
    {"DEL in a value", "GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n", 400},
    {"tab in a value", "GET / HTTP/1.1\r\n" HOST "X: a\tb\r\n\r\n", 0},
    {"bytes over 127 in a value", "GET / HTTP/1.1\r\n" HOST "X: \xc3\xa9\r\n\r\n", 0},
    {"empty value", "GET / HTTP/1.1\r\n" HOST "X:\r\n\r\n", 0},
    {"colon in a value", "GET / HTTP/1.1\r\n" HOST "X: a:b\r\n\r\n", 0},
    {"space before the colon", "GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n", 400},
    {"space in a name", "GET / HTTP/1.1\r\n" HOST "X Y: a\r\n\r\n", 400},
    {"no name", "GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", 400},
    {"no colon", "GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", 400},
    {"folded line", "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400},
    {"folded first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
    {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
    {"two Hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400},
    {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"Host with a comma", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400},
    {"Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"Host in brackets", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
    {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0},
    {"length", "POST / HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n", 0},
    {"length of zero", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 0},
    {"two lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
     400},
    {"the same length twice",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
    {"list of lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", 400},
    {"signed length", "POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n", 400},
    {"negative length", "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400},
    {"hexadecimal length", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\n", 400},
    {"length with a letter", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1a\r\n\r\n", 400},
    {"length past the type",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551616\r\n\r\n", 400},
    {"length past the signed type",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 9223372036854775808\r\n\r\n", 400},
    {"empty length", "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400},
    {"chunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 0},
    {"Chunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", 0},
    {"chunked twice",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     400},
    {"chunked in a list", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
     400},
    {"chunked with a parameter", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked;a\r\n\r\n",
     400},
    {"xchunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", 400},
    {"vertical tab before chunked",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \x0b"
     "chunked\r\n\r\n",
     400},
    {"identity", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n", 400},
    {"chunked over HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"length and chunked",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"chunked and length",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400},
    {"expectation", "POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\n\r\n", 0},
    {"unknown expectation", "POST / HTTP/1.1\r\n" HOST "Expect: more\r\n\r\n", 417},
    {"upgrade is ignored", "GET / HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
     0},
};

/* Looks the bytes through, first up to `cut`, then whole. */
static enum http1_result scan_and_parse(struct text bytes, size_t cut, struct http1_head *ret_head,
                                        struct http1_refusal *ret_refusal)
{
    struct http1_scan scan = {.offset = 0};
    size_t length = 0;
    enum http1_result result = http1_scan(&scan, text_slice(bytes, 0, cut), &length, ret_refusal);
    if (result == HTTP1_MORE) {
        result = http1_scan(&scan, bytes, &length, ret_refusal);
    }
    if (result != HTTP1_DONE) {
        return result;
    }
    /* Exactly its length, so that a sanitizer sees what is read beyond it. */
    char *copy = malloc(length);
    assert_non_null(copy);
    memcpy(copy, bytes.data, length);
    result = http1_parse(copy, length, ret_head, ret_refusal);
    free(copy);
    return result;
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text bytes = text_of(cases[i].head);
        for (size_t cut = 0; cut <= bytes.length; cut++) {
            struct http1_head head;
            struct http1_refusal refusal = {0, NULL};
            enum http1_result result = scan_and_parse(bytes, cut, &head, &refusal);
            int status = result == HTTP1_DONE      ? 0
                         : result == HTTP1_FOREIGN ? FOREIGN
                                                   : refusal.status;
            if (result == HTTP1_MORE || status != cases[i].want_status) {
                fail_msg("%s, cut at %zu: %d", cases[i].name, cut, status);
            }
            if (status > 0) {
                assert_non_null(refusal.reason);
            }
        }
    }
}

/* A head that is not whole is asked for more, however far it got. */
static void test_incomplete(void **state)
{
    (void)state;
    struct text bytes = TEXT("GET /a HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\n");
    for (size_t length = 0; length < bytes.length; length++) {
        struct http1_scan scan = {.offset = 0};
        struct http1_refusal refusal;
        size_t found;
        assert_int_equal(http1_scan(&scan, text_slice(bytes, 0, length), &found, &refusal),
                         HTTP1_MORE);
    }
}

static void test_what_is_parsed(void **state)
{
    (void)state;
    char bytes[] =
        "POST http://other:81/a/b?c=d HTTP/1.1\r\nHost: host:80\r\nX-MiXed: \t v w \t\r\n"
        "Content-Length: 12\r\nConnection: foo , Close\r\nExpect: 100-continue\r\n\r\n";
    struct http1_head head;
    struct http1_refusal refusal;
    assert_int_equal(http1_parse(bytes, sizeof(bytes) - 1, &head, &refusal), HTTP1_DONE);
    assert_true(text_equal(head.method, TEXT("POST")));
    assert_true(text_equal(head.target, TEXT("/a/b?c=d")));
    assert_true(text_equal(head.authority, TEXT("other:81")));
    assert_int_equal(head.minor_version, 1);
    assert_int_equal(head.header_count, 5);
    assert_true(text_equal(head.headers[1].name, TEXT("x-mixed")));
    assert_true(text_equal(head.headers[1].value, TEXT("v w")));
    assert_int_equal(head.content_length, 12);
    assert_false(head.is_chunked);
    assert_false(head.keep_alive);
    assert_true(head.expects_continue);
}

static void test_keep_alive(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        const char *connection;
        bool want;
    } rows[] = {
        {"HTTP/1.1", "", true},
        {"HTTP/1.1", "Connection: close\r\n", false},
        {"HTTP/1.1", "Connection: keep-alive\r\n", true},
        {"HTTP/1.1", "Connection: a\r\nConnection: CLOSE\r\n", false},
        {"HTTP/1.1", "Connection: closed\r\n", true},
        {"HTTP/1.0", "", false},
        {"HTTP/1.0", "Connection: Keep-Alive\r\n", true},
        {"HTTP/1.0", "Connection: keep-alive, close\r\n", false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char bytes[256];
        struct http1_head head;
        struct http1_refusal refusal;
        int length = snprintf(bytes, sizeof(bytes), "GET / %s\r\nHost: a\r\n%s\r\n",
                              rows[i].version, rows[i].connection);
        assert_int_equal(http1_parse(bytes, (size_t)length, &head, &refusal), HTTP1_DONE);
        if (head.keep_alive != rows[i].want) {
            fail_msg("%s with '%s'", rows[i].version, rows[i].connection);
        }
    }
}

/* A head with a target and one more header of these sizes. 0 of the header: without it. */
static int status_of_size(size_t target_length, size_t value_length, unsigned header_count)
{
    struct buffer bytes;
    struct http1_head head;
    struct http1_refusal refusal = {0, NULL};
    buffer_init(&bytes, 1024 * 1024);
    assert_true(buffer_append(&bytes, TEXT("GET /")));
    for (size_t i = 1; i < target_length; i++) {
        assert_true(buffer_append_byte(&bytes, 'a'));
    }
    assert_true(buffer_append(&bytes, TEXT(" HTTP/1.1\r\nHost: a\r\n")));
    for (unsigned i = 0; i < header_count; i++) {
        assert_true(buffer_append(&bytes, TEXT("x: ")));
        for (size_t j = 0; j < value_length; j++) {
            assert_true(buffer_append_byte(&bytes, 'b'));
        }
        assert_true(buffer_append(&bytes, TEXT("\r\n")));
    }
    assert_true(buffer_append(&bytes, TEXT("\r\n")));
    enum http1_result result = scan_and_parse(buffer_text(&bytes), 0, &head, &refusal);
    buffer_deinit(&bytes);
    assert_int_not_equal(result, HTTP1_MORE);
    return result == HTTP1_DONE ? 0 : refusal.status;
}

static void test_limits(void **state)
{
    (void)state;
    /* "host" and "a" count 37, "x" and its value 33 and the value. */
    size_t value_max = HTTP_HEADER_LIST_BYTES_MAX - 37 - 33;
    assert_int_equal(status_of_size(HTTP_TARGET_BYTES_MAX, 1, 1), 0);
    assert_int_equal(status_of_size(HTTP_TARGET_BYTES_MAX + 1, 1, 1), 414);
    assert_int_equal(status_of_size(HTTP_TARGET_BYTES_MAX + 1000, 1, 1), 414);
    assert_int_equal(status_of_size(1, value_max, 1), 0);
    assert_int_equal(status_of_size(1, value_max + 1, 1), 431);
    assert_int_equal(status_of_size(1, 20000, 1), 431);
    assert_int_equal(status_of_size(HTTP_TARGET_BYTES_MAX, value_max, 1), 0);
    assert_int_equal(status_of_size(1, 1, HTTP_HEADER_COUNT_MAX - 1), 0);
    assert_int_equal(status_of_size(1, 1, HTTP_HEADER_COUNT_MAX), 431);
}

/* Too much is refused before it is all there. */
static void test_endless_head(void **state)
{
    (void)state;
    static const char *const starts[] = {"GET /", "GET / HTTP/1.1\r\nX: ", ""};
    for (size_t i = 0; i < ARRAY_LENGTH(starts); i++) {
        struct http1_scan scan = {.offset = 0};
        struct http1_refusal refusal;
        struct buffer bytes;
        size_t length;
        buffer_init(&bytes, 2 * HTTP1_HEAD_BYTES_MAX);
        assert_true(buffer_append(&bytes, text_of(starts[i])));
        while (http1_scan(&scan, buffer_text(&bytes), &length, &refusal) == HTTP1_MORE) {
            assert_true(buffer_append_byte(&bytes, 'a'));
            assert_true(bytes.length <= HTTP1_HEAD_BYTES_MAX);
        }
        buffer_deinit(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),          cmocka_unit_test(test_incomplete),
        cmocka_unit_test(test_what_is_parsed), cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_limits),         cmocka_unit_test(test_endless_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
