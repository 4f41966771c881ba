/* The JSON forms of google/protobuf's own types. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/proto/shapes_fixture.h"
#include "json/json.h"
#include "json/proto_json.h"

static enum status read_and_write(struct shapes *shapes, const char *type_name, struct text json,
                                  unsigned flags)
{
    const struct proto_type *type = shapes_type(shapes, type_name);
    ProtobufCMessage *message = NULL;
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    enum status status = proto_json_decode(&shapes->call, type, json, flags, &message);
    if (status == STATUS_OK) {
        status = proto_json_encode(&shapes->call, type, message, 0, &shapes->buffer);
    }
    return status;
}

static void test_accepted(void **state)
{
    static const struct {
        const char *json;
        const char *written; /* NULL: as given */
    } cases[] = {
        {"{\"time\":\"1970-01-01T00:00:00Z\"}", NULL},
        {"{\"time\":\"0001-01-01T00:00:00Z\"}", NULL},
        {"{\"time\":\"9999-12-31T23:59:59.999999999Z\"}", NULL},
        {"{\"time\":\"2024-02-29T12:34:56.120Z\"}", NULL},
        {"{\"time\":\"2024-02-29T12:34:56.12Z\"}", "{\"time\":\"2024-02-29T12:34:56.120Z\"}"},
        {"{\"time\":\"1969-12-31T23:59:59.000001Z\"}", NULL},
        {"{\"time\":\"2000-03-01T01:00:00+02:30\"}", "{\"time\":\"2000-02-29T22:30:00Z\"}"},
        {"{\"time\":\"1999-12-31T20:00:00-04:00\"}", "{\"time\":\"2000-01-01T00:00:00Z\"}"},
        {"{\"times\":[\"1900-02-28T00:00:00Z\",\"1900-03-01T00:00:00Z\"]}", NULL},
        {"{\"duration\":\"0s\"}", NULL},
        {"{\"duration\":\"1.5s\"}", "{\"duration\":\"1.500s\"}"},
        {"{\"duration\":\"-0.000000001s\"}", NULL},
        {"{\"duration\":\"-315576000000.999999999s\"}", NULL},
        {"{\"mask\":\"\"}", NULL},
        {"{\"mask\":\"a,fooBar.bazQux\"}", NULL},
        {"{\"empty\":{}}", NULL},
        {"{\"boolValue\":false,\"bytesValue\":\"\",\"doubleValue\":0,\"floatValue\":\"NaN\","
         "\"int32Value\":0,\"int64Value\":\"0\",\"stringValue\":\"\",\"uint32Value\":0,"
         "\"uint64Value\":\"18446744073709551615\"}",
         NULL},
        {"{\"int64Value\":null}", "{}"},
        {"{\"structure\":{\"a\":null,\"b\":[1,\"x\",true,{}],\"c\":{\"d\":8.5}}}", NULL},
        {"{\"structure\":{}}", NULL},
        {"{\"list\":[[],null,{\"a\":[]}]}", NULL},
        {"{\"value\":null}", NULL},
        {"{\"value\":\"x\"}", NULL},
        {"{\"value\":[false]}", NULL},
        {"{\"values\":[null,1]}", NULL},
        {"{\"valueMap\":{\"a\":null},\"wrapperMap\":{\"b\":\"7\"}}", NULL},
        {"{\"nullValue\":null}", "{}"},
        {"{\"nullValue\":\"NULL_VALUE\"}", "{}"},
        {"{\"nothing\":null}", NULL},
        {"{\"anything\":null}", NULL},
        {"{\"text\":null,\"anything\":1}", "{\"anything\":1}"},
        {"{\"any\":{}}", NULL},
        {"{\"any\":{\"@type\":\"type.googleapis.com/shapes.Leaf\",\"text\":\"a\"}}", NULL},
        {"{\"any\":{\"number\":1,\"@type\":\"x/shapes.Leaf\"}}",
         "{\"any\":{\"@type\":\"x/shapes.Leaf\",\"number\":1}}"},
        {"{\"any\":{\"@type\":\"x/google.protobuf.Duration\",\"value\":\"1s\"}}", NULL},
        {"{\"any\":{\"@type\":\"x/google.protobuf.Value\",\"value\":null}}", NULL},
        {"{\"any\":{\"@type\":\"x/google.protobuf.Empty\",\"value\":{}}}", NULL},
        {"{\"any\":{\"@type\":\"x/google.protobuf.Empty\"}}",
         "{\"any\":{\"@type\":\"x/google.protobuf.Empty\",\"value\":{}}}"},
        {"{\"any\":{\"@type\":\"x/google.protobuf.Any\",\"value\":{\"@type\":\"x/shapes.Leaf\"}}}",
         NULL},
    };
    struct shapes *shapes = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        enum status status = read_and_write(shapes, "shapes.WellKnown", text_of(cases[i].json), 0);
        struct text written = buffer_text(&shapes->buffer);
        const char *wanted = cases[i].written != NULL ? cases[i].written : cases[i].json;
        if (status != STATUS_OK || !text_equal(written, text_of(wanted))) {
            fail_msg("%s: %s: %.*s: %.*s", cases[i].json, status_name(status),
                     TEXT_ARGUMENTS(shapes->call.error.message), TEXT_ARGUMENTS(written));
        }
    }
}

