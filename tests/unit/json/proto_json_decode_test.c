#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/proto/shapes_fixture.h"
#include "json/proto_json.h"

/* What is read is compared as it is written again: proto_json_encode_test.c looks at writing alone.
 */
struct decode_case {
    const char *type;
    const char *json;
    const char *written; /* NULL: as it was given */
};

static void assert_read(struct shapes *shapes, const struct decode_case *given, unsigned flags)
{
    const struct proto_type *type = shapes_type(shapes, given->type);
    ProtobufCMessage *message = NULL;
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    enum status status =
        proto_json_decode(&shapes->call, type, text_of(given->json), flags, &message);
    if (status == STATUS_OK) {
        status = proto_json_encode(&shapes->call, type, message, 0, &shapes->buffer);
    }
    if (status != STATUS_OK) {
        fail_msg("%s: %s: %.*s", given->json, status_name(status),
                 TEXT_ARGUMENTS(shapes->call.error.message));
    }
    const char *wanted = given->written != NULL ? given->written : given->json;
    if (!text_equal(buffer_text(&shapes->buffer), text_of(wanted))) {
        fail_msg("%s is written %.*s", given->json, TEXT_ARGUMENTS(buffer_text(&shapes->buffer)));
    }
}

static void test_accepted(void **state)
{
    static const struct decode_case cases[] = {
        {"shapes.All", "{}", NULL},
        {"shapes.Scalars", "{\"int32Value\":-2147483648}", NULL},
        {"shapes.Scalars", "{\"int32_value\":1}", "{\"int32Value\":1}"},
        {"shapes.Scalars", "{\"int32Value\":\"12\"}", "{\"int32Value\":12}"},
        {"shapes.Scalars", "{\"int32Value\":1.0}", "{\"int32Value\":1}"},
        {"shapes.Scalars", "{\"int32Value\":1e3}", "{\"int32Value\":1000}"},
        {"shapes.Scalars", "{\"int32Value\":\"1e1\"}", "{\"int32Value\":10}"},
        {"shapes.Scalars", "{\"int32Value\":12.50e1}", "{\"int32Value\":125}"},
        {"shapes.Scalars", "{\"int32Value\":\"-2147483648.0\"}", "{\"int32Value\":-2147483648}"},
        {"shapes.Scalars", "{\"int32Value\":3000e-3}", "{\"int32Value\":3}"},
        {"shapes.Scalars", "{\"int32Value\":1E+2}", "{\"int32Value\":100}"},
        {"shapes.Scalars", "{\"int32Value\":0e300}", "{}"},
        {"shapes.Scalars", "{\"uint32Value\":-0}", "{}"},
        {"shapes.Scalars", "{\"int32Value\":null}", "{}"},
        {"shapes.Scalars", "{\"int64Value\":9223372036854775807}",
         "{\"int64Value\":\"9223372036854775807\"}"},
        {"shapes.Scalars", "{\"int64Value\":\"-9223372036854775808\"}", NULL},
        {"shapes.Scalars", "{\"int64Value\":9007199254740993.0}",
         "{\"int64Value\":\"9007199254740993\"}"},
        {"shapes.Scalars", "{\"int64Value\":-922337203685477580.8e1}",
         "{\"int64Value\":\"-9223372036854775808\"}"},
        {"shapes.Scalars", "{\"uint64Value\":\"18446744073709551615000e-3\"}",
         "{\"uint64Value\":\"18446744073709551615\"}"},
        {"shapes.Scalars", "{\"uint32Value\":4294967295}", NULL},
        {"shapes.Scalars", "{\"uint64Value\":18446744073709551615}",
         "{\"uint64Value\":\"18446744073709551615\"}"},
        {"shapes.Scalars", "{\"fixed64Value\":\"18446744073709551615\"}", NULL},
        {"shapes.Scalars", "{\"sfixed32Value\":-1,\"sfixed64Value\":\"-1\"}", NULL},
        {"shapes.Scalars", "{\"real\":8.5,\"single\":0.1}", NULL},
        {"shapes.Scalars", "{\"real\":8}", NULL},
        {"shapes.Scalars", "{\"real\":\"8.5\"}", "{\"real\":8.5}"},
        {"shapes.Scalars", "{\"real\":\"NaN\",\"single\":\"-Infinity\"}", NULL},
        {"shapes.Scalars", "{\"real\":\"Infinity\"}", NULL},
        {"shapes.Scalars", "{\"real\":-0.0}", NULL},
        {"shapes.Scalars", "{\"boolValue\":true}", NULL},
        {"shapes.Scalars", "{\"boolValue\":false}", "{}"},
        {"shapes.Scalars", "{\"stringValue\":\"\\u00e9\\n\"}", "{\"stringValue\":\"\xc3\xa9\\n\"}"},
        {"shapes.Scalars", "{\"bytesValue\":\"-_8\"}", "{\"bytesValue\":\"+/8=\"}"},
        {"shapes.Scalars", "{\"color\":\"GREEN\"}", NULL},
        {"shapes.Scalars", "{\"color\":5}", "{\"color\":\"GREEN\"}"},
        {"shapes.Scalars", "{\"color\":-2}", "{\"color\":\"BLUE\"}"},
        {"shapes.Scalars", "{\"color\":77}", NULL},
        {"shapes.Lists", "{\"int32s\":[1,0,\"2\"]}", "{\"int32s\":[1,0,2]}"},
        {"shapes.Lists", "{\"strings\":[\"a\",\"\"],\"leaves\":[{},{\"number\":1}]}", NULL},
        {"shapes.Lists", "{\"blobs\":[\"\",\"AA==\"],\"colors\":[\"RED\",\"COLOR_NONE\"]}", NULL},
        {"shapes.Lists", "{\"strings\":null}", "{}"},
        {"shapes.Lists", "{\"strings\":[]}", "{}"},
        {"shapes.Maps", "{\"texts\":{\"b\":\"1\",\"a\":\"\",\"\":\"x\"}}", NULL},
        {"shapes.Maps", "{\"leaves\":{\"a\":{\"text\":\"t\"},\"b\":{}}}", NULL},
        {"shapes.Maps", "{\"byInt32\":{\"-1\":\"a\"},\"byBool\":{\"true\":\"1\",\"false\":\"0\"}}",
         NULL},
        {"shapes.Maps", "{\"byUint64\":{\"18446744073709551615\":\"RED\"}}", NULL},
        {"shapes.Maps", "{\"trees\":{\"a\":{\"left\":{\"children\":[{},{}]}}}}", NULL},
        {"shapes.Choice", "{\"text\":\"\"}", NULL},
        {"shapes.Choice", "{\"number\":\"0\",\"text\":null}", "{\"number\":\"0\"}"},
        {"shapes.Choice", "{\"after\":\"z\",\"leaf\":{}}", "{\"leaf\":{},\"after\":\"z\"}"},
        {"shapes.Awkward", "{\"other\":\"x\",\"camelCase\":\"y\",\"UPPER\":\"z\"}",
         "{\"camelCase\":\"y\",\"UPPER\":\"z\",\"other\":\"x\"}"},
        {"shapes.Awkward", "{\"renamed\":\"x\",\"trailing_1x\":\"y\"}",
         "{\"trailing1x\":\"y\",\"other\":\"x\"}"},
        {"shapes.All", "{\"choices\":[{\"flag\":false},{\"real\":0}]}", NULL},
        {"shapes.All", "{\"tree\":null,\"scalars\":{}}", "{\"scalars\":{}}"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct decode_case given = cases[i];
        assert_read(*state, &given, 0);
    }
}

static void test_unknown_ignored(void **state)
{
    static const struct decode_case cases[] = {
        {"shapes.All", "{\"x\":[1,{\"y\":null}],\"scalars\":{\"z\":1}}", "{\"scalars\":{}}"},
        {"shapes.Scalars", "{\"color\":\"PURPLE\"}", "{}"},
        {"shapes.Lists", "{\"colors\":[\"RED\",\"PURPLE\",\"GREEN\"]}",
         "{\"colors\":[\"RED\",\"GREEN\"]}"},
        {"shapes.Maps", "{\"byUint64\":{\"1\":\"PURPLE\",\"2\":\"RED\"}}",
         "{\"byUint64\":{\"2\":\"RED\"}}"},
        {"shapes.Choice", "{\"color\":\"PURPLE\"}", "{}"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_read(*state, &cases[i], PROTO_JSON_IGNORE_UNKNOWN);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *type;
        struct text json;
        const char *message;
    } cases[] = {
        {"shapes.All", TEXT_INIT("[]"), "expected an object, not an array"},
        {"shapes.All", TEXT_INIT("null"), "expected an object, not null"},
        {"shapes.All", TEXT_INIT("{"),
         "malformed JSON at line 1, column 2: a member's name must be a string"},
        {"shapes.All", TEXT_INIT("{\"x\":1}"), "x: unknown field"},
        {"shapes.All", TEXT_INIT("{\"scalars\":{\"x\":1}}"), "scalars.x: unknown field"},
        {"shapes.All", TEXT_INIT("{\"Scalars\":{}}"), "Scalars: unknown field"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":1,\"int32_value\":1}"),
         "int32_value: given twice"},
        {"shapes.Scalars", TEXT_INIT("{\"int32_value\":1,\"int32Value\":null}"),
         "int32_value: given twice"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":2147483648}"),
         "int32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":1.5}"),
         "int32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":\"\"}"),
         "int32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":\" 1\"}"),
         "int32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":true}"),
         "int32Value: expected a number, not a boolean"},
        {"shapes.Scalars", TEXT_INIT("{\"uint32Value\":-1}"),
         "uint32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"uint32Value\":4294967296}"),
         "uint32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int64Value\":9223372036854775808}"),
         "int64Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"uint64Value\":18446744073709551616}"),
         "uint64Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"uint64Value\":-1}"),
         "uint64Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int64Value\":\"-9223372036854775809\"}"),
         "int64Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int64Value\":9223372036854775807.5}"),
         "int64Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int64Value\":9007199254740993.0000000001}"),
         "int64Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"uint64Value\":\"18446744073709551615.5\"}"),
         "uint64Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"uint64Value\":\"2e19\"}"),
         "uint64Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"uint64Value\":-1.0}"),
         "uint64Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":10e-2}"),
         "int32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":\"+1\"}"),
         "int32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":\"1.\"}"),
         "int32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":\".0\"}"),
         "int32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":\"1e\"}"),
         "int32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":\"1e+-1\"}"),
         "int32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":\"1e9223372036854775807\"}"),
         "int32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"int32Value\":\"0x1\"}"),
         "int32Value: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"real\":\"nan\"}"), "real: not a number"},
        {"shapes.Scalars", TEXT_INIT("{\"real\":[]}"), "real: expected a number, not an array"},
        {"shapes.Scalars", TEXT_INIT("{\"single\":1e39}"),
         "single: a number too large for a float"},
        {"shapes.Scalars", TEXT_INIT("{\"boolValue\":1}"),
         "boolValue: expected a boolean, not a number"},
        {"shapes.Scalars", TEXT_INIT("{\"boolValue\":\"true\"}"),
         "boolValue: expected a boolean, not a string"},
        {"shapes.Scalars", TEXT_INIT("{\"stringValue\":1}"),
         "stringValue: expected a string, not a number"},
        {"shapes.Scalars", TEXT_INIT("{\"stringValue\":\"a\\u0000\"}"),
         "malformed JSON at line 1, column 20: \\u0000 in a string"},
        {"shapes.Scalars", TEXT_INIT("{\"stringValue\":\"\xff\"}"), "malformed JSON: not UTF-8"},
        {"shapes.Maps", TEXT_INIT("{\"texts\":{\"\xc3\":\"\"}}"), "malformed JSON: not UTF-8"},
        {"shapes.Maps", TEXT_INIT("{\"texts\":{\"\\u0000\":\"\"}}"),
         "malformed JSON at line 1, column 14: \\u0000 in a string"},
        {"shapes.Scalars", TEXT_INIT("{\"bytesValue\":\"*\"}"), "bytesValue: not base64"},
        {"shapes.Scalars", TEXT_INIT("{\"color\":\"PURPLE\"}"), "color: no value of its enum"},
        {"shapes.Scalars", TEXT_INIT("{\"color\":1.5}"),
         "color: not an integer in the range of its type"},
        {"shapes.Scalars", TEXT_INIT("{\"color\":{}}"), "color: expected a number, not an object"},
        {"shapes.Lists", TEXT_INIT("{\"strings\":\"a\"}"),
         "strings: expected an array, not a string"},
        {"shapes.Lists", TEXT_INIT("{\"strings\":[\"a\",null]}"), "strings[1]: null in an array"},
        {"shapes.All", TEXT_INIT("{\"lists\":{\"leaves\":[{},{\"number\":\"x\"}]}}"),
         "lists.leaves[1].number: not an integer in the range of its type"},
        {"shapes.Lists", TEXT_INIT("{\"leaves\":[{},null]}"), "leaves[1]: null in an array"},
        {"shapes.Lists", TEXT_INIT("{\"int32s\":[[1]]}"),
         "int32s[0]: expected a number, not an array"},
        {"shapes.Maps", TEXT_INIT("{\"texts\":[]}"), "texts: expected an object, not an array"},
        {"shapes.Maps", TEXT_INIT("{\"texts\":{\"a\":null}}"), "texts.a: null in a map"},
        {"shapes.Maps", TEXT_INIT("{\"texts\":{\"a\":1}}"),
         "texts.a: expected a string, not a number"},
        {"shapes.Maps", TEXT_INIT("{\"byInt32\":{\"x\":\"\"}}"),
         "byInt32.x: a key is no integer in the range of its type"},
        {"shapes.Maps", TEXT_INIT("{\"byBool\":{\"1\":1}}"),
         "byBool.1: a key must be true or false"},
        {"shapes.Choice", TEXT_INIT("{\"text\":\"\",\"flag\":false}"),
         "flag: another field of its oneof is given too"},
        {"shapes.All", TEXT_INIT("{\"tree\":{\"children\":[{\"left\":{\"label\":7}}]}}"),
         "tree.children[0].left.label: expected a string, not a number"},
    };
    struct shapes *shapes = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        ProtobufCMessage *message = NULL;
        shapes_reset(shapes, SHAPES_ARENA_BYTES);
        enum status status = proto_json_decode(&shapes->call, shapes_type(shapes, cases[i].type),
                                               cases[i].json, 0, &message);
        struct text error = shapes->call.error.message;
        if (status != STATUS_INVALID_ARGUMENT || !text_equal(error, text_of(cases[i].message))) {
            fail_msg("%.*s: %s: %.*s", TEXT_ARGUMENTS(cases[i].json), status_name(status),
                     TEXT_ARGUMENTS(error));
        }
        assert_null(message);
    }
}

