/* Routes and methods as operations. */
#include "base/arena.h"
#include "base/buffer.h"
#include "http/http_operation.h"
#include "openapi/openapi.h"
#include "shapes.pb-c.h"
#include "support/cmocka_test.h"

extern const unsigned char marquee_shapes_proto_documented_set[];
extern const size_t marquee_shapes_proto_documented_set_size;

enum { ARENA_BYTES = 16 * 1024 * 1024 };

static enum status unused(void *state, struct call *call, const void *request, void *response)
{
    (void)state;
    (void)call;
    (void)request;
    (void)response;
    return STATUS_OK;
}

static enum status unused_stream(void *state, struct call *call, struct grpc_stream *stream)
{
    (void)state;
    (void)call;
    (void)stream;
    return STATUS_OK;
}

static const char *const colors[] = {"red", "green", NULL};

static const struct http_parameter parameters[] = {
    {.name = "id", .about = "Which", .is_required = true, .minimum = 1, .maximum = 9},
    {.name = "limit", .kind = HTTP_PARAMETER_INTEGER, .minimum = 1, .maximum = 50, .otherwise = 10},
    {.name = "value",
     .kind = HTTP_PARAMETER_NUMBER,
     .is_required = true,
     .minimum = -1,
     .maximum = 1,
     .step = 0.5},
    {.name = "deep", .kind = HTTP_PARAMETER_BOOLEAN},
    {.name = "color", .choices = colors},
    {.name = "place", .pattern = "^[0-9]+:[0-9]+$"},
    {.name = NULL},
};

static const struct http_parameter file = {.name = "file", .is_required = true};
static const struct http_answer answers[] = {
    {200, "A leaf", {.message = "shapes.Leaf"}},
    {503, "Not yet", {.media_type = "text/plain"}},
    {.status = 0},
};
static const int problems[] = {404, 0};

static const struct http_operation operations[] = {
    {.method = "GET",
     .path = "/leaf",
     .id = "getLeaf",
     .summary = "A leaf",
     .tag = "leaves",
     .parameters = parameters,
     .answers = answers,
     .problems = problems},
    {.method = "GET",
     .path = "/files/*",
     .id = "getFile",
     .summary = "A file",
     .tag = "files",
     .rest = &file},
    {.method = "PUT",
     .path = "/leaf",
     .id = "putLeaf",
     .summary = "Keeps it",
     .about = "For ever.",
     .tag = "leaves",
     .body = {.message = "shapes.Leaf"}},
};

/* Of every operation, whatever it is. */
#define R(status) "\"" #status "\":{\"$ref\":\"#/components/responses/" #status "\"}"
#define ALWAYS R(429) "," R(500) ","
#define DONE "\"200\":{\"description\":\"Done\"},"

static const char paths[] =
    "\"paths\":{"
    "\"/leaf\":{\"get\":{\"operationId\":\"getLeaf\",\"tags\":[\"leaves\"],\"summary\":\"A "
    "leaf\",\"parameters\":["
    "{\"name\":\"id\",\"in\":\"query\",\"description\":\"Which\",\"required\":true,\"schema\":{"
    "\"type\":\"string\",\"minLength\":1,\"maxLength\":9}},"
    "{\"name\":\"limit\",\"in\":\"query\",\"schema\":{\"type\":\"integer\",\"minimum\":1,"
    "\"maximum\":50,\"default\":10}},"
    "{\"name\":\"value\",\"in\":\"query\",\"required\":true,\"schema\":{\"type\":\"number\","
    "\"minimum\":-1,\"maximum\":1,\"multipleOf\":0.5}},"
    "{\"name\":\"deep\",\"in\":\"query\",\"schema\":{\"type\":\"boolean\"}},"
    "{\"name\":\"color\",\"in\":\"query\",\"schema\":{\"type\":\"string\",\"enum\":[\"red\","
    "\"green\"]}},"
    "{\"name\":\"place\",\"in\":\"query\",\"schema\":{\"type\":\"string\",\"pattern\":"
    "\"^[0-9]+:[0-9]+$\"}}],"
    "\"responses\":{\"200\":{\"description\":\"A leaf\",\"content\":{\"application/json\":{"
    "\"schema\":{\"$ref\":\"#/components/schemas/shapes.Leaf\"}}}},"
    "\"503\":{\"description\":\"Not yet\",\"content\":{\"text/plain\":{\"schema\":{\"type\":"
    "\"string\"}}}}," R(400) "," R(404) "," R(414) "," ALWAYS R(
        504) "}},"
             "\"put\":{\"operationId\":\"putLeaf\",\"tags\":[\"leaves\"],\"summary\":\"Keeps it\","
             "\"description\":\"For ever.\",\"requestBody\":{\"required\":true,\"content\":{"
             "\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/"
             "shapes.Leaf-Input\"}}}},"
             "\"responses\":{" DONE R(400) "," R(413) "," R(414) "," R(415) "," ALWAYS R(503) "," R(
                 504) "}}},"
                      "\"/files/"
                      "{file}\":{\"get\":{\"operationId\":\"getFile\",\"tags\":[\"files\"],"
                      "\"summary\":"
                      "\"A "
                      "file\",\"parameters\":[{\"name\":\"file\",\"in\":\"path\",\"required\":true,"
                      "\"schema\":{"
                      "\"type\":\"string\"}}],\"responses\":{" DONE R(400) "," R(414) "," ALWAYS R(
                          503) "," R(504) "}}}},";

