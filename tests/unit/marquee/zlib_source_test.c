/* gzip as a stream: whole, in members, cut, damaged, whatever the size of the chunks it comes in.
 */
#include <zlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "marquee/zlib_source.h"
#include "support/cmocka_test.h"
#include "unit/marquee/chunked_source.h"

enum { ARENA_BYTES = 16 * 1024, BYTES_MAX = 4 * 1024 * 1024, GZIP = 15 + 16 };

static void compress_into(struct text content, struct buffer *buffer)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)content.data,
                       .avail_in = (uInt)content.length};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&stream, content.length) + 64;
    stream.next_out = (Bytef *)buffer_reserve(buffer, room);
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    buffer_extend(buffer, stream.total_out);
    assert_int_equal(deflateEnd(&stream), Z_OK);
}

/* The text, or "STATUS: words" of what went wrong. */
static void read_all(struct text gzip, size_t chunk_bytes, bool fails, struct buffer *result)
{
    struct chunked_source chunked = {gzip, chunk_bytes, fails};
    const struct zlib_source_options options = {.kind = ZLIB_GZIP,
                                                .source = chunked_source_bytes(&chunked)};
    struct zlib_source *source;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    buffer_clear(result);
    assert_int_equal(zlib_source_create(&call, &options, &source), STATUS_OK);
    enum status status = byte_source_read_all(zlib_source_bytes(source), &call, result);
    if (status != STATUS_OK) {
        buffer_clear(result);
        assert_true(buffer_format(result, "%s: %.*s", status_name(status),
                                  TEXT_ARGUMENTS(call.error.message)));
    }
    zlib_source_destroy(source);
    arena_deinit(&arena);
}

static void expect(struct text gzip, bool fails, const char *want)
{
    static const size_t chunks[] = {1, 7, 64, 100000};
    struct buffer result;
    buffer_init(&result, BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(chunks); i++) {
        read_all(gzip, chunks[i], fails, &result);
        if (!text_equal(buffer_text(&result), text_of(want))) {
            fail_msg("in %zu: '%.*s', not '%s'", chunks[i], TEXT_ARGUMENTS(buffer_text(&result)),
                     want);
        }
    }
    buffer_deinit(&result);
}

#define DAMAGED "DATA_LOSS: it is damaged"
#define CUT_OFF "DATA_LOSS: it is cut off"

static void members_follow_each_other(void **state)
{
    struct buffer gzip;
    (void)state;
    buffer_init(&gzip, BYTES_MAX);
    compress_into(TEXT("tconst\taverageRating\n"), &gzip);
    expect(buffer_text(&gzip), false, "tconst\taverageRating\n");
    compress_into(TEXT("tt1\t8.7\n"), &gzip);
    expect(buffer_text(&gzip), false, "tconst\taverageRating\ntt1\t8.7\n");
    expect(buffer_text(&gzip), true, "UNAVAILABLE: the disk is on fire");
    assert_true(buffer_append(&gzip, TEXT("garbage")));
    expect(buffer_text(&gzip), false, DAMAGED);
    buffer_deinit(&gzip);
    buffer_init(&gzip, BYTES_MAX);
    compress_into(TEXT(""), &gzip);
    expect(buffer_text(&gzip), false, "");
    buffer_deinit(&gzip);
}

static void every_cut_is_seen(void **state)
{
    struct buffer gzip;
    (void)state;
    buffer_init(&gzip, BYTES_MAX);
    compress_into(TEXT("some text that is some text"), &gzip);
    for (size_t length = 0; length < gzip.length; length++) {
        expect(text_slice(buffer_text(&gzip), 0, length), false, CUT_OFF);
    }
    buffer_deinit(&gzip);
}

/* Behind the header a byte that is another one is found, or is one of the bits that nothing depends
 * on: never is there another text. */
static void every_damage_is_seen(void **state)
{
    struct buffer gzip;
    struct buffer result;
    struct text want = TEXT("some text that is some text");
    size_t found = 0;
    (void)state;
    buffer_init(&gzip, BYTES_MAX);
    buffer_init(&result, BYTES_MAX);
    compress_into(want, &gzip);
    for (size_t i = 10; i < gzip.length; i++) {
        gzip.data[i] = (char)(gzip.data[i] ^ 0x40);
        read_all(buffer_text(&gzip), 1000, false, &result);
        bool is_found = text_starts_with(buffer_text(&result), TEXT("DATA_LOSS"));
        found += is_found;
        if (!is_found && !text_equal(buffer_text(&result), want)) {
            fail_msg("byte %zu: '%.*s'", i, TEXT_ARGUMENTS(buffer_text(&result)));
        }
        gzip.data[i] = (char)(gzip.data[i] ^ 0x40);
    }
    assert_true(found >= gzip.length - 10 - 1);
    buffer_deinit(&gzip);
    buffer_deinit(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_follow_each_other),
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(every_damage_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
