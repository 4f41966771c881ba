/* Any bytes as grpc-message, as a -bin value, and as grpc-timeout: what is read must be written so
 * that it reads back the same. */
#include "base/arena.h"
#include "base/clock.h"
#include "grpc/grpc_metadata.h"
#include "grpc/grpc_timeout.h"
#include "json/base64.h"

enum { ARENA_BYTES_MAX = 1 << 22, VALUE_BYTES_MAX = 4096 };

static void check_message(struct arena *arena, struct text bytes)
{
    struct text decoded = grpc_message_decode(arena, bytes); /* never fails */
    CHECK(decoded.length <= bytes.length && (decoded.data != NULL || bytes.length == 0));
    struct text encoded = grpc_message_encode(arena, bytes);
    CHECK(encoded.length >= bytes.length);
    for (size_t i = 0; i < encoded.length; i++) {
        CHECK(encoded.data[i] >= ' ' && encoded.data[i] <= '~');
    }
    if (text_find(bytes, 0, '\0') == bytes.length) {
        CHECK(text_equal(grpc_message_decode(arena, encoded), bytes));
        CHECK(text_find(decoded, 0, '\0') == decoded.length);
    }
}

static void check_binary(struct arena *arena, struct text bytes)
{
    bool is_valid = false;
    struct text some = text_slice(bytes, 0, VALUE_BYTES_MAX); /* more may be too large */
    struct text encoded = grpc_metadata_encode_binary(arena, some);
    CHECK(encoded.data != NULL || bytes.length == 0);
    CHECK(text_equal(base64_decode(arena, encoded, &is_valid), some) && is_valid);

    struct text decoded = base64_decode(arena, bytes, &is_valid);
    if (is_valid && decoded.length <= VALUE_BYTES_MAX) {
        CHECK(decoded.length <= bytes.length / 4 * 3 + 2);
        bool is_again = false;
        encoded = grpc_metadata_encode_binary(arena, decoded);
        CHECK(text_equal(base64_decode(arena, encoded, &is_again), decoded) && is_again);
    }
    const struct http_header header = {TEXT_INIT("x-bin"), bytes};
    struct text found = grpc_metadata_find(arena, &header, 1, TEXT("x-bin"));
    CHECK(found.data == NULL || found.length <= bytes.length);
}

static void check_timeout(struct text bytes)
{
    char buffer[GRPC_TIMEOUT_TEXT_BYTES];
    int64_t timeout_ns = -1;
    int64_t again_ns = -1;
    if (!grpc_timeout_parse(bytes, &timeout_ns)) {
        CHECK(timeout_ns == -1);
        return;
    }
    CHECK(timeout_ns >= 0 && bytes.length <= GRPC_TIMEOUT_DIGITS_MAX + 1);
    struct text text = grpc_timeout_format(timeout_ns, buffer);
    CHECK(grpc_timeout_parse(text, &again_ns) && again_ns >= timeout_ns);
    CHECK(grpc_timeout_deadline(CLOCK_NS_PER_S, timeout_ns) >= CLOCK_NS_PER_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text bytes = text_of_bytes(data, size);
    struct arena arena;
    arena_init(&arena, ARENA_BYTES_MAX);
    check_message(&arena, bytes);
    check_binary(&arena, bytes);
    check_timeout(bytes);
    arena_deinit(&arena);
    return 0;
}
