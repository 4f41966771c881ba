/* What browsers are told of who may call. */
#include "support/cmocka_test.h"
#include "unit/grpc/raw_client.h"

#define ECHO "/marquee.test.EchoService/Echo"
#define ORIGIN "https://example.org"

/* Another server in the fixture's place, which allows these origins. */
struct scene {
    struct grpc_fixture *fixture;
    struct http_server *kept;
    struct grpc_server *grpc;
};

static void open_scene(struct scene *scene, struct grpc_fixture *fixture,
                       const struct text *origins, size_t count, bool credentials)
{
    const struct grpc_server_options options = {
        .services = &fixture->server.service,
        .service_count = 1,
        .descriptor_sets = &fixture->server.set,
        .descriptor_set_count = 1,
        .cors_origins = origins,
        .cors_origin_count = count,
        .cors_credentials = credentials,
    };
    *scene = (struct scene){.fixture = fixture, .kept = fixture->server.http};
    assert_int_equal(grpc_server_create(&options, &scene->grpc), STATUS_OK);
    struct http_server_options http = {.fallback = grpc_server_fallback,
                                       .fallback_state = scene->grpc};
    http.routes = grpc_server_routes(scene->grpc, &http.route_count);
    assert_int_equal(http_server_create(fixture->loop, &http, &fixture->server.http), STATUS_OK);
}

static void close_scene(struct scene *scene)
{
    http_server_destroy(scene->fixture->server.http);
    grpc_server_destroy(scene->grpc);
    scene->fixture->server.http = scene->kept;
}

static void assert_header(const struct raw_reply *reply, const char *name, const char *want)
{
    struct text value = raw_header(reply, name);
    if (!text_equal(value, text_of(want)) || (want == NULL) != (value.data == NULL)) {
        fail_msg("%s: '%.*s', not '%s'", name, TEXT_ARGUMENTS(value), want != NULL ? want : "");
    }
}

static struct raw_request question(const char *path, const char *origin)
{
    return (struct raw_request){
        .method = "OPTIONS",
        .path = path,
        .headers = {{TEXT("access-control-request-method"), TEXT("POST")},
                    {TEXT("access-control-request-headers"), TEXT("content-type,x-grpc-web")},
                    {TEXT("origin"), text_of(origin)}},
    };
}