struct fixture {
    struct arena arena;
    struct call call;
    struct buffer document;
    struct http_route routes[ARRAY_LENGTH(operations)];
    struct proto_descriptor_set set;
    struct openapi_options options;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    arena_init(&fixture.arena, ARENA_BYTES);
    call_init(&fixture.call, &fixture.arena, 0);
    buffer_init(&fixture.document, OPENAPI_BYTES_MAX);
    http_operations_route(operations, ARRAY_LENGTH(operations), NULL, fixture.routes);
    fixture.set = (struct proto_descriptor_set){marquee_shapes_proto_documented_set,
                                                marquee_shapes_proto_documented_set_size};
    fixture.options = (struct openapi_options){.title = TEXT("t"),
                                               .version = TEXT("1"),
                                               .sets = &fixture.set,
                                               .set_count = 1,
                                               .routes = fixture.routes,
                                               .route_count = ARRAY_LENGTH(operations)};
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

static bool has(const struct fixture *fixture, const char *words)
{
    struct text document = buffer_text(&fixture->document);
    return memmem(document.data, document.length, words, strlen(words)) != NULL;
}

static void assert_has(const struct fixture *fixture, const char *words)
{
    if (!has(fixture, words)) {
        fail_msg("there is no\n%s\nin\n%.*s", words,
                 TEXT_ARGUMENTS(buffer_text(&fixture->document)));
    }
}

static void test_routes(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(openapi_write(&fixture->call, &fixture->options, &fixture->document),
                     STATUS_OK);
    assert_has(fixture, paths);
    assert_has(fixture, "\"404\":{\"description\":\"Not Found\",\"content\":{"
                        "\"application/problem+json\":{\"schema\":{\"$ref\":"
                        "\"#/components/schemas/Problem\"}}}}");
    assert_false(has(fixture, "\"401\""));
    assert_false(has(fixture, "421"));
    assert_false(has(fixture, "security"));
}

/* Get may be called by all, Put needs a scope, /leaf any token, files nothing. */
static struct openapi_need need_of(void *state, const struct http_operation *operation,
                                   const char *path)
{
    (void)state;
    if (operation != NULL) {
        bool is_leaf = strcmp(path, "/leaf") == 0;
        assert_true(is_leaf || strcmp(path, "/files/*") == 0);
        return (struct openapi_need){.is_asked = is_leaf, .is_looked_at = is_leaf};
    }
    return (struct openapi_need){.is_asked = strcmp(path, "/shapes.ShapeService/Get") != 0,
                                 .is_looked_at = true,
                                 .scope = "vote"};
}

static void test_tokens(void **state)
{
    struct fixture *fixture = *state;
    const struct grpc_method methods[] = {
        {.name = "Get",
         .request = &shapes__nothing__descriptor,
         .response = &shapes__leaf__descriptor,
         .unary = unused},
        {.name = "Put",
         .request = &shapes__leaf__descriptor,
         .response = &shapes__nothing__descriptor,
         .unary = unused},
    };
    const struct grpc_service service = {"shapes.ShapeService", methods, 2, NULL};
    fixture->options.services = &service;
    fixture->options.service_count = 1;
    fixture->options.need_of = need_of;
    fixture->options.takes_tokens = true;
    fixture->options.session_cookie = "crumb";
    fixture->options.checks_hosts = true;
    assert_int_equal(openapi_write(&fixture->call, &fixture->options, &fixture->document),
                     STATUS_OK);
    assert_has(fixture,
               "\"securitySchemes\":{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",");
    assert_has(fixture, "\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"crumb\",");
    assert_has(fixture, "\"summary\":\"A file\",\"security\":[],");
    assert_has(fixture, "\"summary\":\"Put\",\"security\":[{\"bearer\":[\"vote\"]},{\"session\":["
                        "\"vote\"]}],");
    assert_has(fixture,
               "\"summary\":\"Get\",\"security\":[{},{\"bearer\":[\"vote\"]},{\"session\":["
               "\"vote\"]}],");
    assert_has(fixture, "\"summary\":\"A leaf\",\"security\":[{\"bearer\":[]},{\"session\":[]}],");
    assert_has(fixture,
               "\"401\":{\"description\":\"Unauthorized\",\"headers\":{\"www-authenticate\"");
    assert_has(fixture,
               "\"429\":{\"description\":\"Too Many Requests\",\"headers\":{\"retry-after\":{"
               "\"required\":true,");
    assert_has(fixture, "\"Connect401\":{\"description\":\"Unauthorized\",\"headers\"");
    assert_has(fixture, "\"Connect429\":{\"description\":\"Too Many Requests\",\"headers\":{"
                        "\"retry-after\":{\"description\"");
    assert_has(fixture, "\"421\":{\"description\":\"Misdirected Request\",\"content\"");
    assert_has(fixture,
               "\"401\":{\"$ref\":\"#/components/responses/Connect401\"},\"403\":{\"$ref\":"
               "\"#/components/responses/Connect403\"},\"429\":{\"$ref\":"
               "\"#/components/responses/Connect429\"},\"default\":");
}

/* Nobody is asked, but a session says who it is. */
static struct openapi_need known(void *state, const struct http_operation *operation,
                                 const char *path)
{
    (void)state;
    (void)operation;
    (void)path;
    return (struct openapi_need){.is_known = true};
}

static struct openapi_need asked(void *state, const struct http_operation *operation,
                                 const char *path)
{
    (void)state;
    (void)operation;
    (void)path;
    return (struct openapi_need){.is_asked = true, .is_looked_at = true};
}

static void serve_nothing(void *state, struct http_exchange *exchange)
{
    (void)state;
    (void)exchange;
}

static void test_sessions_where_access_is_open(void **state)
{
    struct fixture *fixture = *state;
    static const struct http_parameter user[] = {{.name = "userId", .is_required = true},
                                                 {.name = "id", .is_required = true},
                                                 {.name = NULL}};
    static const struct http_operation both[] = {
        {.method = "GET",
         .path = "/a",
         .handle = serve_nothing,
         .id = "getA",
         .summary = "G",
         .tag = "a",
         .parameters = user},
        {.method = "PUT",
         .path = "/a",
         .handle = serve_nothing,
         .id = "putA",
         .summary = "P",
         .tag = "a",
         .parameters = user},
    };
    fixture->routes[0].operation = &both[0];
    fixture->routes[1].operation = &both[1];
    fixture->options.route_count = 2;
    assert_int_equal(openapi_write(&fixture->call, &fixture->options, &fixture->document),
                     STATUS_OK);
    assert_has(fixture, "{\"name\":\"userId\",\"in\":\"query\",\"required\":true,");
    assert_false(has(fixture, "\"403\""));
    buffer_clear(&fixture->document);
    fixture->options.need_of = asked;
    assert_int_equal(openapi_write(&fixture->call, &fixture->options, &fixture->document),
                     STATUS_OK);
    assert_has(fixture, "{\"name\":\"userId\",\"in\":\"query\",\"schema\"");
    assert_has(fixture, "{\"name\":\"id\",\"in\":\"query\",\"required\":true,");
    buffer_clear(&fixture->document);
    fixture->options.need_of = known;
    fixture->options.session_cookie = "crumb";
    assert_int_equal(openapi_write(&fixture->call, &fixture->options, &fixture->document),
                     STATUS_OK);
    assert_has(fixture, "\"securitySchemes\":{\"session\":");
    assert_has(fixture, "\"summary\":\"P\",\"security\":[{},{\"session\":[]}],");
    assert_has(fixture, "{\"name\":\"userId\",\"in\":\"query\",\"required\":true,");
    assert_has(fixture, "\"403\":{\"$ref\"");
    assert_false(has(fixture, "\"401\""));
}

static void test_methods(void **state)
{
    struct fixture *fixture = *state;
    const struct grpc_method methods[] = {
        {.name = "Get",
         .no_side_effects = true,
         .request = &shapes__nothing__descriptor,
         .response = &shapes__leaf__descriptor,
         .unary = unused},
        {.name = "Follow",
         .kind = GRPC_SERVER_STREAMING,
         .request = &shapes__nothing__descriptor,
         .response = &shapes__leaf__descriptor,
         .stream = unused_stream},
    };
    const struct grpc_service service = {"shapes.ShapeService", methods, 2, NULL};
    fixture->options.services = &service;
    fixture->options.service_count = 1;
    fixture->options.route_count = 0;
    assert_int_equal(openapi_write(&fixture->call, &fixture->options, &fixture->document),
                     STATUS_OK);
    assert_has(fixture,
               "\"/shapes.ShapeService/Get\":{\"get\":{\"operationId\":"
               "\"shapes.ShapeService.Get.get\",\"tags\":[\"shapes.ShapeService\"],\"summary\":"
               "\"Get\",\"parameters\":[{\"name\":\"encoding\",\"in\":\"query\",\"required\":true,"
               "\"schema\":{\"type\":\"string\",\"const\":\"json\"}},{\"name\":\"message\",\"in\":"
               "\"query\",\"required\":true,\"content\":{\"application/json\":{\"schema\":{"
               "\"$ref\":\"#/components/schemas/shapes.Nothing\"}}}},"
               "{\"$ref\":\"#/components/parameters/timeout\"}],\"responses\":{\"200\":{");
    assert_has(fixture, "\"post\":{\"operationId\":\"shapes.ShapeService.Get\",");
    assert_has(fixture, "\"/shapes.ShapeService/Follow\":{\"post\":{");
    assert_has(fixture, "{\"application/connect+json\":{\"x-stream-of\":{\"$ref\":"
                        "\"#/components/schemas/shapes.Leaf\"}}}");
    assert_has(fixture, "\"default\":{\"$ref\":\"#/components/responses/ConnectError\"}");
}

static void test_refused(void **state)
{
    struct fixture *fixture = *state;
    static const struct http_operation unknown = {.method = "PUT",
                                                  .path = "/a",
                                                  .id = "putA",
                                                  .summary = "A",
                                                  .tag = "a",
                                                  .body = {.message = "shapes.Absent"}};
    const struct proto_descriptor_set broken = {(const unsigned char *)"\x0a\x7f", 2};
    struct buffer small;
    fixture->routes[0].operation = &unknown;
    assert_int_equal(openapi_write(&fixture->call, &fixture->options, &fixture->document),
                     STATUS_INVALID_ARGUMENT);
    fixture->routes[0].operation = NULL; /* not described: it is passed over */
    buffer_clear(&fixture->document);
    assert_int_equal(openapi_write(&fixture->call, &fixture->options, &fixture->document),
                     STATUS_OK);
    assert_false(has(fixture, "getLeaf"));
    assert_has(fixture, "putLeaf");
    buffer_init(&small, 1024);
    assert_int_equal(openapi_write(&fixture->call, &fixture->options, &small),
                     STATUS_RESOURCE_EXHAUSTED);
    buffer_deinit(&small);
    fixture->options.sets = &broken;
    assert_int_equal(openapi_write(&fixture->call, &fixture->options, &fixture->document),
                     STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_routes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tokens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sessions_where_access_is_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_methods, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