#define NOT_TIME "time: not a time as 2026-02-03T04:05:06.789Z"
#define NOT_DURATION "duration: not a duration as 1.5s"

static void test_refused(void **state)
{
    static const struct {
        const char *json;
        const char *message;
    } cases[] = {
        {"{\"time\":1}", "time: expected a string, not a number"},
        {"{\"time\":\"\"}", NOT_TIME},
        {"{\"time\":\"2024-02-29\"}", NOT_TIME},
        {"{\"time\":\"2023-02-29T00:00:00Z\"}", NOT_TIME},
        {"{\"time\":\"1900-02-29T00:00:00Z\"}", NOT_TIME},
        {"{\"time\":\"2024-13-01T00:00:00Z\"}", NOT_TIME},
        {"{\"time\":\"2024-00-01T00:00:00Z\"}", NOT_TIME},
        {"{\"time\":\"2024-01-00T00:00:00Z\"}", NOT_TIME},
        {"{\"time\":\"2024-01-01T24:00:00Z\"}", NOT_TIME},
        {"{\"time\":\"2024-01-01T00:60:00Z\"}", NOT_TIME},
        {"{\"time\":\"2024-01-01T00:00:61Z\"}", NOT_TIME},
        {"{\"time\":\"2024-01-01t00:00:00Z\"}", NOT_TIME},
        {"{\"time\":\"2024-01-01T00:00:00\"}", NOT_TIME},
        {"{\"time\":\"2024-01-01T00:00:00z\"}", NOT_TIME},
        {"{\"time\":\"2024-01-01T00:00:00.Z\"}", NOT_TIME},
        {"{\"time\":\"2024-01-01T00:00:00.1234567890Z\"}", NOT_TIME},
        {"{\"time\":\"2024-01-01T00:00:00+0100\"}", NOT_TIME},
        {"{\"time\":\"2024-01-01T00:00:00+24:00\"}", NOT_TIME},
        {"{\"time\":\"0000-12-31T23:59:59Z\"}", NOT_TIME},
        {"{\"time\":\"0001-01-01T00:00:00+01:00\"}", NOT_TIME},
        {"{\"time\":\"9999-12-31T23:59:59-01:00\"}", NOT_TIME},
        {"{\"time\":\" 2024-01-01T00:00:00Z\"}", NOT_TIME},
        {"{\"duration\":\"1\"}", NOT_DURATION},
        {"{\"duration\":\"s\"}", NOT_DURATION},
        {"{\"duration\":\"1.s\"}", NOT_DURATION},
        {"{\"duration\":\"+1s\"}", NOT_DURATION},
        {"{\"duration\":\"--1s\"}", NOT_DURATION},
        {"{\"duration\":\"1 s\"}", NOT_DURATION},
        {"{\"duration\":\"315576000001s\"}", NOT_DURATION},
        {"{\"duration\":\"0.0000000001s\"}", NOT_DURATION},
        {"{\"mask\":\"foo_bar\"}", "mask: not a field mask as a.bC,d"},
        {"{\"mask\":\",a\"}", "mask: not a field mask as a.bC,d"},
        {"{\"mask\":\"a,\"}", "mask: not a field mask as a.bC,d"},
        {"{\"mask\":\"a b\"}", "mask: not a field mask as a.bC,d"},
        {"{\"mask\":[]}", "mask: expected a string, not an array"},
        {"{\"empty\":{\"a\":1}}", "empty.a: unknown field"},
        {"{\"empty\":[]}", "empty: expected an object, not an array"},
        {"{\"structure\":[]}", "structure: expected an object, not an array"},
        {"{\"list\":{}}", "list: expected an array, not an object"},
        {"{\"int32Value\":{}}", "int32Value: expected a number, not an object"},
        {"{\"int32Value\":\"x\"}", "int32Value: not an integer in the range of its type"},
        {"{\"nothing\":null,\"text\":\"x\"}", "text: another field of its oneof is given too"},
        {"{\"any\":[]}", "any: expected an object with \"@type\""},
        {"{\"any\":{\"a\":1}}", "any: expected an object with \"@type\""},
        {"{\"any\":{\"@type\":1}}", "any: expected an object with \"@type\""},
        {"{\"any\":{\"@type\":\"x/none.Such\"}}", "any: \"@type\" is unknown here"},
        {"{\"any\":{\"@type\":\"shapes.Leaf\"}}", "any: \"@type\" is unknown here"},
        {"{\"any\":{\"@type\":\"x/shapes.Leaf\",\"b\":1}}", "any.b: unknown field"},
        {"{\"any\":{\"@type\":\"x/google.protobuf.Duration\"}}",
         "any: expected \"@type\" and \"value\" alone"},
        {"{\"any\":{\"@type\":\"x/google.protobuf.Duration\",\"value\":\"1\"}}",
         "any.value: not a duration as 1.5s"},
        {"{\"any\":{\"@type\":\"x/google.protobuf.Duration\",\"value\":\"1s\",\"a\":1}}",
         "any: expected \"@type\" and \"value\" alone"},
    };
    struct shapes *shapes = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        enum status status = read_and_write(shapes, "shapes.WellKnown", text_of(cases[i].json), 0);
        struct text error = shapes->call.error.message;
        if (status != STATUS_INVALID_ARGUMENT || !text_equal(error, text_of(cases[i].message))) {
            fail_msg("%s: %s: %.*s", cases[i].json, status_name(status), TEXT_ARGUMENTS(error));
        }
    }
}

