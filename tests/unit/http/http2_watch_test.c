/* What a client must not send although nghttp2 would let it pass, cut at every place. */
#include "base/buffer.h"
#include "http/http2_watch.h"
#include "support/cmocka_test.h"
#include "unit/http/http2_frames.h"

enum { FRAMES_MAX = 6, FAR = 2 * HTTP2_WATCH_STREAMS };

struct given_frame {
    unsigned type;
    unsigned flags;
    int32_t stream_id; /* 0 behind the last, but of PRIORITY */
    int32_t number;    /* of the payload */
};

struct watch_case {
    const char *name;
    struct given_frame frames[FRAMES_MAX];
    uint32_t want_code;
    size_t want_frames; /* before the one to blame */
};

/* RFC 9113 sections 3.4 and 7. */
#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
enum { PROTOCOL_ERROR = 1, STREAM_CLOSED = 5 };

#define END FLAG_END_STREAM
#define HEADERS(id, flags)                                                                         \
    {                                                                                              \
        FRAME_HEADERS, flags, id, 0                                                                \
    }
#define DATA(id, flags)                                                                            \
    {                                                                                              \
        FRAME_DATA, flags, id, 0                                                                   \
    }
#define RESET(id)                                                                                  \
    {                                                                                              \
        FRAME_RST_STREAM, 0, id, 0                                                                 \
    }
#define PRIORITY(id, on)                                                                           \
    {                                                                                              \
        FRAME_PRIORITY, 0, id, on                                                                  \
    }

static const struct watch_case cases[] = {
    {"requests in order", {HEADERS(1, END), HEADERS(3, 0), DATA(3, END), HEADERS(5, END)}, 0, 4},
    {"trailers", {HEADERS(1, 0), DATA(1, 0), HEADERS(1, END)}, 0, 3},
    {"streams passed over", {HEADERS(5, 0), HEADERS(11, END), DATA(5, END)}, 0, 3},
    {"a smaller stream", {HEADERS(5, END), HEADERS(3, END)}, PROTOCOL_ERROR, 1},
    {"a smaller stream than the first", {HEADERS(3, END), HEADERS(1, 0)}, PROTOCOL_ERROR, 1},
    {"data of one passed over", {HEADERS(5, END), DATA(3, 0)}, STREAM_CLOSED, 1},
    {"data after the end", {HEADERS(1, END), DATA(1, 0)}, STREAM_CLOSED, 1},
    {"data after data's end", {HEADERS(1, 0), DATA(1, END), DATA(1, 0)}, STREAM_CLOSED, 2},
    {"headers after the end", {HEADERS(1, END), HEADERS(1, END)}, STREAM_CLOSED, 1},
    {"data after a reset", {HEADERS(1, 0), RESET(1), DATA(1, 0)}, STREAM_CLOSED, 2},
    {"headers after a reset", {HEADERS(1, 0), RESET(1), HEADERS(1, 0)}, STREAM_CLOSED, 2},
    {"two resets", {HEADERS(1, END), RESET(1), RESET(1)}, 0, 3},
    {"what is forgotten", {HEADERS(1, END), HEADERS(3 + FAR, END), DATA(1, 0)}, 0, 3},
    {"a place taken again", {HEADERS(1, END), HEADERS(1 + FAR, 0), DATA(1 + FAR, END)}, 0, 3},
    {"a place passed over",
     {HEADERS(3, 0), HEADERS(5 + FAR, 0), DATA(3 + FAR, 0)},
     STREAM_CLOSED,
     2},
    {"the last stream there is", {HEADERS(INT32_MAX, END), HEADERS(1, END)}, 0, 2},
    {"a frame of an even stream", {HEADERS(5, END), DATA(2, 0)}, 0, 2},
    {"data of an idle stream", {DATA(1, 0)}, 0, 1},
    {"priority", {PRIORITY(3, 1), HEADERS(1, END)}, 0, 2},
    {"priority of the connection", {HEADERS(1, END), PRIORITY(0, 1)}, PROTOCOL_ERROR, 1},
    {"priority upon itself", {HEADERS(1, END), PRIORITY(3, 3)}, PROTOCOL_ERROR, 1},
    {"priority upon itself, exclusively", {PRIORITY(3, INT32_MIN + 3)}, PROTOCOL_ERROR, 0},
};

