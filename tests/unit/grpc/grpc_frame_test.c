/* Messages out of bodies, however these are cut into parts. */
#include "grpc/grpc_frame.h"

#include <stdlib.h>

#include "base/arena.h"
#include "grpc/grpc_gzip.h"
#include "support/cmocka_test.h"

enum { MESSAGE_BYTES_MAX = 1024 };

/* A body that comes in parts of one size. */
struct body {
    struct text bytes;
    size_t part_bytes;
};

static struct arena arena;
static struct call call;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    call_init(&call, &arena, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static enum status next_part(void *state, struct text *ret_part)
{
    struct body *body = state;
    /* A copy of its own size: reading past a part, or after the next, is seen by AddressSanitizer.
     */
    *ret_part = arena_copy(&arena, text_slice(body->bytes, 0, body->part_bytes));
    body->bytes = text_slice(body->bytes, body->part_bytes, body->bytes.length);
    return STATUS_OK;
}

/* Reads all messages; they are joined in `joined`, each followed by '|'. */
static enum status read_all(struct text bytes, size_t part_bytes, bool gzip, struct buffer *joined)
{
    struct body body = {bytes, part_bytes};
    struct grpc_frame_reader reader;
    grpc_frame_reader_init(&reader, MESSAGE_BYTES_MAX, next_part, &body);
    reader.gzip = gzip;
    enum status status;
    bool end = false;
    for (;;) {
        struct text message;
        status = grpc_frame_read(&reader, &call, &message, &end);
        if (status != STATUS_OK || end) {
            break;
        }
        assert_true(buffer_append(joined, message));
        assert_true(buffer_append_byte(joined, '|'));
    }
    grpc_frame_reader_deinit(&reader);
    call_clear_error(&call);
    return status;
}

static void bodies_give_messages_or_failures(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct text given;
        bool gzip;
        enum status want;
        const char *messages;
    } cases[] = {
        {"nothing", TEXT_INIT(""), false, STATUS_OK, ""},
        {"one", TEXT_INIT("\0\0\0\0\3abc"), false, STATUS_OK, "abc|"},
        {"an empty one", TEXT_INIT("\0\0\0\0\0"), false, STATUS_OK, "|"},
        {"several", TEXT_INIT("\0\0\0\0\1a\0\0\0\0\0\0\0\0\0\2bc"), false, STATUS_OK, "a||bc|"},
        {"cut in the prefix", TEXT_INIT("\0\0\0\0\1a\0\0"), false, STATUS_INTERNAL, "a|"},
        {"cut in the message", TEXT_INIT("\0\0\0\0\3ab"), false, STATUS_INTERNAL, ""},
        {"no message behind the prefix", TEXT_INIT("\0\0\0\0\3"), false, STATUS_INTERNAL, ""},
        {"an unknown flag", TEXT_INIT("\2\0\0\0\1a"), false, STATUS_INTERNAL, ""},
        {"compressed without agreement", TEXT_INIT("\1\0\0\0\1a"), false, STATUS_INTERNAL, ""},
        {"compressed nothing", TEXT_INIT("\1\0\0\0\0"), true, STATUS_OK, "|"},
        {"not gzip", TEXT_INIT("\1\0\0\0\3abc"), true, STATUS_INTERNAL, ""},
        {"uncompressed with gzip agreed", TEXT_INIT("\0\0\0\0\1a"), true, STATUS_OK, "a|"},
        {"one over the limit", TEXT_INIT("\0\0\0\4\1a"), false, STATUS_RESOURCE_EXHAUSTED, ""},
        {"far over the limit", TEXT_INIT("\0\xff\xff\xff\xff"), false, STATUS_RESOURCE_EXHAUSTED,
         ""},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        for (size_t part_bytes = 1; part_bytes <= 24; part_bytes++) {
            CLEANUP(buffer_deinit) struct buffer joined;
            buffer_init(&joined, 1 << 16);
            enum status status = read_all(cases[i].given, part_bytes, cases[i].gzip, &joined);
            if (status != cases[i].want ||
                !text_equal(buffer_text(&joined), text_of(cases[i].messages))) {
                fail_msg("%s, in parts of %zu: %s, '%.*s'", cases[i].name, part_bytes,
                         status_name(status), TEXT_ARGUMENTS(buffer_text(&joined)));
            }
        }
    }
}

