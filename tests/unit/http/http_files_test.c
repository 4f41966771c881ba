/* Files that were compiled in, as a client sees them. */
#include "http/http_files.h"

#include "base/arena.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/http_loopback.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000 };

#define PAGE "<!doctype html>\n<title>caf\xc3\xa9</title>\n"
#define STYLE "body { margin: 0; }\n"

extern const struct http_file test_files[];

static void serve(void *unused, struct http_exchange *exchange)
{
    (void)unused;
    http_files_serve(test_files, exchange);
}

static const struct http_route routes[] = {{"GET", "/files/*", serve, NULL, NULL}};

struct fixture {
    struct http_server *server;
    struct arena arena;
    struct call call;
};

static void setup(struct fixture *fixture)
{
    const struct http_server_options options = {.routes = routes,
                                                .route_count = ARRAY_LENGTH(routes)};
    arena_init(&fixture->arena, 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    assert_int_equal(http_server_create(loop_current(), &options, &fixture->server), STATUS_OK);
}

static void teardown(struct fixture *fixture)
{
    http_server_destroy(fixture->server);
    arena_deinit(&fixture->arena);
}

static void assert_header(const struct http_loopback_reply *reply, const char *name,
                          const char *want)
{
    if (!text_equal(http_loopback_header(reply, name), text_of(want))) {
        fail_msg("%s: \"%.*s\", not \"%s\"", name,
                 TEXT_ARGUMENTS(http_loopback_header(reply, name)), want);
    }
}

static void files_come_with_their_headers(void *unused)
{
    static const struct {
        const char *method;
        const char *target;
        int status;
        const char *type;
        const char *body;
    } cases[] = {
        {"GET", "/files/page.html", 200, "text/html; charset=utf-8", PAGE},
        {"GET", "/files/style.css", 200, "text/css; charset=utf-8", STYLE},
        {"HEAD", "/files/style.css", 200, "text/css; charset=utf-8", ""},
        {"GET", "/files/style.css?v=1", 200, "text/css; charset=utf-8", STYLE},
        {"GET", "/files/", 404, "application/problem+json", NULL},
        {"GET", "/files/style", 404, "application/problem+json", NULL},
        {"GET", "/files/../style.css", 404, "application/problem+json", NULL},
        {"GET", "/files/style.css%00", 404, "application/problem+json", NULL},
        {"PUT", "/files/style.css", 405, "application/problem+json", NULL},
    };
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_loopback_reply reply = http_loopback_send(
            fixture.server, &fixture.call, cases[i].method, cases[i].target, NULL);
        if (reply.status != cases[i].status) {
            fail_msg("%s %s: %d", cases[i].method, cases[i].target, reply.status);
        }
        assert_header(&reply, "content-type", cases[i].type);
        if (cases[i].body != NULL && !text_equal(reply.body, text_of(cases[i].body))) {
            fail_msg("%s %s: '%.*s'", cases[i].method, cases[i].target, TEXT_ARGUMENTS(reply.body));
        }
        if (reply.status == 200) {
            assert_header(&reply, "vary", "accept-encoding");
            assert_header(&reply, "content-encoding", "");
            assert_header(&reply, "cache-control", "no-cache");
            assert_header(&reply, "content-security-policy", HTTP_FILES_POLICY);
            assert_header(&reply, "referrer-policy", "no-referrer");
            assert_header(&reply, "x-content-type-options", "nosniff");
        }
    }
    teardown(&fixture);
}

static void head_tells_the_length(void *unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    struct http_loopback_reply reply =
        http_loopback_send(fixture.server, &fixture.call, "HEAD", "/files/page.html", NULL);
    assert_int_equal(reply.body.length, 0);
    assert_header(&reply, "content-length", "37");
    teardown(&fixture);
}

static void who_has_it_gets_no_more(void *unused)
{
    static const struct {
        const char *before; /* of the file's tag, in the headers of the request */
        const char *after;
        int status;
    } cases[] = {
        {"if-none-match: ", "", 304},
        {"if-none-match: W/", "", 304},
        {"if-none-match: \"other\", ", ", \"another\"", 304},
        {"if-none-match: \"other\"\r\nif-none-match: ", "", 304},
        {"if-none-match: *\r\nx-tag: ", "", 304},
        {"if-none-match: \"other\"\r\nx-tag: ", "", 200},
        {"if-none-match: x", "", 200},
        {"if-none-match:\r\nx-tag: ", "", 200},
        {"if-match: ", "", 200},
    };
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    struct text etag = http_files_find(test_files, TEXT("style.css"))->etag;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text headers = arena_format(&fixture.arena, "%s%.*s%s\r\n%c", cases[i].before,
                                           TEXT_ARGUMENTS(etag), cases[i].after, '\0');
        struct http_loopback_reply reply = http_loopback_send_with(
            fixture.server, &fixture.call, "GET", "/files/style.css", headers.data, NULL);
        if (reply.status != cases[i].status) {
            fail_msg("%s: %d", headers.data, reply.status);
        }
        assert_true(text_equal(http_loopback_header(&reply, "etag"), etag));
        assert_int_equal(reply.body.length, reply.status == 200 ? sizeof(STYLE) - 1 : 0);
    }
    teardown(&fixture);
}

