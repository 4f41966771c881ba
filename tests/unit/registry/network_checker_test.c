#include "registry/checker/network_checker.h"

#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "grpc/grpc_server.h"
#include "http/http_client.h"
#include "http/http_server.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

struct fixture {
    struct grpc_server *grpc;
    struct http_server *http;
    int fd;
    char address[HTTP_ADDRESS_BYTES_MAX];
    struct http_client *client;
    struct registry_checker checker;
    struct arena arena;
    struct call call;
};

/* "/status/<code>" answers with that code, and with what it was asked. */
static void serve(void *state, struct http_exchange *exchange)
{
    struct fixture *fixture = state;
    const struct http_request *request = http_exchange_request(exchange);
    uint64_t status = 404;
    if (text_starts_with(request->path, TEXT("/status/"))) {
        assert_true(text_to_u64(text_slice(request->path, 8, request->path.length), &status));
        http_reply(exchange, &(struct http_reply){
                                 .status = (int)status,
                                 .body = arena_format(http_exchange_call(exchange)->arena,
                                                      "%.*s %.*s", TEXT_ARGUMENTS(request->method),
                                                      TEXT_ARGUMENTS(http_header_find(
                                                          request->headers, request->header_count,
                                                          TEXT("x-asked-by"))))});
        return;
    }
    grpc_server_fallback(fixture->grpc, exchange);
}

static void setup(struct fixture *fixture)
{
    struct http_server_options options = {.fallback = serve, .fallback_state = fixture};
    arena_init(&fixture->arena, 16 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, 20000);
    assert_int_equal(
        grpc_server_create(&(struct grpc_server_options){.services = NULL}, &fixture->grpc),
        STATUS_OK);
    options.routes = grpc_server_routes(fixture->grpc, &options.route_count);
    assert_int_equal(
        http_listen(&fixture->call, TEXT("127.0.0.1:0"), &fixture->fd, fixture->address),
        STATUS_OK);
    assert_int_equal(http_server_create(loop_current(), &options, &fixture->http), STATUS_OK);
    assert_int_equal(http_server_accept_from(fixture->http, fixture->fd), STATUS_OK);
    assert_int_equal(http_client_create(loop_current(), &fixture->client), STATUS_OK);
    assert_int_equal(network_checker_create(loop_current(), fixture->client, &fixture->checker),
                     STATUS_OK);
}

static void teardown(struct fixture *fixture)
{
    fixture->checker.ops->close(fixture->checker.state);
    http_client_destroy(fixture->client);
    http_server_destroy(fixture->http);
    grpc_server_destroy(fixture->grpc);
    (void)close(fixture->fd);
    arena_deinit(&fixture->arena);
}

/* target: "%s" stands for the server's address. */
static struct registry_probe probe(struct fixture *fixture, enum registry_check_kind kind,
                                   const char *prefix, const char *suffix)
{
    const struct registry_check_header header = {TEXT("X-Asked-By"), TEXT("registry")};
    const struct registry_check_definition check = {
        .id = TEXT("c"),
        .kind = kind,
        .target = arena_format(&fixture->arena, "%s%s%s", prefix, fixture->address, suffix),
        .headers = &header,
        .header_count = 1,
    };
    struct registry_probe got;
    struct call call = call_within(&fixture->call, 5000);
    assert_int_equal(fixture->checker.ops->probe(fixture->checker.state, &call, &check, &got),
                     STATUS_OK);
    assert_true(got.output.length > 0);
    return got;
}

static void look(void *unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    static const struct {
        const char *path;
        enum registry_status want;
    } http_cases[] = {
        {"/status/200", REGISTRY_PASSING},  {"/status/204", REGISTRY_PASSING},
        {"/status/429", REGISTRY_WARNING},  {"/status/500", REGISTRY_CRITICAL},
        {"/status/301", REGISTRY_CRITICAL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(http_cases); i++) {
        struct registry_probe got =
            probe(&fixture, REGISTRY_CHECK_HTTP, "http://", http_cases[i].path);
        if (got.status != http_cases[i].want) {
            fail_msg("%s: %s: %.*s", http_cases[i].path, registry_status_name(got.status),
                     TEXT_ARGUMENTS(got.output));
        }
    }
    assert_true(
        text_ends_with(probe(&fixture, REGISTRY_CHECK_HTTP, "http://", "/status/200").output,
                       TEXT("200 OK Output: GET registry")));
    assert_int_equal(probe(&fixture, REGISTRY_CHECK_TCP, "", "").status, REGISTRY_PASSING);

    assert_int_equal(probe(&fixture, REGISTRY_CHECK_H2PING, "", "").status, REGISTRY_PASSING);

    assert_int_equal(probe(&fixture, REGISTRY_CHECK_GRPC, "", "").status, REGISTRY_CRITICAL);
    assert_int_equal(grpc_server_set_serving(fixture.grpc, TEXT(""), true), STATUS_OK);
    struct registry_probe serving = probe(&fixture, REGISTRY_CHECK_GRPC, "", "");
    if (serving.status != REGISTRY_PASSING) {
        fail_msg("%.*s", TEXT_ARGUMENTS(serving.output));
    }
    assert_int_equal(probe(&fixture, REGISTRY_CHECK_GRPC, "", "/unknown").status,
                     REGISTRY_CRITICAL);
    teardown(&fixture);
}

static void test_probes(void **state)
{
    (void)state;
    in_fiber(look, NULL);
}

static void look_at_nobody(void *unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    (void)snprintf(fixture.address, sizeof(fixture.address), "127.0.0.1:1");
    assert_int_equal(probe(&fixture, REGISTRY_CHECK_TCP, "", "").status, REGISTRY_CRITICAL);
    assert_int_equal(probe(&fixture, REGISTRY_CHECK_HTTP, "http://", "/").status,
                     REGISTRY_CRITICAL);
    assert_int_equal(probe(&fixture, REGISTRY_CHECK_GRPC, "", "").status, REGISTRY_CRITICAL);
    assert_int_equal(probe(&fixture, REGISTRY_CHECK_H2PING, "", "").status, REGISTRY_CRITICAL);
    assert_int_equal(probe(&fixture, REGISTRY_CHECK_TCP, "no port of ", "x").status,
                     REGISTRY_CRITICAL);
    teardown(&fixture);
}

static void test_nobody_there(void **state)
{
    (void)state;
    in_fiber(look_at_nobody, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probes),
        cmocka_unit_test(test_nobody_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
