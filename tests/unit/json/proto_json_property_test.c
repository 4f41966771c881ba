/* Random messages survive JSON; little memory is survived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/proto/shapes_fixture.h"
#include "unit/proto/shapes_random.h"
#include "json/json.h"
#include "json/proto_json.h"

enum { MESSAGE_COUNT = 500, MESSAGE_DEPTH = 5, MEMORY_COUNT = 10 };

struct texts {
    struct buffer json;
    struct buffer bytes;
};

static void random_json(struct shapes *shapes, const struct proto_type *type, uint64_t seed,
                        unsigned flags, struct texts *texts)
{
    struct shapes_random random = {&shapes->arena, seed * UINT64_C(0x9e3779b97f4a7c15), false};
    buffer_clear(&texts->json);
    buffer_clear(&texts->bytes);
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    const ProtobufCMessage *message = shapes_random_message(&random, type, MESSAGE_DEPTH);
    assert_true(proto_encode(message, &texts->bytes));
    assert_int_equal(proto_json_encode(&shapes->call, type, message, flags, &texts->json),
                     STATUS_OK);
}

static void test_round_trip(void **state)
{
    struct shapes *shapes = *state;
    const struct proto_type *type = shapes_type(shapes, "shapes.All");
    struct texts texts;
    buffer_init(&texts.json, SHAPES_ARENA_BYTES);
    buffer_init(&texts.bytes, SHAPES_ARENA_BYTES);
    for (uint64_t seed = 1; seed <= MESSAGE_COUNT; seed++) {
        ProtobufCMessage *message;
        random_json(shapes, type, seed, seed % 2 == 0 ? PROTO_JSON_EMIT_ZERO : 0, &texts);
        enum status status =
            proto_json_decode(&shapes->call, type, buffer_text(&texts.json), 0, &message);
        if (status != STATUS_OK) {
            fail_msg("seed %lu: %.*s", (unsigned long)seed,
                     TEXT_ARGUMENTS(shapes->call.error.message));
        }
        assert_int_equal(proto_validate(&shapes->call, type, message), STATUS_OK);
        assert_true(proto_encode(message, &shapes->buffer));
        if (!text_equal(buffer_text(&shapes->buffer), buffer_text(&texts.bytes))) {
            fail_msg("the message of seed %lu changes", (unsigned long)seed);
        }
    }
    buffer_deinit(&texts.json);
    buffer_deinit(&texts.bytes);
}

static void test_little_memory(void **state)
{
    struct shapes *shapes = *state;
    const struct proto_type *type = shapes_type(shapes, "shapes.All");
    struct texts texts;
    buffer_init(&texts.json, SHAPES_ARENA_BYTES);
    buffer_init(&texts.bytes, SHAPES_ARENA_BYTES);
    for (uint64_t seed = 1; seed <= MEMORY_COUNT; seed++) {
        ProtobufCMessage *message;
        random_json(shapes, type, seed, 0, &texts);
        struct text json = buffer_text(&texts.json);
        shapes_reset(shapes, SHAPES_ARENA_BYTES);
        assert_int_equal(proto_json_decode(&shapes->call, type, json, 0, &message), STATUS_OK);
        size_t needed = arena_used_bytes(&shapes->arena);
        for (size_t cap = 0; cap < needed; cap += 1 + needed / 200) {
            shapes_reset(shapes, cap);
            assert_int_equal(proto_json_decode(&shapes->call, type, json, 0, &message),
                             STATUS_RESOURCE_EXHAUSTED);
        }
    }
    buffer_deinit(&texts.json);
    buffer_deinit(&texts.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_little_memory),
    };
    return cmocka_run_group_tests(tests, shapes_set_up, shapes_tear_down);
}
