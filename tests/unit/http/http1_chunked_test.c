/* Chunked bodies, good and bad, in one piece and cut at every place. */
#include <stdio.h>

#include "base/buffer.h"
#include "http/http1_chunked.h"
#include "http/http_message.h"
#include "support/cmocka_test.h"

struct chunked_case {
    const char *name;
    const char *bytes;
    const char *want_body; /* NULL: broken */
    size_t want_rest;      /* bytes behind the end */
};

static const struct chunked_case cases[] = {
    {"nothing", "0\r\n\r\n", "", 0},
    {"one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello", 0},
    {"two chunks", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello", 0},
    {"upper and lower case", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
     "01234567890123456789", 0},
    {"leading zeros", "0005\r\nhello\r\n000\r\n\r\n", "hello", 0},
    {"a request behind", "1\r\nx\r\n0\r\n\r\nGET", "x", 3},
    {"an extension", "5;a=b\r\nhello\r\n0;c=\"d\"\r\n\r\n", "hello", 0},
    {"a trailer", "1\r\nx\r\n0\r\nSum: 42\r\nX:\r\n\r\n", "x", 0},
    {"CR LF within the data", "4\r\na\r\nb\r\n0\r\n\r\n", "a\r\nb", 0},
    {"no size", "\r\nx\r\n0\r\n\r\n", NULL, 0},
    {"not hexadecimal", "g\r\nx\r\n0\r\n\r\n", NULL, 0},
    {"prefix", "0x1\r\nx\r\n0\r\n\r\n", NULL, 0},
    {"sign", "+1\r\nx\r\n0\r\n\r\n", NULL, 0},
    {"space after the size", "1 \r\nx\r\n0\r\n\r\n", NULL, 0},
    {"space before the size", " 1\r\nx\r\n0\r\n\r\n", NULL, 0},
    {"sixteen digits", "0000000000000001\r\nx\r\n0\r\n\r\n", NULL, 0},
    {"bare LF after the size", "1\nx\r\n0\r\n\r\n", NULL, 0},
    {"bare LF after the data", "1\r\nx\n0\r\n\r\n", NULL, 0},
    {"more data than said", "1\r\nxy\r\n0\r\n\r\n", NULL, 0},
    {"bare CR after the size", "1\rx\r\n0\r\n\r\n", NULL, 0},
    {"control character in an extension", "1;\x01\r\nx\r\n0\r\n\r\n", NULL, 0},
    {"bare LF in an extension", "1;a\nx\r\n0\r\n\r\n", NULL, 0},
    {"trailer without colon", "0\r\nx\r\n\r\n", NULL, 0},
    {"folded trailer", "0\r\na: b\r\n c\r\n\r\n", NULL, 0},
    {"space in a trailer's name", "0\r\na : b\r\n\r\n", NULL, 0},
    {"bare LF after a trailer", "0\r\na: b\n\r\n", NULL, 0},
    {"bare LF at the end", "0\r\n\n", NULL, 0},
    {"bare CR at the end", "0\r\n\rx", NULL, 0},
};

static enum http1_chunk_state take_all(struct http1_chunked *chunked, struct text bytes,
                                       struct buffer *body, size_t *ret_taken)
{
    size_t taken = 0;
    while (taken < bytes.length) {
        struct text part;
        size_t step = http1_chunked_take(chunked, text_slice(bytes, taken, bytes.length), &part);
        if (step == 0) {
            break;
        }
        taken += step;
        assert_true(buffer_append(body, part));
    }
    *ret_taken = taken;
    return chunked->state;
}

static void check_case(const struct chunked_case *row, size_t cut)
{
    struct http1_chunked chunked = {.state = HTTP1_CHUNK_SIZE};
    struct text bytes = text_of(row->bytes);
    struct buffer body;
    size_t taken;
    size_t more = 0;
    buffer_init(&body, 1024);
    enum http1_chunk_state state = take_all(&chunked, text_slice(bytes, 0, cut), &body, &taken);
    if (state < HTTP1_CHUNK_DONE) {
        assert_int_equal(taken, cut);
        state = take_all(&chunked, text_slice(bytes, cut, bytes.length), &body, &more);
    }
    if (row->want_body == NULL) {
        if (state != HTTP1_CHUNK_BROKEN) {
            fail_msg("%s, cut at %zu: not refused", row->name, cut);
        }
    } else if (state != HTTP1_CHUNK_DONE ||
               !text_equal(buffer_text(&body), text_of(row->want_body)) ||
               taken + more + row->want_rest != bytes.length) {
        fail_msg("%s, cut at %zu: '%.*s'", row->name, cut, TEXT_ARGUMENTS(buffer_text(&body)));
    }
    buffer_deinit(&body);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        for (size_t cut = 0; cut <= strlen(cases[i].bytes); cut++) {
            check_case(&cases[i], cut);
        }
    }
}

static bool is_refused(const char *start, char filler, size_t count, const char *end)
{
    struct http1_chunked chunked = {.state = HTTP1_CHUNK_SIZE};
    struct buffer bytes;
    struct buffer body;
    size_t taken;
    buffer_init(&bytes, 1024 * 1024);
    buffer_init(&body, 1024 * 1024);
    assert_true(buffer_append(&bytes, text_of(start)));
    for (size_t i = 0; i < count; i++) {
        assert_true(buffer_append_byte(&bytes, filler));
    }
    assert_true(buffer_append(&bytes, text_of(end)));
    enum http1_chunk_state state = take_all(&chunked, buffer_text(&bytes), &body, &taken);
    buffer_deinit(&bytes);
    buffer_deinit(&body);
    assert_true(state == HTTP1_CHUNK_DONE || state == HTTP1_CHUNK_BROKEN);
    return state == HTTP1_CHUNK_BROKEN;
}

static void test_limits(void **state)
{
    (void)state;
    assert_false(is_refused("1;", 'a', HTTP1_CHUNK_LINE_BYTES_MAX, "\r\nx\r\n0\r\n\r\n"));
    assert_true(is_refused("1;", 'a', HTTP1_CHUNK_LINE_BYTES_MAX + 1, "\r\nx\r\n0\r\n\r\n"));
    /* "a:" CR LF CR LF count too. */
    assert_false(is_refused("0\r\na:", 'b', HTTP_HEADER_LIST_BYTES_MAX - 6, "\r\n\r\n"));
    assert_true(is_refused("0\r\na:", 'b', HTTP_HEADER_LIST_BYTES_MAX - 5, "\r\n\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
