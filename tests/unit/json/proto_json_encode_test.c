#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/proto/shapes_fixture.h"
#include "json/json.h"
#include "json/proto_json.h"

static void assert_written(struct shapes *shapes, const void *message, unsigned flags,
                           const char *wanted)
{
    const ProtobufCMessage *base = message;
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    assert_int_equal(proto_json_encode(&shapes->call,
                                       proto_pool_type(shapes->pool, base->descriptor), base, flags,
                                       &shapes->buffer),
                     STATUS_OK);
    if (!text_equal(buffer_text(&shapes->buffer), text_of(wanted))) {
        fail_msg("%.*s", TEXT_ARGUMENTS(buffer_text(&shapes->buffer)));
    }
}

static void test_scalars(void **state)
{
    Shapes__Scalars message = SHAPES__SCALARS__INIT;
    assert_written(*state, &message, 0, "{}");
    message.real = 0.1;
    message.single = 0.1F;
    message.int32_value = -1;
    message.int64_value = INT64_MIN;
    message.uint32_value = UINT32_MAX;
    message.uint64_value = UINT64_MAX;
    message.sint32_value = 1;
    message.sint64_value = -1;
    message.fixed32_value = 2;
    message.fixed64_value = 3;
    message.sfixed32_value = -4;
    message.sfixed64_value = -5;
    message.bool_value = 1;
    message.string_value = proto_bytes(TEXT("\"\xc3\xa9"));
    message.bytes_value = proto_bytes(TEXT("\xff\0"));
    message.color = SHAPES__COLOR__BLUE;
    assert_written(*state, &message, 0,
                   "{\"real\":0.1,\"single\":0.1,\"int32Value\":-1,"
                   "\"int64Value\":\"-9223372036854775808\",\"uint32Value\":4294967295,"
                   "\"uint64Value\":\"18446744073709551615\",\"sint32Value\":1,"
                   "\"sint64Value\":\"-1\",\"fixed32Value\":2,\"fixed64Value\":\"3\","
                   "\"sfixed32Value\":-4,\"sfixed64Value\":\"-5\",\"boolValue\":true,"
                   "\"stringValue\":\"\\\"\xc3\xa9\",\"bytesValue\":\"/wA=\",\"color\":\"BLUE\"}");
}

static void test_zeros(void **state)
{
    Shapes__Leaf leaf = SHAPES__LEAF__INIT;
    Shapes__Choice choice = SHAPES__CHOICE__INIT;
    Shapes__Tree tree = SHAPES__TREE__INIT;
    Shapes__Awkward awkward = SHAPES__AWKWARD__INIT;
    Shapes__Maps__ByBoolEntry entry = SHAPES__MAPS__BY_BOOL_ENTRY__INIT;
    Shapes__Maps__LeavesEntry leaf_entry = SHAPES__MAPS__LEAVES_ENTRY__INIT;
    Shapes__Maps__ByBoolEntry *entries[] = {&entry};
    Shapes__Maps__LeavesEntry *leaf_entries[] = {&leaf_entry};
    Shapes__Maps maps = SHAPES__MAPS__INIT;
    assert_written(*state, &leaf, PROTO_JSON_EMIT_ZERO, "{\"text\":\"\",\"number\":0}");
    assert_written(*state, &choice, PROTO_JSON_EMIT_ZERO, "{\"after\":\"\"}");
    assert_written(*state, &tree, PROTO_JSON_EMIT_ZERO, "{\"label\":\"\",\"children\":[]}");
    assert_written(*state, &awkward, PROTO_JSON_EMIT_ZERO,
                   "{\"string\":[],\"camelCase\":\"\",\"UPPER\":\"\",\"trailing1x\":\"\","
                   "\"other\":\"\",\"inner\":\"INNER_ZERO\"}");
    maps.n_by_bool = 1;
    maps.by_bool = entries;
    maps.n_leaves = 1;
    maps.leaves = leaf_entries;
    assert_written(*state, &maps, 0, "{\"leaves\":{\"\":{}},\"byBool\":{\"false\":\"0\"}}");
}

static void test_oneof(void **state)
{
    Shapes__Choice choice = SHAPES__CHOICE__INIT;
    choice.pick_case = SHAPES__CHOICE__PICK_NUMBER;
    choice.number = 0;
    assert_written(*state, &choice, 0, "{\"number\":\"0\"}");
    choice.pick_case = SHAPES__CHOICE__PICK_COLOR;
    choice.color = (Shapes__Color)99;
    assert_written(*state, &choice, 0, "{\"color\":99}");
}

static void test_no_room(void **state)
{
    struct shapes *shapes = *state;
    Shapes__Scalars message = SHAPES__SCALARS__INIT;
    message.bytes_value = proto_bytes(TEXT("hello"));
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    for (size_t limit = 0; limit <= 25; limit++) {
        struct buffer small;
        buffer_init(&small, limit);
        assert_int_equal(proto_json_encode(&shapes->call, shapes_type(shapes, "shapes.Scalars"),
                                           &message.base, 0, &small),
                         limit < 25 ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK);
        buffer_deinit(&small);
    }
}

static void test_too_deep(void **state)
{
    static Shapes__Tree trees[PROTO_DEPTH_MAX + 1];
    struct shapes *shapes = *state;
    const struct proto_type *type = shapes_type(shapes, "shapes.Tree");
    for (size_t i = 0; i < ARRAY_LENGTH(trees); i++) {
        shapes__tree__init(&trees[i]);
        trees[i].left = i > 0 ? &trees[i - 1] : NULL;
    }
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    assert_int_equal(proto_json_encode(&shapes->call, type, &trees[PROTO_DEPTH_MAX - 1].base, 0,
                                       &shapes->buffer),
                     STATUS_OK);
    assert_int_equal(
        proto_json_encode(&shapes->call, type, &trees[PROTO_DEPTH_MAX].base, 0, &shapes->buffer),
        STATUS_RESOURCE_EXHAUSTED);
}

static void test_within_json(void **state)
{
    struct shapes *shapes = *state;
    Shapes__Leaf leaf = SHAPES__LEAF__INIT;
    struct json_writer writer;
    leaf.number = 7;
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    json_writer_init(&writer, &shapes->buffer);
    json_open_array(&writer);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(proto_json_write(&shapes->call, shapes_type(shapes, "shapes.Leaf"),
                                          &leaf.base, 0, &writer),
                         STATUS_OK);
    }
    json_close_array(&writer);
    assert_true(json_writer_end(&writer));
    assert_true(text_equal(buffer_text(&shapes->buffer), TEXT("[{\"number\":7},{\"number\":7}]")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),  cmocka_unit_test(test_zeros),
        cmocka_unit_test(test_oneof),    cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_too_deep), cmocka_unit_test(test_within_json),
    };
    return cmocka_run_group_tests(tests, shapes_set_up, shapes_tear_down);
}
