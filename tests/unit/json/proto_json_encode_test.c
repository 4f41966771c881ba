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

/* Entries of texts, with a value that tells where each stood. */
static void test_map_keys(void **state)
{
    static const struct {
        const char *keys; /* a letter an entry */
        const char *written;
    } cases[] = {
        {"", "{}"},
        {"a", "{\"texts\":{\"a\":\"0\"}}"},
        {"ba", "{\"texts\":{\"b\":\"0\",\"a\":\"1\"}}"},
        {"aa", "{\"texts\":{\"a\":\"1\"}}"},
        {"aba", "{\"texts\":{\"b\":\"1\",\"a\":\"2\"}}"},
        {"baab", "{\"texts\":{\"a\":\"2\",\"b\":\"3\"}}"},
        {"cbabc", "{\"texts\":{\"a\":\"2\",\"b\":\"3\",\"c\":\"4\"}}"},
        {"aaaaaaa", "{\"texts\":{\"a\":\"6\"}}"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        Shapes__Maps__TextsEntry all[10];
        Shapes__Maps__TextsEntry *entries[10];
        char digits[10];
        Shapes__Maps maps = SHAPES__MAPS__INIT;
        maps.n_texts = strlen(cases[i].keys);
        maps.texts = entries;
        for (size_t j = 0; j < maps.n_texts; j++) {
            digits[j] = (char)('0' + j);
            shapes__maps__texts_entry__init(&all[j]);
            all[j].key = proto_bytes(text_of_bytes(&cases[i].keys[j], 1));
            all[j].value = proto_bytes(text_of_bytes(&digits[j], 1));
            entries[j] = &all[j];
        }
        assert_written(*state, &maps, 0, cases[i].written);
    }
}

/* A key of each kind, in bytes that give it twice. */
static void test_map_key_twice(void **state)
{
    static const struct {
        struct text bytes;
        const char *written;
    } cases[] = {
        {TEXT_INIT("\x12\x05\x0a\x01k\x12\x00\x12\x07\x0a\x01k\x12\x02\x10\x02"),
         "{\"leaves\":{\"k\":{\"number\":2}}}"},
        {TEXT_INIT("\x1a\x05\x08\x01\x12\x01x\x1a\x05\x12\x01y\x08\x01"),
         "{\"byInt32\":{\"1\":\"y\"}}"},
        {TEXT_INIT("\x1a\x02\x08\x00\x1a\x05\x08\x01\x12\x01x\x1a\x00"),
         "{\"byInt32\":{\"1\":\"x\",\"0\":\"\"}}"},
        {TEXT_INIT("\x2a\x05\x08\x01\x12\x01x\x2a\x02\x08\x01"), "{\"byUint32\":{\"1\":\"\"}}"},
        {TEXT_INIT("\x3a\x04\x08\x01\x10\x01\x3a\x04\x08\x02\x10\x02"),
         "{\"byBool\":{\"true\":\"2\"}}"},
        {TEXT_INIT("\x42\x04\x08\x01\x10\x01\x42\x02\x08\x01"), "{\"bySint32\":{\"-1\":false}}"},
        {TEXT_INIT("\x4a\x09\x09\x01\0\0\0\0\0\0\x01\x4a\x09\x09\x01\0\0\0\0\0\0\0"
                   "\x4a\x09\x09\x01\0\0\0\0\0\0\x01"),
         "{\"byFixed64\":{\"1\":0,\"72057594037927937\":0}}"},
    };
    struct shapes *shapes = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        ProtobufCMessage *message;
        shapes_reset(shapes, SHAPES_ARENA_BYTES);
        assert_int_equal(proto_decode(&shapes->call, shapes_type(shapes, "shapes.Maps"),
                                      cases[i].bytes, &message),
                         STATUS_OK);
        assert_int_equal(proto_json_encode(&shapes->call, shapes_type(shapes, "shapes.Maps"),
                                           message, 0, &shapes->buffer),
                         STATUS_OK);
        if (!text_equal(buffer_text(&shapes->buffer), text_of(cases[i].written))) {
            fail_msg("%s is written %.*s", cases[i].written,
                     TEXT_ARGUMENTS(buffer_text(&shapes->buffer)));
        }
    }
}

/* Thousands of entries in a bad order: a search for each of them would take minutes. */
static void test_large_map(void **state)
{
    enum { ENTRIES = 100000, KEYS = 1000 };
    struct shapes *shapes = *state;
    ProtobufCMessage *message;
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        uint32_t key = KEYS - 1 - i % KEYS;
        const char entry[] = {0x1a, 3, 8, (char)(key | 0x80), (char)(key >> 7)};
        assert_true(buffer_append(&shapes->buffer, text_of_bytes(entry, sizeof(entry))));
    }
    const struct proto_type *type = shapes_type(shapes, "shapes.Maps");
    assert_int_equal(proto_decode(&shapes->call, type, buffer_text(&shapes->buffer), &message),
                     STATUS_OK);
    buffer_clear(&shapes->buffer);
    assert_int_equal(proto_json_encode(&shapes->call, type, message, 0, &shapes->buffer),
                     STATUS_OK);
    assert_int_equal(
        proto_json_decode(&shapes->call, type, buffer_text(&shapes->buffer), 0, &message),
        STATUS_OK);
    assert_int_equal(((const Shapes__Maps *)message)->n_by_int32, KEYS);
}

static void test_no_memory_for_keys(void **state)
{
    struct shapes *shapes = *state;
    Shapes__Maps__ByInt32Entry entry = SHAPES__MAPS__BY_INT32_ENTRY__INIT;
    Shapes__Maps__ByInt32Entry *entries[] = {&entry, &entry, &entry};
    Shapes__Maps maps = SHAPES__MAPS__INIT;
    maps.n_by_int32 = ARRAY_LENGTH(entries);
    maps.by_int32 = entries;
    assert_written(shapes, &maps, 0, "{\"byInt32\":{\"0\":\"\"}}");
    size_t needed = arena_used_bytes(&shapes->arena);
    assert_true(needed > 0);
    for (size_t cap = 0; cap < needed; cap++) {
        shapes_reset(shapes, cap);
        assert_int_equal(proto_json_encode(&shapes->call, shapes_type(shapes, "shapes.Maps"),
                                           &maps.base, 0, &shapes->buffer),
                         STATUS_RESOURCE_EXHAUSTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),   cmocka_unit_test(test_zeros),
        cmocka_unit_test(test_oneof),     cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_too_deep),  cmocka_unit_test(test_within_json),
        cmocka_unit_test(test_map_keys),  cmocka_unit_test(test_map_key_twice),
        cmocka_unit_test(test_large_map), cmocka_unit_test(test_no_memory_for_keys),
    };
    return cmocka_run_group_tests(tests, shapes_set_up, shapes_tear_down);
}
