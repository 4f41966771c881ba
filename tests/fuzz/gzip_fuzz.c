/* Any bytes as gzip: what comes out must not depend on where the chunks end. */
#include "base/arena.h"
#include "marquee/zlib_source.h"
#include "unit/marquee/chunked_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 16 * 1024, CHUNK_BYTES = 4096, LENGTH_MAX = 4 * 1024 * 1024 };

struct outcome {
    enum status status;
    uint64_t length;
    uint64_t hash;
};

static struct outcome read_all(struct text gzip, size_t chunk_bytes)
{
    struct chunked_source chunked = {gzip, chunk_bytes, false};
    const struct zlib_source_options options = {.kind = ZLIB_GZIP,
                                                .source = chunked_source_bytes(&chunked)};
    struct outcome outcome = {.status = STATUS_OK};
    struct zlib_source *source;
    struct arena arena;
    struct call call;
    char chunk[CHUNK_BYTES];
    size_t length = 1;
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    CHECK(zlib_source_create(&call, &options, &source) == STATUS_OK);
    struct byte_source bytes = zlib_source_bytes(source);
    while (outcome.status == STATUS_OK && length > 0 && outcome.length < LENGTH_MAX) {
        outcome.status = bytes.read(bytes.state, &call, chunk, sizeof(chunk), &length);
        for (size_t i = 0; outcome.status == STATUS_OK && i < length; i++) {
            outcome.hash = outcome.hash * 31 + (unsigned char)chunk[i];
        }
        outcome.length += outcome.status == STATUS_OK ? length : 0;
    }
    CHECK((outcome.status == STATUS_OK) == (call.error.message.length == 0));
    zlib_source_destroy(source);
    arena_deinit(&arena);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text gzip = text_of_bytes(data, size);
    struct outcome whole = read_all(gzip, SIZE_MAX);
    struct outcome parts = read_all(gzip, 5);
    CHECK(whole.status == parts.status);
    if (whole.status == STATUS_OK && whole.length < LENGTH_MAX) {
        CHECK(whole.length == parts.length && whole.hash == parts.hash);
    }
    return 0;
}
