#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <google/protobuf/descriptor.pb-c.h>

#include "unit/proto/shapes_fixture.h"

extern const unsigned char marquee_shapes_proto_descriptor_set[];
extern const size_t marquee_shapes_proto_descriptor_set_size;

static void assert_text(struct text actual, const char *wanted)
{
    if (!text_equal(actual, text_of(wanted))) {
        fail_msg("\"%.*s\" is not \"%s\"", TEXT_ARGUMENTS(actual), wanted);
    }
}

static const struct proto_field *field_of(const struct shapes *shapes, const char *type,
                                          const char *name)
{
    const struct proto_field *field =
        proto_type_find_field(shapes_type(shapes, type), text_of(name));
    assert_non_null(field);
    return field;
}

static void test_type_lookup(void **state)
{
    const struct shapes *shapes = *state;
    const struct proto_type *type = proto_pool_type(shapes->pool, &shapes__all__descriptor);
    assert_non_null(type);
    assert_text(type->full_name, "shapes.All");
    assert_ptr_equal(proto_pool_find_type(shapes->pool, TEXT("shapes.All")), type);
    assert_ptr_equal(type->pool, shapes->pool);
    assert_non_null(proto_pool_type(shapes->pool, &shapes__maps__trees_entry__descriptor));
    assert_null(proto_pool_find_type(shapes->pool, TEXT("shapes.Missing")));
    assert_null(proto_pool_type(shapes->pool, &google__protobuf__file_descriptor_set__descriptor));
}

static void test_field_facts(void **state)
{
    static const struct {
        const char *type;
        const char *field;
        const char *json_name;
        bool is_text;
        bool is_map;
        bool is_message;
    } cases[] = {
        {"shapes.Scalars", "string_value", "stringValue", true, false, false},
        {"shapes.Scalars", "bytes_value", "bytesValue", false, false, false},
        {"shapes.Scalars", "int32_value", "int32Value", false, false, false},
        {"shapes.Lists", "strings", "strings", true, false, false},
        {"shapes.Lists", "blobs", "blobs", false, false, false},
        {"shapes.Lists", "leaves", "leaves", false, false, true},
        {"shapes.Maps", "texts", "texts", false, true, true},
        {"shapes.Maps", "trees", "trees", false, true, true},
        {"shapes.Maps.TextsEntry", "key", "key", true, false, false},
        {"shapes.Maps.ByUint32Entry", "value", "value", false, false, false},
        {"shapes.Choice", "text", "text", true, false, false},
        {"shapes.Choice", "blob", "blob", false, false, false},
        {"shapes.Awkward", "string", "string", true, false, false},
        {"shapes.Awkward", "camelCase", "camelCase", true, false, false},
        {"shapes.Awkward", "UPPER", "UPPER", true, false, false},
        {"shapes.Awkward", "trailing_1x", "trailing1x", true, false, false},
        {"shapes.Awkward", "renamed", "other", true, false, false},
        {"shapes.Awkward.string_holder", "string", "string", true, false, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct proto_field *field = field_of(*state, cases[i].type, cases[i].field);
        assert_text(field->name, cases[i].field);
        assert_text(field->json_name, cases[i].json_name);
        assert_int_equal(field->is_text, cases[i].is_text);
        assert_int_equal(field->is_map, cases[i].is_map);
        assert_int_equal(field->message != NULL, cases[i].is_message);
    }
}

/* In the C code no field is a string: it would be cut at NUL. */
static void test_no_c_strings(void **state)
{
    const struct shapes *shapes = *state;
    static const char *const types[] = {"shapes.Scalars",         "shapes.Lists",
                                        "shapes.Maps.TextsEntry", "shapes.Choice",
                                        "shapes.Awkward",         "shapes.Tree"};
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        const struct proto_type *type = shapes_type(shapes, types[i]);
        for (unsigned j = 0; j < type->c->n_fields; j++) {
            assert_int_not_equal(type->c->fields[j].type, PROTOBUF_C_TYPE_STRING);
        }
    }
}

static void test_text_reach(void **state)
{
    const struct shapes *shapes = *state;
    assert_true(shapes_type(shapes, "shapes.Tree")->has_text);
    assert_true(shapes_type(shapes, "shapes.All")->has_text);
    assert_true(shapes_type(shapes, "shapes.Maps.LeavesEntry")->has_text);
    assert_false(shapes_type(shapes, "shapes.Nothing")->has_text);
    assert_false(shapes_type(shapes, "shapes.Maps.ByBoolEntry")->has_text);
    assert_false(shapes_type(shapes, "google.protobuf.Timestamp")->has_text);
    assert_true(shapes_type(shapes, "google.protobuf.Value")->has_text);
}

static void test_well_known(void **state)
{
    const struct shapes *shapes = *state;
    assert_int_equal(shapes_type(shapes, "google.protobuf.Any")->well_known, PROTO_ANY);
    assert_int_equal(shapes_type(shapes, "google.protobuf.Int64Value")->well_known, PROTO_WRAPPER);
    assert_int_equal(shapes_type(shapes, "google.protobuf.Struct.FieldsEntry")->well_known,
                     PROTO_ORDINARY);
    assert_int_equal(shapes_type(shapes, "shapes.WellKnown")->well_known, PROTO_ORDINARY);
}