/* The length of what was compressed, from the end of a gzip member (RFC 1952 section 2.3.1). */
static size_t inflated_length(struct text gzip)
{
    const unsigned char *end = (const unsigned char *)gzip.data + gzip.length;
    return end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
}

static void who_accepts_gzip_gets_it(void *unused)
{
    static const struct {
        const char *target;
        const char *headers;
        bool compressed;
    } cases[] = {
        {"/files/long.js", "", false},
        {"/files/long.js", "accept-encoding: gzip\r\n", true},
        {"/files/long.js", "accept-encoding: br, deflate ,GZIP;q=0.5\r\n", true},
        {"/files/long.js", "accept-encoding: gzip; q=0.001\r\n", true},
        {"/files/long.js", "accept-encoding: gzip;q=0\r\n", false},
        {"/files/long.js", "accept-encoding: gzip; Q=0.000\r\n", false},
        {"/files/long.js", "accept-encoding: br, x-gzip, *\r\n", false},
        {"/files/long.js", "accept-encoding:\r\n", false},
        {"/files/style.css", "accept-encoding: gzip\r\n", false}, /* it would be larger */
    };
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct http_file *file =
            http_files_find(test_files, text_slice(text_of(cases[i].target), 7, SIZE_MAX));
        struct http_loopback_reply reply = http_loopback_send_with(
            fixture.server, &fixture.call, "GET", cases[i].target, cases[i].headers, NULL);
        struct text coding = http_loopback_header(&reply, "content-encoding");
        if (reply.status != 200 || text_equal(coding, TEXT("gzip")) != cases[i].compressed) {
            fail_msg("%s with %s: %d, \"%.*s\"", cases[i].target, cases[i].headers, reply.status,
                     TEXT_ARGUMENTS(coding));
        }
        assert_true(text_equal(reply.body, cases[i].compressed ? file->gzip : file->content));
        assert_true(text_equal(http_loopback_header(&reply, "etag"),
                               cases[i].compressed ? file->gzip_etag : file->etag));
    }
    const struct http_file *file = http_files_find(test_files, TEXT("long.js"));
    assert_true(file->gzip.length < file->content.length / 2);
    assert_int_equal(inflated_length(file->gzip), file->content.length);
    assert_memory_equal(file->gzip.data, "\x1f\x8b\x08\0\0\0\0\0", 8); /* and no time in it */
    teardown(&fixture);
}

static void either_form_is_known_again(void *unused)
{
    static const char *const accepted[] = {"", "accept-encoding: gzip\r\n"};
    const struct http_file *file = http_files_find(test_files, TEXT("long.js"));
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    for (size_t i = 0; i < 4; i++) {
        struct text tag = i % 2 == 0 ? file->etag : file->gzip_etag;
        struct text headers = arena_format(&fixture.arena, "%sif-none-match: %.*s\r\n%c",
                                           accepted[i / 2], TEXT_ARGUMENTS(tag), '\0');
        struct http_loopback_reply reply = http_loopback_send_with(
            fixture.server, &fixture.call, "GET", "/files/long.js", headers.data, NULL);
        assert_int_equal(reply.status, 304);
        assert_header(&reply, "content-encoding", "");
    }
    teardown(&fixture);
}

/* A changed file must be seen: its tag is a hash of what is in it. */
static void tags_differ(void **state)
{
    (void)state;
    const struct http_file *page = http_files_find(test_files, TEXT("page.html"));
    const struct http_file *style = http_files_find(test_files, TEXT("style.css"));
    assert_int_equal(page->etag.length, 18);
    assert_int_equal(page->etag.data[0], '"');
    assert_int_equal(page->etag.data[17], '"');
    assert_false(text_equal(page->etag, style->etag));
    assert_null(http_files_find(test_files, TEXT("absent.js")));
}

static void test_files_come_with_their_headers(void **state)
{
    (void)state;
    in_fiber(files_come_with_their_headers, NULL);
}

static void test_head_tells_the_length(void **state)
{
    (void)state;
    in_fiber(head_tells_the_length, NULL);
}

static void test_who_has_it_gets_no_more(void **state)
{
    (void)state;
    in_fiber(who_has_it_gets_no_more, NULL);
}

static void test_who_accepts_gzip_gets_it(void **state)
{
    (void)state;
    in_fiber(who_accepts_gzip_gets_it, NULL);
}

static void test_either_form_is_known_again(void **state)
{
    (void)state;
    in_fiber(either_form_is_known_again, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_come_with_their_headers),
        cmocka_unit_test(test_head_tells_the_length),
        cmocka_unit_test(test_who_has_it_gets_no_more),
        cmocka_unit_test(test_who_accepts_gzip_gets_it),
        cmocka_unit_test(test_either_form_is_known_again),
        cmocka_unit_test(tags_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