static bool is_last(const struct given_frame *frame)
{
    return frame->stream_id == 0 && frame->type != FRAME_PRIORITY;
}

static void append_number(struct buffer *buffer, uint32_t number, unsigned bytes)
{
    while (bytes-- > 0) {
        assert_true(buffer_append_byte(buffer, (char)(number >> 8 * bytes)));
    }
}

/* Every payload is a number and a byte, as PRIORITY's is. */
static void append_frame(struct buffer *buffer, const struct given_frame *frame)
{
    append_number(buffer, 5, 3);
    append_number(buffer, frame->type, 1);
    append_number(buffer, frame->flags, 1);
    append_number(buffer, (uint32_t)frame->stream_id, 4);
    append_number(buffer, (uint32_t)frame->number, 4);
    append_number(buffer, 0, 1);
}

static void check_cut(const struct watch_case *row, struct text bytes, size_t cut,
                      size_t want_length)
{
    struct http2_budget budget = {{0}};
    struct http2_watch watch;
    size_t length = 0;
    http2_watch_init(&watch, &budget);
    uint32_t code = http2_watch_bytes(&watch, text_slice(bytes, 0, cut), 0, &length);
    bool cut_frame = false;
    if (code == 0) {
        size_t second = 0;
        assert_int_equal(length, cut);
        code = http2_watch_bytes(&watch, text_slice(bytes, cut, bytes.length), 0, &second);
        cut_frame = second == 0;
        length += second;
    }
    if (code != row->want_code) {
        fail_msg("%s, cut at %zu: code %u", row->name, cut, code);
    }
    /* Of a frame whose head was cut, the first part has been let pass. */
    bool right =
        length == want_length || (cut_frame && cut > want_length && cut < want_length + 13);
    if (!right) {
        fail_msg("%s, cut at %zu: %zu bytes", row->name, cut, length);
    }
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct watch_case *row = &cases[i];
        struct buffer bytes;
        buffer_init(&bytes, 1024);
        assert_true(buffer_append(&bytes, TEXT(PREFACE)));
        size_t want_length = bytes.length;
        for (size_t j = 0; j < FRAMES_MAX && !is_last(&row->frames[j]); j++) {
            append_frame(&bytes, &row->frames[j]);
            want_length = j + 1 == row->want_frames ? bytes.length : want_length;
        }
        for (size_t cut = 0; cut <= bytes.length; cut++) {
            check_cut(row, buffer_text(&bytes), cut, want_length);
        }
        buffer_deinit(&bytes);
    }
}

/* One byte at a time, long after the places of all streams have been taken again. */
static void test_many_streams(void **state)
{
    (void)state;
    struct http2_budget budget = {{0}};
    struct http2_watch watch;
    struct buffer bytes;
    size_t length;
    buffer_init(&bytes, 1024 * 1024);
    assert_true(buffer_append(&bytes, TEXT(PREFACE)));
    for (int32_t id = 1; id < 5 * FAR; id += 2) {
        append_frame(&bytes, &(struct given_frame){FRAME_HEADERS, 0, id, 0});
        append_frame(&bytes, &(struct given_frame){FRAME_DATA, END, id, 0});
    }
    http2_watch_init(&watch, &budget);
    for (size_t i = 0; i < bytes.length; i++) {
        assert_int_equal(
            http2_watch_bytes(&watch, text_slice(buffer_text(&bytes), i, i + 1), 0, &length), 0);
    }
    buffer_clear(&bytes);
    append_frame(&bytes, &(struct given_frame){FRAME_DATA, 0, 4 * FAR + 1, 0});
    assert_int_equal(http2_watch_bytes(&watch, buffer_text(&bytes), 0, &length), STREAM_CLOSED);
    assert_int_equal(length, 0);
    buffer_deinit(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_many_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
