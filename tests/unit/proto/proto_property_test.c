/* Random messages survive being sent; hostile bytes and little memory are survived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/proto/shapes_fixture.h"
#include "unit/proto/shapes_random.h"

enum { MESSAGE_COUNT = 500, MESSAGE_DEPTH = 5, MEMORY_COUNT = 20 };

static struct text random_bytes(struct shapes *shapes, const struct proto_type *type, uint64_t seed)
{
    struct shapes_random random = {&shapes->arena, seed * UINT64_C(0x9e3779b97f4a7c15), false};
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    assert_true(proto_encode(shapes_random_message(&random, type, MESSAGE_DEPTH), &shapes->buffer));
    return buffer_text(&shapes->buffer);
}

static void test_round_trip(void **state)
{
    struct shapes *shapes = *state;
    const struct proto_type *type = shapes_type(shapes, "shapes.All");
    struct buffer again;
    buffer_init(&again, SHAPES_ARENA_BYTES);
    for (uint64_t seed = 1; seed <= MESSAGE_COUNT; seed++) {
        struct text bytes = random_bytes(shapes, type, seed);
        ProtobufCMessage *message;
        buffer_clear(&again);
        assert_int_equal(proto_decode(&shapes->call, type, bytes, &message), STATUS_OK);
        assert_int_equal(proto_validate(&shapes->call, type, message), STATUS_OK);
        assert_true(proto_encode(message, &again));
        if (!text_equal(buffer_text(&again), bytes)) {
            fail_msg("the message of seed %lu changes", (unsigned long)seed);
        }
    }
    buffer_deinit(&again);
}

/* protobuf-c's own decoder reads the same. */
static void test_like_protobuf_c(void **state)
{
    struct shapes *shapes = *state;
    const struct proto_type *type = shapes_type(shapes, "shapes.All");
    struct buffer again;
    buffer_init(&again, SHAPES_ARENA_BYTES);
    for (uint64_t seed = 1; seed <= MESSAGE_COUNT; seed++) {
        struct text bytes = random_bytes(shapes, type, seed);
        ProtobufCAllocator allocator;
        proto_arena_allocator(&shapes->arena, &allocator);
        const ProtobufCMessage *message = protobuf_c_message_unpack(
            type->c, &allocator, bytes.length, (const uint8_t *)bytes.data);
        assert_non_null(message);
        buffer_clear(&again);
        assert_true(proto_encode(message, &again));
        assert_true(text_equal(buffer_text(&again), bytes));
    }
    buffer_deinit(&again);
}

/* Every cut of a message is refused or is a message, and never read past its end. */
static void test_truncated(void **state)
{
    struct shapes *shapes = *state;
    const struct proto_type *type = shapes_type(shapes, "shapes.All");
    struct text bytes = random_bytes(shapes, type, 3);
    char *copy = malloc(bytes.length);
    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.length);
    size_t refused = 0;
    for (size_t length = 0; length < bytes.length; length++) {
        ProtobufCMessage *message;
        shapes_reset(shapes, SHAPES_ARENA_BYTES);
        enum status status =
            proto_decode(&shapes->call, type, text_of_bytes(copy, length), &message);
        assert_true(status == STATUS_OK || status == STATUS_INTERNAL);
        refused += status != STATUS_OK;
    }
    assert_true(refused > bytes.length / 2);
    free(copy);
}

/* With too little memory, at whatever allocation, decoding fails and says so. */
static void test_little_memory(void **state)
{
    struct shapes *shapes = *state;
    const struct proto_type *type = shapes_type(shapes, "shapes.All");
    for (uint64_t seed = 1; seed <= MEMORY_COUNT; seed++) {
        struct text bytes = random_bytes(shapes, type, seed);
        ProtobufCMessage *message;
        char *copy = malloc(bytes.length + 1);
        assert_non_null(copy);
        memcpy(copy, bytes.data, bytes.length);
        struct text given = text_of_bytes(copy, bytes.length);
        shapes_reset(shapes, SHAPES_ARENA_BYTES);
        assert_int_equal(proto_decode(&shapes->call, type, given, &message), STATUS_OK);
        size_t needed = arena_used_bytes(&shapes->arena);
        for (size_t cap = 0; cap < needed; cap += 1 + needed / 200) {
            shapes_reset(shapes, cap);
            assert_int_equal(proto_decode(&shapes->call, type, given, &message),
                             STATUS_RESOURCE_EXHAUSTED);
        }
        shapes_reset(shapes, needed);
        assert_int_equal(proto_decode(&shapes->call, type, given, &message), STATUS_OK);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_like_protobuf_c),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_little_memory),
    };
    return cmocka_run_group_tests(tests, shapes_set_up, shapes_tear_down);
}
