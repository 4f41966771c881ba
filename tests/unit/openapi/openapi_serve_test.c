/* The document as a client gets it. */
#include "base/arena.h"
#include "base/buffer.h"
#include "grpc/grpc_gzip.h"
#include "http/http_operation.h"
#include "loop/loop.h"
#include "openapi/openapi.h"
#include "support/cmocka_test.h"
#include "support/http_loopback.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000 };

struct fixture {
    struct arena arena;
    struct call call;
    struct openapi_place place;
    struct http_route route;
    struct http_server *server;
    struct buffer document; /* as it was written */
};

static void setup(struct fixture *fixture)
{
    arena_init(&fixture->arena, 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    buffer_init(&fixture->document, OPENAPI_BYTES_MAX);
    http_operations_route(&openapi_operation, 1, &fixture->place, &fixture->route);
    const struct openapi_options options = {
        .title = TEXT("t"), .version = TEXT("1"), .routes = &fixture->route, .route_count = 1};
    const struct http_server_options server = {.routes = &fixture->route, .route_count = 1};
    assert_int_equal(openapi_write(&fixture->call, &options, &fixture->document), STATUS_OK);
    assert_int_equal(openapi_document_create(&fixture->call, &options, &fixture->place.document),
                     STATUS_OK);
    assert_int_equal(http_server_create(loop_current(), &server, &fixture->server), STATUS_OK);
}

static void teardown(struct fixture *fixture)
{
    http_server_destroy(fixture->server);
    openapi_document_destroy(fixture->place.document);
    buffer_deinit(&fixture->document);
    arena_deinit(&fixture->arena);
}

static struct http_loopback_reply get(struct fixture *fixture, const char *headers)
{
    return http_loopback_send_with(fixture->server, &fixture->call, "GET", "/openapi.json", headers,
                                   NULL);
}

static void whole_and_compressed(void *unused)
{
    struct fixture fixture;
    struct buffer inflated;
    (void)unused;
    setup(&fixture);
    buffer_init(&inflated, OPENAPI_BYTES_MAX);
    struct http_loopback_reply plain = get(&fixture, NULL);
    struct http_loopback_reply gzip = get(&fixture, "accept-encoding: br, gzip\r\n");
    struct http_loopback_reply refused = get(&fixture, "accept-encoding: gzip;q=0\r\n");
    assert_int_equal(plain.status, 200);
    assert_true(text_equal(plain.body, buffer_text(&fixture.document)));
    assert_null(http_loopback_header(&plain, "content-encoding").data);
    assert_true(text_equal(refused.body, plain.body));
    assert_true(text_equal(http_loopback_header(&gzip, "content-encoding"), TEXT("gzip")));
    assert_true(gzip.body.length < plain.body.length);
    assert_int_equal(grpc_gzip_inflate(&fixture.call, gzip.body, &inflated), STATUS_OK);
    assert_true(text_equal(buffer_text(&inflated), plain.body));
    assert_true(text_equal(http_loopback_header(&gzip, "vary"), TEXT("accept-encoding")));
    assert_false(
        text_equal(http_loopback_header(&gzip, "etag"), http_loopback_header(&plain, "etag")));
    buffer_deinit(&inflated);
    teardown(&fixture);
}

static void who_has_it_gets_no_more(void *unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    struct http_loopback_reply plain = get(&fixture, NULL);
    struct text etag = http_loopback_header(&plain, "etag");
    struct text same =
        arena_format(&fixture.arena, "if-none-match: %.*s\r\n%c", TEXT_ARGUMENTS(etag), '\0');
    struct text other =
        arena_format(&fixture.arena, "accept-encoding: gzip\r\nif-none-match: %.*s\r\n%c",
                     TEXT_ARGUMENTS(etag), '\0');
    struct http_loopback_reply unchanged = get(&fixture, same.data);
    assert_int_equal(unchanged.status, 304);
    assert_int_equal(unchanged.body.length, 0);
    assert_true(text_equal(http_loopback_header(&unchanged, "etag"), etag));
    assert_int_equal(get(&fixture, other.data).status, 200);
    teardown(&fixture);
}

static void test_whole_and_compressed(void **state)
{
    (void)state;
    in_fiber(whole_and_compressed, NULL);
}

static void test_who_has_it_gets_no_more(void **state)
{
    (void)state;
    in_fiber(who_has_it_gets_no_more, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_and_compressed),
        cmocka_unit_test(test_who_has_it_gets_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