/* JSON and messages nest equally here: JSON's own limit comes first. */
static void test_depth(void **state)
{
    struct shapes *shapes = *state;
    const struct proto_type *type = shapes_type(shapes, "shapes.Tree");
    for (size_t depth = PROTO_DEPTH_MAX; depth <= PROTO_DEPTH_MAX + 1; depth++) {
        struct buffer json;
        ProtobufCMessage *message;
        buffer_init(&json, SHAPES_ARENA_BYTES);
        for (size_t i = 1; i < depth; i++) {
            assert_true(buffer_append(&json, TEXT("{\"left\":")));
        }
        assert_true(buffer_append(&json, TEXT("{}")));
        for (size_t i = 1; i < depth; i++) {
            assert_true(buffer_append_byte(&json, '}'));
        }
        shapes_reset(shapes, SHAPES_ARENA_BYTES);
        enum status status =
            proto_json_decode(&shapes->call, type, buffer_text(&json), 0, &message);
        assert_int_equal(status, depth <= PROTO_DEPTH_MAX ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        if (status == STATUS_OK) {
            assert_int_equal(proto_json_encode(&shapes->call, type, message, 0, &shapes->buffer),
                             STATUS_OK);
            assert_true(text_equal(buffer_text(&shapes->buffer), buffer_text(&json)));
        }
        buffer_deinit(&json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_unknown_ignored),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, shapes_set_up, shapes_tear_down);
}
