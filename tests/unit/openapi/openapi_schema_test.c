/* Messages as JSON Schema: what is written, and what is taken. */
#include "openapi/openapi.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "shapes.pb-c.h"
#include "support/cmocka_test.h"
#include "well_known.pb-c.h"
#include "json/json.h"

extern const unsigned char marquee_shapes_proto_documented_set[];
extern const size_t marquee_shapes_proto_documented_set_size;

enum { ARENA_BYTES = 16 * 1024 * 1024 };

#define NUMERAL "^-?(0|[1-9][0-9]*)(\\\\.[0-9]+)?([eE][+-]?[0-9]+)?$"
#define INT32_RANGE "\"minimum\":-2147483648,\"maximum\":2147483647"

static enum status unused(void *state, struct call *call, const void *request, void *response)
{
    (void)state;
    (void)call;
    (void)request;
    (void)response;
    return STATUS_OK;
}

/* The document of one method, valid in the buffer. */
static void write_document(struct call *call, const ProtobufCMessageDescriptor *request,
                           const ProtobufCMessageDescriptor *response, struct buffer *buffer)
{
    const struct grpc_method method = {
        .name = "Get", .request = request, .response = response, .unary = unused};
    const struct grpc_service service = {"shapes.ShapeService", &method, 1, NULL};
    const struct proto_descriptor_set set = {marquee_shapes_proto_documented_set,
                                             marquee_shapes_proto_documented_set_size};
    const struct openapi_options options = {.title = TEXT("t"),
                                            .version = TEXT("1"),
                                            .sets = &set,
                                            .set_count = 1,
                                            .services = &service,
                                            .service_count = 1};
    assert_int_equal(openapi_write(call, &options, buffer), STATUS_OK);
    const struct json *parsed;
    assert_int_equal(json_parse(call, buffer_text(buffer), &parsed), STATUS_OK);
}

/* Whether the document has `name` with exactly this schema. */
static void assert_schema(const struct buffer *document, const char *name, const char *wanted)
{
    struct text text = buffer_text(document);
    for (size_t at = 0; at < text.length; at++) {
        struct text here = text_slice(text, at, text.length);
        if (!text_starts_with(here, TEXT("\"")) ||
            !text_starts_with(text_slice(here, 1, here.length), text_of(name)) ||
            !text_starts_with(text_slice(here, 1 + strlen(name), here.length), TEXT("\":{"))) {
            continue;
        }
        struct text schema = text_slice(here, strlen(name) + 3, here.length);
        size_t depth = 0;
        size_t end = 0;
        do {
            depth += schema.data[end] == '{';
            depth -= schema.data[end] == '}' ? 1 : 0;
            end++;
        } while (depth > 0);
        schema.length = end;
        if (!text_equal(schema, text_of(wanted))) {
            fail_msg("%s:\n%.*s\nnot\n%s", name, TEXT_ARGUMENTS(schema), wanted);
        }
        return;
    }
    fail_msg("there is no %s in %.*s", name, TEXT_ARGUMENTS(text));
}

struct expectation {
    const char *name;
    const char *schema;
};