static void assert_no_form(struct shapes *shapes, const void *message)
{
    const ProtobufCMessage *base = message;
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    assert_int_equal(proto_json_encode(&shapes->call,
                                       proto_pool_type(shapes->pool, base->descriptor), base, 0,
                                       &shapes->buffer),
                     STATUS_INTERNAL);
}

static void test_no_form(void **state)
{
    static const struct {
        int64_t seconds;
        int32_t nanos;
    } times[] = {
        {INT64_C(-62135596801), 0},
        {INT64_C(253402300800), 0},
        {INT64_MAX, 0},
        {INT64_MIN, 0},
        {0, -1},
        {0, 1000000000},
    };
    static const struct {
        int64_t seconds;
        int32_t nanos;
    } durations[] = {
        {INT64_C(315576000001), 0}, {INT64_MIN, 0}, {1, -1}, {-1, 1}, {0, 1000000000},
        {0, -1000000000},           {0, INT32_MIN},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(times); i++) {
        Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
        time.seconds = times[i].seconds;
        time.nanos = times[i].nanos;
        assert_no_form(*state, &time);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(durations); i++) {
        Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
        duration.seconds = durations[i].seconds;
        duration.nanos = durations[i].nanos;
        assert_no_form(*state, &duration);
    }
    static const char *const paths[] = {"fooBar", "a_", "a__b", "a_1", "_", "", "a,b", "a-b"};
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
        ProtobufCBinaryData path = proto_bytes(text_of(paths[i]));
        mask.n_paths = 1;
        mask.paths = &path;
        assert_no_form(*state, &mask);
    }
    Google__Protobuf__Value value = GOOGLE__PROTOBUF__VALUE__INIT;
    assert_no_form(*state, &value);
    value.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE;
    value.number_value = (double)NAN;
    assert_no_form(*state, &value);
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
    any.type_url = proto_bytes(TEXT("x/none.Such"));
    assert_no_form(*state, &any);
    any.type_url = proto_bytes(TEXT("x/shapes.Leaf"));
    any.value = proto_bytes(TEXT("\xff"));
    assert_no_form(*state, &any);
}

