/* JSON over plain HTTP: in which form a body is taken, and the tag of what is told with its age. */
#include "http/http_json.h"

#include "base/arena.h"
#include "http/http_operation.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/http_loopback.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000, BODY_BYTES_MAX = 64 };

/* What the routes tell. */
struct told {
    int64_t content;
    int64_t age_ms;
};

static void take(void *state, struct http_exchange *exchange)
{
    const struct json *body;
    (void)state;
    if (http_json_read(exchange, BODY_BYTES_MAX, &body)) {
        http_json_reply_outcome(exchange, STATUS_OK);
    }
}

static void tell(void *state, struct http_exchange *exchange)
{
    const struct told *told = state;
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, STATUS_OK)) {
        return;
    }
    http_json_reply_age(&reply, "firstAgeMs", told->age_ms);
    json_open_object(&reply.writer);
    if (told->content != 0) {
        json_member_integer(&reply.writer, "content", told->content);
    }
    json_close_object(&reply.writer);
    http_json_reply_age(&reply, "secondAgeMs", -told->age_ms);
    http_json_reply_send(&reply, 200);
}

static const struct http_operation operations[] = {
    {.method = "PUT", .path = "/take", .handle = take},
    {.method = "GET", .path = "/tell", .handle = tell, .traits = HTTP_OPERATION_TAGGED},
    {.method = "GET", .path = "/untagged", .handle = tell},
};

struct scene {
    struct http_server *server;
    struct arena arena;
    struct call call;
    struct told told;
};

static void open_scene(struct scene *scene, struct http_route *routes)
{
    http_operations_route(operations, ARRAY_LENGTH(operations), &scene->told, routes);
    const struct http_server_options options = {.routes = routes,
                                                .route_count = ARRAY_LENGTH(operations)};
    arena_init(&scene->arena, 1024 * 1024);
    call_init(&scene->call, &scene->arena, TIMEOUT_MS);
    assert_int_equal(http_server_create(loop_current(), &options, &scene->server), STATUS_OK);
}

static void close_scene(struct scene *scene)
{
    http_server_destroy(scene->server);
    arena_deinit(&scene->arena);
}

static const struct {
    const char *headers;
    int status;
    const char *detail; /* NULL: none */
} forms[] = {
    {NULL, 200, NULL},
    {"content-type: application/json\r\n", 200, NULL},
    {"content-type: Application/JSON ; charset=UTF-8\r\n", 200, NULL},
    {"content-type: application/json;charset=\"utf-8\"\r\n", 200, NULL},
    {"content-type: application/json; charset=us-ascii\r\n", 200, NULL},
    {"content-type: application/json; profile=\"x\"\r\n", 200, NULL},
    {"content-type: text/plain\r\n", 415, "the body must be application/json"},
    {"content-type: application/json; charset=utf-16\r\n", 415, "the body must be in UTF-8"},
    {"content-type: application/json; x=1; Charset=\"iso-8859-1\"\r\n", 415, "must be in UTF-8"},
    {"content-type: application/json; charset=\r\n", 415, "the body must be in UTF-8"},
    {"content-encoding: identity\r\n", 200, NULL},
    {"content-encoding: gzip\r\n", 415, "the body must not be compressed"},
    {"content-encoding: identity, gzip\r\n", 415, "the body must not be compressed"},
};

static void take_forms(void *unused)
{
    struct scene scene;
    struct http_route routes[ARRAY_LENGTH(operations)];
    (void)unused;
    open_scene(&scene, routes);
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
        struct http_loopback_reply reply = http_loopback_send_with(scene.server, &scene.call, "PUT",
                                                                   "/take", forms[i].headers, "{}");
        const char *detail = forms[i].detail != NULL ? forms[i].detail : "";
        if (reply.status != forms[i].status ||
            memmem(reply.body.data, reply.body.length, detail, strlen(detail)) == NULL) {
            fail_msg("%s: %d %.*s", forms[i].headers, reply.status, TEXT_ARGUMENTS(reply.body));
        }
        bool is_coded = reply.status == 415 && strstr(forms[i].headers, "encoding") != NULL;
        assert_true(text_equal(http_loopback_header(&reply, "accept-encoding"),
                               is_coded ? TEXT("identity") : (struct text){NULL, 0}));
    }
    close_scene(&scene);
}

static void test_forms_of_a_body(void **state)
{
    (void)state;
    in_fiber(take_forms, NULL);
}

static struct http_loopback_reply get(struct scene *scene, const char *path, const char *name,
                                      struct text tag)
{
    struct text header =
        arena_format(&scene->arena, "%s: %.*s\r\n%c", name, TEXT_ARGUMENTS(tag), '\0');
    return http_loopback_send_with(scene->server, &scene->call, "GET", path, header.data, NULL);
}

static void hold_by_tag(void *unused)
{
    struct scene scene = {.told = {.content = 1, .age_ms = 5}};
    struct http_route routes[ARRAY_LENGTH(operations)];
    (void)unused;
    open_scene(&scene, routes);
    struct http_loopback_reply reply = get(&scene, "/tell", "x-none", TEXT(""));
    struct text tag = http_loopback_header(&reply, "etag");
    struct text strong = text_slice(tag, 2, tag.length);
    assert_int_equal(reply.status, 200);
    assert_true(
        text_equal(reply.body, TEXT("{\"content\":1,\"firstAgeMs\":5,\"secondAgeMs\":-5}")));
    assert_true(text_starts_with(tag, TEXT("W/\"")));

    scene.told.age_ms = 6;
    reply = get(&scene, "/tell", "x-none", TEXT(""));
    assert_true(text_equal(http_loopback_header(&reply, "etag"), tag));
    reply = get(&scene, "/tell", "if-none-match", tag);
    assert_int_equal(reply.status, 304);
    assert_true(text_equal(http_loopback_header(&reply, "etag"), tag));
    assert_int_equal(get(&scene, "/tell", "if-none-match", strong).status, 304);
    assert_int_equal(get(&scene, "/tell", "if-match", TEXT("*")).status, 200);
    assert_int_equal(get(&scene, "/tell", "if-match", tag).status, 412);
    assert_int_equal(get(&scene, "/tell", "if-match", strong).status, 412);

    scene.told.content = 2;
    assert_int_equal(get(&scene, "/tell", "if-none-match", tag).status, 200);
    scene.told.content = 0;
    reply = get(&scene, "/untagged", "if-none-match", TEXT("*"));
    assert_int_equal(reply.status, 200);
    assert_true(text_equal(reply.body, TEXT("{\"firstAgeMs\":6,\"secondAgeMs\":-6}")));
    close_scene(&scene);
}

static void test_what_grows_old_keeps_its_tag(void **state)
{
    (void)state;
    in_fiber(hold_by_tag, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms_of_a_body),
        cmocka_unit_test(test_what_grows_old_keeps_its_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
