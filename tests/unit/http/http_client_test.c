/* The client for whole requests, against our own server over TCP. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http_client.h"
#include "unit/http/http_scene.h"

struct asking {
    struct http_scene *scene;
    struct http_client *client;
    struct text address;
    struct call call;
    struct http_client_reply reply;
};

static void open_asking(struct asking *asking, struct http_scene *scene)
{
    *asking = (struct asking){.scene = scene, .address = http_scene_listen(scene)};
    assert_int_equal(http_client_create(scene->loop, &asking->client), STATUS_OK);
    asking->call = scene->call;
}

static enum status ask(struct asking *asking, const char *method, const char *path,
                       const struct http_header *headers, size_t header_count, struct text body)
{
    struct http_client_request request = {
        .method = method,
        .url = arena_format(&asking->scene->arena, "http://%.*s%s", TEXT_ARGUMENTS(asking->address),
                            path),
        .headers = headers,
        .header_count = header_count,
        .body = body,
    };
    call_clear_error(&asking->call);
    return http_client_send(asking->client, &asking->call, &request, &asking->reply);
}

static void ask_all(struct http_scene *scene)
{
    static const struct {
        const char *method;
        const char *path;
        const char *body;
        int want_status;
        const char *want_body;
    } rows[] = {
        {"GET", "/hello", "", 200, "hello"},
        {"HEAD", "/hello", "", 200, ""},
        {"POST", "/echo", "a body", 200, "a body"},
        {"POST", "/echo", "", 200, ""},
        {"PUT", "/echo", "", 200, ""},
        {"PUT", "/echo", "put", 200, "put"},
        {"DELETE", "/rest/x", "", 200, "x"},
        {"GET", "/parts", "", 200, "part.part.part."},
        {"GET", "/empty", "", 204, ""},
        {"GET", "/absent", "", 404, NULL},
        {"GET", "/nothing", "", 500, NULL},
    };
    struct asking asking;
    open_asking(&asking, scene);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        assert_int_equal(ask(&asking, rows[i].method, rows[i].path, NULL, 0, text_of(rows[i].body)),
                         STATUS_OK);
        if (asking.reply.status != rows[i].want_status ||
            (rows[i].want_body != NULL &&
             !text_equal(asking.reply.body, text_of(rows[i].want_body)))) {
            fail_msg("%s %s: %d '%.*s'", rows[i].method, rows[i].path, asking.reply.status,
                     TEXT_ARGUMENTS(asking.reply.body));
        }
        assert_int_equal(
            http_header_find(asking.reply.headers, asking.reply.header_count, TEXT("date")).length,
            29);
    }
    assert_int_equal(http_server_connection_count(scene->server), 1); /* kept */
    http_client_destroy(asking.client);
}

static void test_requests(void **state)
{
    (void)state;
    http_scene_run(ask_all, NULL);
}

static void send_headers(struct http_scene *scene)
{
    static const struct http_header colored[] = {{TEXT_INIT("X-Color"), TEXT_INIT("green")}};
    static const struct http_header injected[] = {
        {TEXT_INIT("x"), TEXT_INIT("a\r\nHost: elsewhere")}};
    static const struct http_header traced[] = {
        {TEXT_INIT("traceparent"),
         TEXT_INIT("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")}};
    struct asking asking;
    char trace[TRACE_ID_TEXT_BYTES];
    open_asking(&asking, scene);
    assert_int_equal(ask(&asking, "GET", "/describe", colored, 1, TEXT("")), STATUS_OK);
    struct text want = arena_format(
        &scene->arena,
        "GET|/describe||%.*s|green|1|-1|%.*s|127.0.0.1:", TEXT_ARGUMENTS(asking.address),
        TEXT_ARGUMENTS(trace_id_text(&asking.call.identity.trace, trace)));
    assert_true(text_starts_with(asking.reply.body, want));
    assert_int_equal(ask(&asking, "GET", "/describe", traced, 1, TEXT("")), STATUS_OK);
    want =
        arena_format(&scene->arena, "GET|/describe||%.*s||1|-1|4bf92f3577b34da6a3ce929d0e0e4736|",
                     TEXT_ARGUMENTS(asking.address));
    assert_true(text_starts_with(asking.reply.body, want));
    assert_int_equal(ask(&asking, "GET", "/describe", injected, 1, TEXT("")),
                     STATUS_INVALID_ARGUMENT);
    http_client_destroy(asking.client);
}

static void test_headers(void **state)
{
    (void)state;
    http_scene_run(send_headers, NULL);
}

/* A port where nobody listens: bound, so that nobody else can either. */
static int closed_port(struct http_scene *scene, struct text *ret_address)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *ret_address = arena_format(&scene->arena, "127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

static void fail_to_ask(struct http_scene *scene)
{
    struct asking asking;
    open_asking(&asking, scene);
    struct text open_address = asking.address;
    int fd = closed_port(scene, &asking.address);
    assert_int_equal(ask(&asking, "GET", "/", NULL, 0, TEXT("")), STATUS_UNAVAILABLE);
    assert_true(asking.call.error.message.length > 0);
    assert_int_equal(close(fd), 0);
    asking.address = TEXT("host.invalid");
    assert_int_equal(ask(&asking, "GET", "/", NULL, 0, TEXT("")), STATUS_UNAVAILABLE);
    asking.address = TEXT("a b");
    assert_int_equal(ask(&asking, "GET", "/", NULL, 0, TEXT("")), STATUS_INVALID_ARGUMENT);
    asking.address = open_address;

    assert_int_equal(ask(&asking, "GET", "/abort", NULL, 0, TEXT("")), STATUS_UNAVAILABLE);
    assert_int_equal(ask(&asking, "GET", "/flood?bytes=17825792", NULL, 0, TEXT("")),
                     STATUS_RESOURCE_EXHAUSTED);
    http_scene_await_left(scene, 1);

    asking.call = call_within(&scene->call, 40);
    assert_int_equal(ask(&asking, "GET", "/wait", NULL, 0, TEXT("")), STATUS_DEADLINE_EXCEEDED);
    http_scene_await_left(scene, 2);
    assert_int_equal(scene->last_status, STATUS_CANCELLED);
    assert_int_equal(ask(&asking, "GET", "/hello", NULL, 0, TEXT("")), STATUS_DEADLINE_EXCEEDED);

    struct cancellation cancellation;
    cancellation_init(&cancellation);
    cancellation_request(&cancellation);
    asking.call = scene->call;
    asking.call.cancellation = &cancellation;
    assert_int_equal(ask(&asking, "GET", "/hello", NULL, 0, TEXT("")), STATUS_CANCELLED);
    http_client_destroy(asking.client);
}

static void test_failures(void **state)
{
    (void)state;
    http_scene_run(fail_to_ask, NULL);
}

static void ask_once(void *argument)
{
    struct asking *asking = argument;
    assert_int_equal(ask(asking, "GET", "/parts", NULL, 0, TEXT("")), STATUS_OK);
    assert_int_equal(asking->reply.status, 200);
}

static void ask_together(struct http_scene *scene)
{
    struct asking first;
    struct asking all[32];
    struct fiber_group group;
    open_asking(&first, scene);
    fiber_group_init(&group);
    for (size_t i = 0; i < ARRAY_LENGTH(all); i++) {
        all[i] = first;
        assert_int_equal(fiber_group_start(&group, ask_once, &all[i]), STATUS_OK);
    }
    fiber_group_join(&group);
    http_client_destroy(first.client);
}

static void test_many(void **state)
{
    (void)state;
    http_scene_run(ask_together, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