/* Any in Any, deeper than is allowed, from JSON and from bytes. */
static void test_any_depth(void **state)
{
    struct shapes *shapes = *state;
    for (size_t depth = PROTO_JSON_ANY_DEPTH_MAX; depth <= PROTO_JSON_ANY_DEPTH_MAX + 1; depth++) {
        struct buffer json;
        buffer_init(&json, SHAPES_ARENA_BYTES);
        for (size_t i = 1; i < depth; i++) {
            assert_true(
                buffer_append(&json, TEXT("{\"@type\":\"x/google.protobuf.Any\",\"value\":")));
        }
        assert_true(buffer_append(&json, TEXT("{\"@type\":\"x/shapes.Leaf\"}")));
        for (size_t i = 1; i < depth; i++) {
            assert_true(buffer_append_byte(&json, '}'));
        }
        enum status status = read_and_write(shapes, "google.protobuf.Any", buffer_text(&json), 0);
        assert_int_equal(status,
                         depth <= PROTO_JSON_ANY_DEPTH_MAX ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        buffer_deinit(&json);
    }
    struct buffer bytes;
    buffer_init(&bytes, SHAPES_ARENA_BYTES);
    for (size_t i = 0; i < PROTO_JSON_ANY_DEPTH_MAX + 2; i++) {
        Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
        any.type_url = proto_bytes(TEXT("x/google.protobuf.Any"));
        any.value = proto_bytes(buffer_text(&bytes));
        buffer_clear(&shapes->buffer);
        assert_true(proto_encode(&any.base, &shapes->buffer));
        buffer_clear(&bytes);
        assert_true(buffer_append(&bytes, buffer_text(&shapes->buffer)));
    }
    ProtobufCMessage *message;
    const struct proto_type *type = shapes_type(shapes, "google.protobuf.Any");
    shapes_reset(shapes, SHAPES_ARENA_BYTES);
    assert_int_equal(proto_decode(&shapes->call, type, buffer_text(&bytes), &message), STATUS_OK);
    assert_int_equal(proto_json_encode(&shapes->call, type, message, 0, &shapes->buffer),
                     STATUS_RESOURCE_EXHAUSTED);
    buffer_deinit(&bytes);
}

/* JSON of allowed depth can be a message too deep to be sent. */
static void test_value_depth(void **state)
{
    char json[2 * JSON_DEPTH_MAX];
    for (size_t depth = 1; depth <= JSON_DEPTH_MAX; depth++) {
        memset(json, '[', depth);
        memset(json + depth, ']', depth);
        /* Each is a Value and a ListValue. */
        enum status status =
            read_and_write(*state, "google.protobuf.Value", text_of_bytes(json, 2 * depth), 0);
        assert_int_equal(status,
                         2 * depth <= PROTO_DEPTH_MAX ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_form),     cmocka_unit_test(test_any_depth),
        cmocka_unit_test(test_value_depth),
    };
    return cmocka_run_group_tests(tests, shapes_set_up, shapes_tear_down);
}
