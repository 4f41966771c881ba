/* Parameters as the route's description has them. */
#include "http/http_operation.h"

#include "base/arena.h"
#include "http/http_json.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/http_loopback.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000 };

static const struct http_parameter parameters[] = {
    {.name = "limit", .kind = HTTP_PARAMETER_INTEGER, .minimum = -1, .maximum = 9, .otherwise = 5},
    {.name = "count",
     .kind = HTTP_PARAMETER_INTEGER,
     .is_required = true,
     .minimum = 0,
     .maximum = 9},
    {.name = "deep", .kind = HTTP_PARAMETER_BOOLEAN},
    {.name = NULL},
};

static void serve(void *state, struct http_exchange *exchange)
{
    int64_t limit;
    int64_t count;
    bool is_deep;
    (void)state;
    enum status status = http_json_integer_parameter(exchange, "limit", &limit);
    if (status == STATUS_OK) {
        status = http_json_integer_parameter(exchange, "count", &count);
    }
    if (status == STATUS_OK) {
        status = http_json_boolean_parameter(exchange, "deep", &is_deep);
    }
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    json_open_array(&reply.writer);
    json_write_integer(&reply.writer, limit);
    json_write_integer(&reply.writer, count);
    json_write_boolean(&reply.writer, is_deep);
    json_close_array(&reply.writer);
    http_json_reply_send(&reply, 200);
}

static const struct http_operation operations[] = {
    {.method = "GET", .path = "/a", .handle = serve, .parameters = parameters},
    {.method = "GET", .path = "/none", .handle = serve},
};

static const struct {
    const char *query;
    int status;
    const char *body; /* of errors, what stands in it */
} cases[] = {
    {"count=1", 200, "[5,1,false]"},
    {"count=0&limit=-1&deep=true", 200, "[-1,0,true]"},
    {"count=9&limit=9&deep=false", 200, "[9,9,false]"},
    {"", 400, "the parameter 'count' is missing"},
    {"count=1&count=1", 400, "'count' is given twice"},
    {"count=10", 400, "count must be 0 to 9"},
    {"count=-1", 400, "count must be 0 to 9"},
    {"count=1.0", 400, "count must be 0 to 9"},
    {"count=", 400, "count must be 0 to 9"},
    {"count=%2B1", 400, "count must be 0 to 9"},
    {"count=1&limit=-2", 400, "limit must be -1 to 9"},
    {"count=1&limit=99999999999999999999", 400, "limit must be -1 to 9"},
    {"count=1&deep=1", 400, "deep must be true or false"},
    {"count=1&deep=", 400, "deep must be true or false"},
    {"count=%ff", 400, "not UTF-8"},
};

static void read_all(void *unused)
{
    struct arena arena;
    struct call call;
    struct http_server *server;
    struct http_route routes[ARRAY_LENGTH(operations)];
    (void)unused;
    http_operations_route(operations, ARRAY_LENGTH(operations), NULL, routes);
    const struct http_server_options options = {.routes = routes,
                                                .route_count = ARRAY_LENGTH(routes)};
    arena_init(&arena, 1024 * 1024);
    call_init(&call, &arena, TIMEOUT_MS);
    assert_int_equal(http_server_create(loop_current(), &options, &server), STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text target = arena_format(&arena, "/a?%s", cases[i].query);
        struct http_loopback_reply reply =
            http_loopback_send(server, &call, "GET", target.data, NULL);
        bool fits =
            reply.status == cases[i].status && memmem(reply.body.data, reply.body.length,
                                                      cases[i].body, strlen(cases[i].body)) != NULL;
        if (!fits) {
            fail_msg("%s: %d %.*s", cases[i].query, reply.status, TEXT_ARGUMENTS(reply.body));
        }
    }
    http_server_destroy(server);
    arena_deinit(&arena);
}

static void test_parameters(void **state)
{
    (void)state;
    in_fiber(read_all, NULL);
}

static void test_find(void **state)
{
    (void)state;
    assert_ptr_equal(http_operation_parameter(&operations[0], TEXT("deep")), &parameters[2]);
    assert_null(http_operation_parameter(&operations[0], TEXT("dee")));
    assert_null(http_operation_parameter(&operations[1], TEXT("deep")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