static void questions_are_answered(struct grpc_fixture *fixture)
{
    static const struct text origins[] = {TEXT_INIT("https://other.example"), TEXT_INIT(ORIGIN)};
    struct scene scene;
    struct raw_reply reply;
    open_scene(&scene, fixture, origins, ARRAY_LENGTH(origins), false);
    struct raw_request request = question(ECHO, ORIGIN);
    raw_http1(fixture, &request, &reply);
    assert_int_equal(reply.status, 204);
    assert_header(&reply, "access-control-allow-origin", ORIGIN);
    assert_header(&reply, "access-control-allow-methods", "GET, POST");
    assert_header(&reply, "access-control-allow-headers", "content-type,x-grpc-web");
    assert_header(&reply, "access-control-max-age", GRPC_CORS_MAX_AGE_TEXT);
    assert_header(&reply, "access-control-allow-credentials", NULL);
    assert_header(&reply, "vary", "origin");

    request = question("/marquee.test.EchoService/Split", ORIGIN);
    raw_http2(fixture, &request, &reply);
    assert_int_equal(reply.status, 204);
    assert_header(&reply, "access-control-allow-methods", "POST");
    assert_int_equal(fixture->server.echo.calls, 0);
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(questions_are_answered)

static void other_origins_are_refused(struct grpc_fixture *fixture)
{
    static const char *const refused[] = {"https://example.com",
                                          "http://example.org",
                                          "https://example.org:444",
                                          "https://example.orgx",
                                          "https://a.example.org",
                                          "null",
                                          "*"};
    static const struct text origins[] = {TEXT_INIT(ORIGIN)};
    struct scene scene;
    struct raw_reply reply;
    open_scene(&scene, fixture, origins, ARRAY_LENGTH(origins), true);
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        const struct raw_request request = question(ECHO, refused[i]);
        raw_http1(fixture, &request, &reply);
        assert_int_equal(reply.status, 403);
        assert_header(&reply, "access-control-allow-origin", NULL);
        assert_header(&reply, "access-control-allow-credentials", NULL);
    }
    /* Not a browser's question: an HTTP method that is not there. */
    const struct raw_request plain = {
        .method = "OPTIONS", .path = ECHO, .headers = {{TEXT("origin"), TEXT(ORIGIN)}}};
    raw_http1(fixture, &plain, &reply);
    assert_int_equal(reply.status, 405);
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(other_origins_are_refused)

static const struct {
    const char *name;
    struct raw_request request;
    const char *exposed;
} calls[] = {
    {"gRPC-Web",
     {.path = ECHO,
      .content_type = "application/grpc-web",
      .headers = {{TEXT_INIT("x-echo"), TEXT_INIT("a")}, {TEXT_INIT("origin"), TEXT_INIT(ORIGIN)}},
      .body = TEXT_INIT("\0\0\0\0\0")},
     "content-type, x-echo"},
    {"gRPC-Web, no such method",
     {.path = "/marquee.test.EchoService/None",
      .content_type = "application/grpc-web",
      .headers = {{TEXT_INIT("origin"), TEXT_INIT(ORIGIN)}},
      .body = TEXT_INIT("\0\0\0\0\0")},
     "content-type"},
    {"Connect",
     {.path = ECHO,
      .content_type = "application/json",
      .headers = {{TEXT_INIT("x-echo-bin"), TEXT_INIT("q6s")},
                  {TEXT_INIT("origin"), TEXT_INIT(ORIGIN)}},
      .body = TEXT_INIT("{}")},
     "content-type, trailer-x-echo-bin"},
    {"Connect, failing",
     {.path = ECHO,
      .content_type = "application/json",
      .headers = {{TEXT_INIT("origin"), TEXT_INIT(ORIGIN)}},
      .body = TEXT_INIT("")},
     "content-type"},
    {"a stream of Connect",
     {.path = "/marquee.test.EchoService/Split",
      .content_type = "application/connect+json",
      .headers = {{TEXT_INIT("origin"), TEXT_INIT(ORIGIN)}},
      .body = TEXT_INIT("\0\0\0\0\2{}")},
     "content-type"},
};

static void replies_may_be_read(struct grpc_fixture *fixture)
{
    static const struct text origins[] = {TEXT_INIT(ORIGIN)};
    struct scene scene;
    open_scene(&scene, fixture, origins, ARRAY_LENGTH(origins), true);
    for (size_t i = 0; i < ARRAY_LENGTH(calls); i++) {
        struct raw_reply reply;
        raw_http1(fixture, &calls[i].request, &reply);
        assert_header(&reply, "access-control-allow-origin", ORIGIN);
        assert_header(&reply, "access-control-allow-credentials", "true");
        assert_header(&reply, "vary", "origin");
        assert_header(&reply, "access-control-expose-headers", calls[i].exposed);
    }
    /* Where nobody asks, caches are told all the same that it depends. */
    const struct raw_request plain = {
        .path = ECHO, .content_type = "application/json", .body = TEXT("{}")};
    struct raw_reply reply;
    raw_http2(fixture, &plain, &reply);
    assert_header(&reply, "access-control-allow-origin", NULL);
    assert_header(&reply, "access-control-allow-credentials", NULL);
    assert_header(&reply, "vary", "origin");
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(replies_may_be_read)

static void any_origin_may_be_allowed(struct grpc_fixture *fixture)
{
    static const struct text origins[] = {TEXT_INIT("*")};
    struct scene scene;
    struct raw_reply reply;
    open_scene(&scene, fixture, origins, ARRAY_LENGTH(origins), false);
    const struct raw_request request = question(ECHO, ORIGIN);
    raw_http1(fixture, &request, &reply);
    assert_int_equal(reply.status, 204);
    assert_header(&reply, "access-control-allow-origin", "*");
    assert_header(&reply, "access-control-allow-credentials", NULL);
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(any_origin_may_be_allowed)

static void options_are_checked(void **state)
{
    static const struct text any[] = {TEXT_INIT(ORIGIN), TEXT_INIT("*")};
    static struct text many[GRPC_CORS_ORIGINS_MAX + 1];
    struct grpc_server *server = NULL;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(many); i++) {
        many[i] = TEXT(ORIGIN);
    }
    struct grpc_server_options options = {.cors_origins = many,
                                          .cors_origin_count = GRPC_CORS_ORIGINS_MAX};
    assert_int_equal(grpc_server_create(&options, &server), STATUS_OK);
    grpc_server_destroy(server);
    options.cors_origin_count++;
    assert_int_equal(grpc_server_create(&options, &server), STATUS_INVALID_ARGUMENT);
    static const char *const none[] = {"",          "example.org",          "https://",
                                       "://a",      "https://example.org/", "https://a/b",
                                       "https:a.b", "https://a https://b"};
    options.cors_origin_count = 1;
    for (size_t i = 0; i < ARRAY_LENGTH(none); i++) {
        many[0] = text_of(none[i]);
        assert_int_equal(grpc_server_create(&options, &server), STATUS_INVALID_ARGUMENT);
    }
    options.cors_origins = any;
    options.cors_origin_count = ARRAY_LENGTH(any);
    options.cors_credentials = true;
    assert_int_equal(grpc_server_create(&options, &server), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_answered_loopback),
        cmocka_unit_test(other_origins_are_refused_loopback),
        cmocka_unit_test(replies_may_be_read_loopback),
        cmocka_unit_test(any_origin_may_be_allowed_loopback),
        cmocka_unit_test(options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
