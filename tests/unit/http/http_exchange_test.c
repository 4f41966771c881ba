/* What a request gets for an answer, the same over HTTP/1.1 and HTTP/2. */
#include "unit/http/http_scene.h"

struct exchange_case {
    const char *name;
    const char *method;
    const char *path;
    const char *body;
    int want_status;
    const char *want_body; /* NULL: any */
    const char *want_header;
    const char *want_value;
    bool want_trailers;
};

static const struct exchange_case cases[] = {
    {"whole", "GET", "/hello", "", 200, "hello", "content-type", "text/plain", false},
    {"HEAD is served by GET", "HEAD", "/hello", "", 200, "", "content-length", "5", false},
    {"HEAD of parts", "HEAD", "/parts", "", 200, "", "content-type", "text/plain", false},
    {"body", "POST", "/echo", "a body", 200, "a body", "content-length", "6", false},
    {"empty body", "POST", "/echo", "", 200, "", "content-length", "0", false},
    {"second method of a path", "PUT", "/echo", "x", 200, "x", "content-length", "1", false},
    {"in parts", "GET", "/parts", "", 200, "part.part.part.", "content-type", "text/plain", true},
    {"streamed both ways", "POST", "/stream", "to and fro", 200, "to and fro", NULL, NULL, true},
    {"no content", "GET", "/empty", "", 204, "", "content-length", NULL, false},
    {"nothing there", "GET", "/absent", "", 404, NULL, "content-type", "application/problem+json",
     false},
    {"wrong method", "PATCH", "/echo", "", 405, NULL, "allow", "POST, PUT", false},
    {"allow names HEAD", "DELETE", "/hello", "", 405, NULL, "allow", "GET, HEAD", false},
    {"rest of the path", "GET", "/rest/of/it", "", 200, "of/it", NULL, NULL, false},
    {"empty rest", "GET", "/rest/", "", 200, "", NULL, NULL, false},
    {"a prefix ends in a slash", "GET", "/rest", "", 404, NULL, NULL, NULL, false},
    {"no reply", "GET", "/nothing", "", 500, NULL, "content-type", "application/problem+json",
     false},
    {"a problem", "GET", "/problem", "", 404,
     "{\"type\":\"/api#not_found\",\"title\":\"Not Found\",\"status\":404,"
     "\"detail\":\"no \\\"movie\\\" of the name 'x\\u0009y'\"}",
     "content-type", "application/problem+json", false},
    {"no header from an outsider", "GET", "/injected", "", 500, "", "set-cookie", NULL, false},
    {"request left unread", "POST", "/ignore", "unread", 200, "hello", NULL, NULL, false},
};

static void check_answer(const struct exchange_case *row, const struct http_answer *answer)
{
    if (answer->status != row->want_status) {
        fail_msg("%s: status %d", row->name, answer->status);
    }
    if (row->want_body != NULL && !text_equal(answer->body, text_of(row->want_body))) {
        fail_msg("%s: body '%.*s'", row->name, TEXT_ARGUMENTS(answer->body));
    }
    if (row->want_header != NULL &&
        !text_equal(http_answer_header(answer, row->want_header), text_of(row->want_value))) {
        fail_msg("%s: %s is '%.*s'", row->name, row->want_header,
                 TEXT_ARGUMENTS(http_answer_header(answer, row->want_header)));
    }
    if (http_answer_header(answer, "date").length != 29) {
        fail_msg("%s: no date", row->name);
    }
    struct text sum = http_header_find(answer->trailers, answer->trailer_count, TEXT("x-sum"));
    if (row->want_trailers != text_equal(sum, TEXT("42"))) {
        fail_msg("%s: trailers", row->name);
    }
}

static void ask_over_http1(struct http_scene *scene)
{
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct exchange_case *row = &cases[i];
        struct http_answer answer =
            http_scene_ask_http1(scene, &peer, row->method, row->path, text_of(row->body));
        check_answer(row, &answer);
        assert_int_equal(scene->observed, i + 1);
        assert_int_equal(scene->observed_status, row->want_status);
        assert_string_equal(scene->observed_method, row->method);
    }
    assert_int_equal(http_server_connection_count(scene->server), 1); /* kept all along */
    raw_peer_close(&peer);
}

static void ask_over_http2(struct http_scene *scene)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct exchange_case *row = &cases[i];
        struct http_answer answer =
            http_scene_ask(scene, client, row->method, row->path, text_of(row->body));
        assert_int_equal(answer.outcome, HTTP2_COMPLETE);
        check_answer(row, &answer);
        http_scene_settle(); /* to HEAD, the reply is whole before its handler has ended */
        assert_int_equal(scene->observed, i + 1);
        assert_int_equal(scene->observed_status, row->want_status);
    }
    http_scene_settle();
    assert_int_equal(http_server_exchange_count(scene->server), 0);
    http2_client_destroy(client);
}

static void test_http1(void **state)
{
    (void)state;
    http_scene_run(ask_over_http1, NULL);
}

static void test_http2(void **state)
{
    (void)state;
    http_scene_run(ask_over_http2, NULL);
}

static void ask_in_bulk(struct http_scene *scene)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    const char *path = "/large?bytes=3000000";
    struct http_answer first = http_scene_ask(scene, client, "GET", path, (struct text){NULL, 0});
    assert_int_equal(first.body.length, 3000000);
    struct http_answer second =
        http_scene_ask_http1(scene, &peer, "GET", path, (struct text){NULL, 0});
    assert_int_equal(second.body.length, 3000000);
    assert_true(text_equal(first.body, second.body));

    char *body = arena_alloc(&scene->arena, 1024 * 1024);
    assert_non_null(body);
    memset(body, 'z', 1024 * 1024);
    struct text megabyte = {body, 1024 * 1024};
    first = http_scene_ask(scene, client, "POST", "/echo", megabyte);
    assert_true(text_equal(first.body, megabyte));
    second = http_scene_ask_http1(scene, &peer, "POST", "/echo", megabyte);
    assert_true(text_equal(second.body, megabyte));
    /* No more than the windows hold: it is written whole before it is read. */
    struct text part = text_slice(megabyte, 0, 100000);
    first = http_scene_ask(scene, client, "POST", "/stream", part);
    assert_true(text_equal(first.body, part));
    raw_peer_close(&peer);
    http2_client_destroy(client);
}