static void test_field_numbers(void **state)
{
    const struct proto_type *type = shapes_type(*state, "shapes.WellKnown");
    assert_text(proto_type_field(type, 1)->name, "any");
    assert_text(proto_type_field(type, 25)->name, "text");
    assert_null(proto_type_field(type, 26));
    assert_null(proto_type_field(type, 0));
    assert_null(proto_type_field(type, UINT32_MAX));
    assert_null(proto_type_field(shapes_type(*state, "shapes.Nothing"), 1));
}

static void test_symbols(void **state)
{
    static const struct {
        const char *symbol;
        const char *file; /* NULL: unknown */
    } cases[] = {
        {"shapes.All", "shapes.proto"},
        {"shapes.Awkward.Inner", "shapes.proto"},
        {"shapes.Awkward.INNER_ONE", "shapes.proto"},
        {"shapes.Awkward.string_holder.string", "shapes.proto"},
        {"shapes.RED", "shapes.proto"},
        {"shapes.Choice.pick", "shapes.proto"},
        {"shapes.Maps.TextsEntry", "shapes.proto"},
        {"shapes.ShapeService", "shapes.proto"},
        {"shapes.ShapeService.Get", "shapes.proto"},
        {"shapes.WellKnown.any", "well_known.proto"},
        {"google.protobuf.Timestamp", "google/protobuf/timestamp.proto"},
        {"google.protobuf.NULL_VALUE", "google/protobuf/struct.proto"},
        {"shapes", NULL},
        {".shapes.All", NULL},
        {"shapes.All.", NULL},
        {"", NULL},
    };
    const struct shapes *shapes = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text file = TEXT("");
        bool found = proto_pool_file_of_symbol(shapes->pool, text_of(cases[i].symbol), &file);
        assert_int_equal(found, cases[i].file != NULL);
        if (found) {
            assert_text(file, cases[i].file);
        }
    }
}

static void test_files(void **state)
{
    const struct shapes *shapes = *state;
    struct text bytes;
    assert_true(proto_pool_file(shapes->pool, TEXT("shapes.proto"), &bytes));
    /* FileDescriptorProto.name is its first field. */
    assert_true(text_starts_with(bytes, TEXT("\x0a\x0cshapes.proto")));
    assert_false(proto_pool_file(shapes->pool, TEXT("other.proto"), &bytes));
    assert_int_equal(proto_pool_import_count(shapes->pool, TEXT("well_known.proto")), 7);
    assert_text(proto_pool_import(shapes->pool, TEXT("well_known.proto"), 1),
                "google/protobuf/duration.proto");
    assert_int_equal(proto_pool_import_count(shapes->pool, TEXT("other.proto")), 0);
}

static void test_same_set_twice(void **state)
{
    (void)state;
    struct proto_descriptor_set set = {marquee_shapes_proto_descriptor_set,
                                       marquee_shapes_proto_descriptor_set_size};
    struct proto_descriptor_set sets[] = {set, set};
    const ProtobufCMessageDescriptor *const root = &shapes__leaf__descriptor;
    struct proto_pool *pool;
    assert_int_equal(proto_pool_create(sets, 2, &root, 1, &pool), STATUS_OK);
    assert_non_null(proto_pool_type(pool, root));
    assert_null(proto_pool_type(pool, &shapes__all__descriptor));
    proto_pool_destroy(pool);
}

static void test_refused_sets(void **state)
{
    (void)state;
    static const unsigned char garbage[] = {0x0a, 0x05, 'a'};
    struct proto_descriptor_set bad = {garbage, sizeof(garbage)};
    struct proto_descriptor_set good = {marquee_shapes_proto_descriptor_set,
                                        marquee_shapes_proto_descriptor_set_size};
    const ProtobufCMessageDescriptor *const root = &shapes__leaf__descriptor;
    const ProtobufCMessageDescriptor *const foreign =
        &google__protobuf__file_descriptor_set__descriptor;
    struct proto_pool *pool = NULL;
    assert_int_equal(proto_pool_create(&bad, 1, &root, 1, &pool), STATUS_INTERNAL);
    assert_int_equal(proto_pool_create(&good, 1, &foreign, 1, &pool), STATUS_INTERNAL);
    assert_int_equal(proto_pool_create(NULL, 0, &root, 1, &pool), STATUS_INTERNAL);
    assert_null(pool);
    proto_pool_destroy(pool);
}

static void test_empty_pool(void **state)
{
    (void)state;
    struct proto_pool *pool;
    struct text file;
    assert_int_equal(proto_pool_create(NULL, 0, NULL, 0, &pool), STATUS_OK);
    assert_null(proto_pool_type(pool, &shapes__leaf__descriptor));
    assert_false(proto_pool_file(pool, TEXT("a"), &file));
    assert_false(proto_pool_file_of_symbol(pool, TEXT("a"), &file));
    proto_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_type_lookup),    cmocka_unit_test(test_field_facts),
        cmocka_unit_test(test_no_c_strings),   cmocka_unit_test(test_text_reach),
        cmocka_unit_test(test_well_known),     cmocka_unit_test(test_field_numbers),
        cmocka_unit_test(test_symbols),        cmocka_unit_test(test_files),
        cmocka_unit_test(test_same_set_twice), cmocka_unit_test(test_refused_sets),
        cmocka_unit_test(test_empty_pool),
    };
    return cmocka_run_group_tests(tests, shapes_set_up, shapes_tear_down);
}