/* A frame of `length` bytes, compressed when asked for. */
static void append_frame(struct buffer *body, size_t length, bool compressed)
{
    char *zeros = calloc(length + 1, 1);
    char prefix[GRPC_FRAME_PREFIX_BYTES];
    CLEANUP(buffer_deinit) struct buffer payload;
    buffer_init(&payload, 1 << 20);
    assert_non_null(zeros);
    if (compressed) {
        assert_true(grpc_gzip_deflate(text_of_bytes(zeros, length), &payload));
    } else {
        assert_true(buffer_append(&payload, text_of_bytes(zeros, length)));
    }
    grpc_frame_prefix(compressed, payload.length, prefix);
    assert_true(buffer_append(body, text_of_bytes(prefix, sizeof(prefix))));
    assert_true(buffer_append(body, buffer_text(&payload)));
    free(zeros);
}

static void the_limit_holds_for_what_is_inflated(void **state)
{
    (void)state;
    static const struct {
        size_t length;
        bool compressed;
        enum status want;
    } cases[] = {
        {MESSAGE_BYTES_MAX, false, STATUS_OK},
        {MESSAGE_BYTES_MAX + 1, false, STATUS_RESOURCE_EXHAUSTED},
        {MESSAGE_BYTES_MAX - 1, true, STATUS_OK},
        {MESSAGE_BYTES_MAX, true, STATUS_OK},
        {MESSAGE_BYTES_MAX + 1, true, STATUS_RESOURCE_EXHAUSTED},
        {100 * MESSAGE_BYTES_MAX, true, STATUS_RESOURCE_EXHAUSTED}, /* a bomb, 1/100 its size */
        {0, true, STATUS_OK},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        CLEANUP(buffer_deinit) struct buffer body;
        CLEANUP(buffer_deinit) struct buffer joined;
        buffer_init(&body, 1 << 20);
        buffer_init(&joined, 1 << 20);
        append_frame(&body, cases[i].length, cases[i].compressed);
        enum status status = read_all(buffer_text(&body), 300, true, &joined);
        if (status != cases[i].want ||
            (status == STATUS_OK && joined.length != cases[i].length + 1)) {
            fail_msg("%zu bytes, compressed %d: %s", cases[i].length, cases[i].compressed,
                     status_name(status));
        }
    }
}

static void gzip_data_must_be_whole_and_alone(void **state)
{
    (void)state;
    CLEANUP(buffer_deinit) struct buffer compressed;
    buffer_init(&compressed, 1 << 16);
    assert_true(grpc_gzip_deflate(TEXT("some words, some words, some words"), &compressed));
    size_t whole = compressed.length;
    for (size_t length = 0; length <= whole; length++) {
        CLEANUP(buffer_deinit) struct buffer inflated;
        buffer_init(&inflated, 1 << 16);
        enum status status =
            grpc_gzip_inflate(&call, text_slice(buffer_text(&compressed), 0, length), &inflated);
        assert_int_equal(status, length == whole ? STATUS_OK : STATUS_INTERNAL);
    }
    assert_true(buffer_append(&compressed, TEXT("x")));
    CLEANUP(buffer_deinit) struct buffer inflated;
    buffer_init(&inflated, 1 << 16);
    assert_int_equal(grpc_gzip_inflate(&call, buffer_text(&compressed), &inflated),
                     STATUS_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bodies_give_messages_or_failures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_limit_holds_for_what_is_inflated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gzip_data_must_be_whole_and_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