/* Everything is answered, nothing asked. */
static const struct expectation outputs[] = {
    {"real", "{\"type\":\"number\",\"format\":\"double\"}"},
    {"single", "{\"type\":\"number\",\"format\":\"double\"}"},
    {"int32Value", "{\"type\":\"integer\",\"format\":\"int32\"," INT32_RANGE "}"},
    {"int64Value", "{\"type\":\"string\",\"format\":\"int64\",\"pattern\":\"^-?[0-9]{1,19}$\"}"},
    {"uint32Value", "{\"type\":\"integer\",\"minimum\":0,\"maximum\":4294967295}"},
    {"uint64Value", "{\"type\":\"string\",\"format\":\"uint64\",\"pattern\":\"^[0-9]{1,20}$\"}"},
    {"sint64Value", "{\"type\":\"string\",\"format\":\"int64\",\"pattern\":\"^-?[0-9]{1,19}$\"}"},
    {"sfixed32Value", "{\"type\":\"integer\",\"format\":\"int32\"," INT32_RANGE "}"},
    {"fixed64Value", "{\"type\":\"string\",\"format\":\"uint64\",\"pattern\":\"^[0-9]{1,20}$\"}"},
    {"boolValue", "{\"type\":\"boolean\"}"},
    {"stringValue", "{\"type\":\"string\"}"},
    {"bytesValue", "{\"type\":\"string\",\"contentEncoding\":\"base64\"}"},
    {"color", "{\"$ref\":\"#/components/schemas/shapes.Color\"}"},
    {"shapes.Color", "{\"type\":\"string\",\"enum\":[\"COLOR_NONE\",\"RED\",\"GREEN\",\"BLUE\"]}"},
    {"blobs",
     "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"contentEncoding\":\"base64\"}}"},
    {"leaves", "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/shapes.Leaf\"}}"},
    {"texts", "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}"},
    {"byInt32", "{\"type\":\"object\",\"propertyNames\":{\"pattern\":\"^-?[0-9]+$\"},"
                "\"additionalProperties\":{\"type\":\"string\"}}"},
    {"byUint64", "{\"type\":\"object\",\"propertyNames\":{\"pattern\":\"^-?[0-9]+$\"},"
                 "\"additionalProperties\":{\"$ref\":\"#/components/schemas/shapes.Color\"}}"},
    {"byBool", "{\"type\":\"object\",\"propertyNames\":{\"enum\":[\"true\",\"false\"]},"
               "\"additionalProperties\":{\"type\":\"string\",\"format\":\"int64\",\"pattern\":"
               "\"^-?[0-9]{1,19}$\"}}"},
    {"shapes.Tree",
     "{\"type\":\"object\",\"description\":\"A comment with string not_a_field = 1; and "
     "map<string, string> not_a_map = 2; in it.\",\"properties\":{\"label\":{\"type\":\"string\"},"
     "\"left\":{\"$ref\":\"#/components/schemas/shapes.Tree\"},\"children\":{\"type\":\"array\","
     "\"items\":{\"$ref\":\"#/components/schemas/shapes.Tree\"}}}}"},
    {"shapes.Awkward",
     "{\"type\":\"object\",\"description\":\"Names that are hard on anything that reads this file "
     "as text.\",\"properties\":{\"string\":{\"type\":\"array\",\"items\":{\"type\":"
     "\"string\"}},\"holder\":{\"$ref\":\"#/components/schemas/shapes.Awkward.string_holder\"},"
     "\"camelCase\":{\"type\":\"string\"},\"UPPER\":{\"type\":\"string\"},\"trailing1x\":{"
     "\"type\":\"string\"},\"other\":{\"type\":\"string\"},\"inner\":{\"$ref\":"
     "\"#/components/schemas/shapes.Awkward.Inner\"}}}"},
    {"shapes.Awkward.Inner", "{\"type\":\"string\",\"enum\":[\"INNER_ZERO\",\"INNER_ONE\"]}"},
    {"shapes.Nothing", "{\"type\":\"object\"}"},
};