static void test_bulk(void **state)
{
    (void)state;
    http_scene_run(ask_in_bulk, NULL);
}

/* More than a window, and than is there; a whole reply has trailers where HTTP has. */
static void ask_for_more(struct http_scene *scene)
{
    enum { BODY_BYTES = 1000 * 1000, SKIPPED_BYTES = 5 };
    static const size_t wanted[] = {0, 1, 100000, 700001, BODY_BYTES - SKIPPED_BYTES, BODY_BYTES};
    struct http2_client *client = http_scene_connect_http2(scene);
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    char *bytes = arena_alloc(&scene->arena, BODY_BYTES);
    assert_non_null(bytes);
    for (size_t i = 0; i < BODY_BYTES; i++) {
        bytes[i] = (char)(i % 251);
    }
    struct text body = {bytes, BODY_BYTES};
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        struct text path = arena_format(&scene->arena, "/more?bytes=%zu", wanted[i]);
        struct text want = text_slice(body, SKIPPED_BYTES, SKIPPED_BYTES + wanted[i]);
        struct http_answer answer = http_scene_ask(scene, client, "POST", path.data, body);
        assert_true(text_equal(answer.body, want));
        assert_int_equal(answer.headers_only ? 1 : answer.trailer_count, 1);
        assert_null(http_answer_header(&answer, "content-length").data);
        answer = http_scene_ask_http1(scene, &peer, "POST", path.data, body);
        assert_true(text_equal(answer.body, want));
        assert_non_null(http_answer_header(&answer, "content-length").data);
    }
    raw_peer_close(&peer);
    http2_client_destroy(client);
}

static void test_more_of_a_body(void **state)
{
    (void)state;
    http_scene_run(ask_for_more, NULL);
}

static void ask_too_much(struct http_scene *scene)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    char *body = arena_alloc(&scene->arena, 1024 * 1024 + 1);
    assert_non_null(body);
    memset(body, 'z', 1024 * 1024 + 1);
    struct text over = {body, 1024 * 1024 + 1};
    struct http_answer answer = http_scene_ask(scene, client, "POST", "/echo", over);
    assert_int_equal(answer.status, 413);
    answer = http_scene_ask_http1(scene, &peer, "POST", "/echo", over);
    assert_int_equal(answer.status, 413);
    assert_true(text_equal(http_answer_header(&answer, "connection"), TEXT("close")));
    raw_peer_close(&peer);
    http2_client_destroy(client);
}

static void test_body_over_the_limit(void **state)
{
    (void)state;
    http_scene_run(ask_too_much, NULL);
}

static void describe(struct http_scene *scene)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    struct http_answer answer =
        http_scene_ask(scene, client, "PUT", "/describe?a=b?c", TEXT("xyz"));
    assert_true(text_starts_with(answer.body, TEXT("PUT|/describe|a=b?c|test:80|blue|2|-1|")));

    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    answer = http_scene_ask_http1(scene, &peer, "PUT", "/describe?a=b?c", TEXT("xyz"));
    assert_true(text_starts_with(answer.body, TEXT("PUT|/describe|a=b?c|test:80|blue|1|3|")));
    raw_peer_forget(&peer);
    raw_peer_say(&peer, "GET /describe HTTP/1.1\r\nhost: a\r\ntraceparent: "
                        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n");
    assert_true(raw_peer_await(&peer, "|1|-1|4bf92f3577b34da6a3ce929d0e0e4736"));
    raw_peer_close(&peer);
    http2_client_destroy(client);
}

static void test_what_a_handler_sees(void **state)
{
    (void)state;
    http_scene_run(describe, NULL);
}

static void break_off(struct http_scene *scene)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    struct http_answer answer =
        http_scene_ask(scene, client, "GET", "/abort", (struct text){NULL, 0});
    assert_int_equal(answer.outcome, HTTP2_RESET);
    assert_int_equal(answer.error_code, 8);
    assert_true(text_equal(answer.body, TEXT("half")));
    answer = http_scene_ask(scene, client, "GET", "/unfinished", (struct text){NULL, 0});
    assert_int_equal(answer.outcome, HTTP2_RESET);
    assert_int_equal(answer.error_code, 2);
    http2_client_destroy(client);

    static const char *const paths[] = {"/abort", "/unfinished"};
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        struct raw_peer peer;
        http_scene_connect(scene, &peer);
        raw_peer_send(&peer,
                      arena_format(&scene->arena, "GET %s HTTP/1.1\r\nhost: a\r\n\r\n", paths[i]));
        assert_true(raw_peer_await_end(&peer));
        assert_true(raw_peer_has(&peer, "4\r\nhalf\r\n"));
        assert_false(raw_peer_has(&peer, "\r\n0\r\n"));
        raw_peer_close(&peer);
    }
}

static void test_broken_off(void **state)
{
    (void)state;
    http_scene_run(break_off, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http1),
        cmocka_unit_test(test_http2),
        cmocka_unit_test(test_bulk),
        cmocka_unit_test(test_more_of_a_body),
        cmocka_unit_test(test_body_over_the_limit),
        cmocka_unit_test(test_what_a_handler_sees),
        cmocka_unit_test(test_broken_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