/* Everything is asked with, nothing of it answered: no second names. */
static const struct expectation inputs[] = {
    {"real", "{\"type\":[\"number\",\"string\",\"null\"],\"pattern\":\"^(NaN|-?Infinity|-?(0|[1-9]["
             "0-9]*)(\\\\.[0-9]+)?([eE][+-]?[0-9]+)?)$\"}"},
    {"int32Value", "{\"type\":[\"integer\",\"string\",\"null\"],\"format\":\"int32\"," INT32_RANGE
                   ",\"pattern\":\"" NUMERAL "\"}"},
    {"uint64Value",
     "{\"type\":[\"string\",\"integer\",\"null\"],\"format\":\"uint64\",\"minimum\":0,\"maximum\":"
     "18446744073709551615,\"pattern\":\"" NUMERAL "\"}"},
    {"boolValue", "{\"type\":[\"boolean\",\"null\"]}"},
    {"stringValue", "{\"type\":[\"string\",\"null\"]}"},
    {"bytesValue", "{\"type\":[\"string\",\"null\"],\"contentEncoding\":\"base64\",\"pattern\":"
                   "\"^[A-Za-z0-9+/_-]*={0,2}$\"}"},
    {"color", "{\"anyOf\":[{\"$ref\":\"#/components/schemas/shapes.Color\"},{\"type\":\"null\"}]}"},
    {"shapes.Color",
     "{\"anyOf\":[{\"type\":\"integer\"," INT32_RANGE "},{\"type\":\"string\",\"enum\":["
     "\"COLOR_NONE\",\"RED\",\"GREEN\",\"BLUE\"]}]}"},
    {"strings", "{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\"}}"},
    {"texts", "{\"type\":[\"object\",\"null\"],\"additionalProperties\":{\"type\":\"string\"}}"},
    {"left", "{\"anyOf\":[{\"$ref\":\"#/components/schemas/shapes.Tree\"},{\"type\":\"null\"}]}"},
    {"shapes.Leaf",
     "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":[\"string\",\"null\"]},"
     "\"number\":{\"type\":[\"integer\",\"string\",\"null\"],\"format\":\"int32\"," INT32_RANGE
     ",\"pattern\":\"" NUMERAL "\"}}}"},
};

static const struct expectation well_known[] = {
    {"any", "{\"type\":\"object\",\"required\":[\"@type\"],\"properties\":{\"@type\":{\"type\":"
            "\"string\"}}}"},
    {"duration", "{\"type\":\"string\",\"pattern\":\"^-?[0-9]{1,12}(\\\\.[0-9]{1,9})?s$\"}"},
    {"empty", "{\"type\":\"object\"}"},
    {"mask", "{\"type\":\"string\"}"},
    {"list", "{\"type\":\"array\"}"},
    {"structure", "{\"type\":\"object\"}"},
    {"time", "{\"type\":\"string\",\"format\":\"date-time\"}"},
    {"anything", "{}"},
    {"boolValue", "{\"type\":\"boolean\"}"},
    {"uint32Value", "{\"type\":\"integer\",\"minimum\":0,\"maximum\":4294967295}"},
    {"nullValue", "{\"type\":\"null\"}"},
    {"times", "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"format\":\"date-time\"}}"},
    {"wrapperMap", "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\",\"format\":"
                   "\"int64\",\"pattern\":\"^-?[0-9]{1,19}$\"}}"},
};

struct fixture {
    struct arena arena;
    struct call call;
    struct buffer document;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    arena_init(&fixture.arena, ARENA_BYTES);
    call_init(&fixture.call, &fixture.arena, 0);
    buffer_init(&fixture.document, OPENAPI_BYTES_MAX);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    buffer_deinit(&fixture->document);
    arena_deinit(&fixture->arena);
    return 0;
}

static void check(struct fixture *fixture, const struct expectation *expectations, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_schema(&fixture->document, expectations[i].name, expectations[i].schema);
    }
}

static void test_what_is_written(void **state)
{
    struct fixture *fixture = *state;
    write_document(&fixture->call, &shapes__nothing__descriptor, &shapes__all__descriptor,
                   &fixture->document);
    check(fixture, outputs, ARRAY_LENGTH(outputs));
}

static void test_what_is_taken(void **state)
{
    struct fixture *fixture = *state;
    write_document(&fixture->call, &shapes__all__descriptor, &shapes__nothing__descriptor,
                   &fixture->document);
    check(fixture, inputs, ARRAY_LENGTH(inputs));
}

static void test_forms_of_their_own(void **state)
{
    struct fixture *fixture = *state;
    write_document(&fixture->call, &shapes__nothing__descriptor, &shapes__well_known__descriptor,
                   &fixture->document);
    check(fixture, well_known, ARRAY_LENGTH(well_known));
}

/* Of what is asked with and answered there are two, and each refers to its own. */
static void test_two_names(void **state)
{
    struct fixture *fixture = *state;
    write_document(&fixture->call, &shapes__tree__descriptor, &shapes__tree__descriptor,
                   &fixture->document);
    assert_schema(&fixture->document, "left",
                  "{\"anyOf\":[{\"$ref\":\"#/components/schemas/"
                  "shapes.Tree-Input\"},{\"type\":\"null\"}]}");
    assert_schema(&fixture->document, "children",
                  "{\"type\":[\"array\",\"null\"],\"items\":{\"$ref\":\"#/components/schemas/"
                  "shapes.Tree-Input\"}}");
}

/* One of a oneof excludes the others: Choice has seven, hence 21 pairs. */
static void test_oneof(void **state)
{
    struct fixture *fixture = *state;
    write_document(&fixture->call, &shapes__choice__descriptor, &shapes__nothing__descriptor,
                   &fixture->document);
    struct text rest = buffer_text(&fixture->document);
    struct text pair = TEXT("{\"not\":{\"required\":[");
    size_t pairs = 0;
    for (size_t at = 0; at < rest.length; at++) {
        pairs += text_starts_with(text_slice(rest, at, rest.length), pair);
    }
    assert_int_equal(pairs, 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forms_of_their_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_oneof, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
