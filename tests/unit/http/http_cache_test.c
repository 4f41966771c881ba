/* What a server says of keeping its replies. */
#include "unit/http/http_scene.h"

static const struct {
    const char *name;
    const char *method;
    const char *path;
    int want_status;
    const char *want; /* NULL: nothing is said */
} cases[] = {
    {"what is read", "GET", "/hello", 200, "private"},
    {"its head", "HEAD", "/hello", 200, "private"},
    {"in parts", "GET", "/parts", 200, "private"},
    {"nothing, which caches keep too", "GET", "/absent", 404, "private"},
    {"a handler knows better", "GET", "/empty", 204, "no-store"},
    {"what is written is never kept", "POST", "/echo", 200, NULL},
};

static void check(const char *name, const struct http_answer *answer, int want_status,
                  const char *want)
{
    size_t count = 0;
    for (size_t i = 0; i < answer->header_count; i++) {
        count += text_equal(answer->headers[i].name, TEXT("cache-control"));
    }
    if (answer->status != want_status || count != (want != NULL ? 1 : 0) ||
        !text_equal(http_answer_header(answer, "cache-control"), text_of(want))) {
        fail_msg("%s: %d, %zu times cache-control", name, answer->status, count);
    }
}

static void ask(struct http_scene *scene)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_answer answer =
            http_scene_ask_http1(scene, &peer, cases[i].method, cases[i].path, TEXT(""));
        check(cases[i].name, &answer, cases[i].want_status, cases[i].want);
        answer = http_scene_ask(scene, client, cases[i].method, cases[i].path, TEXT(""));
        check(cases[i].name, &answer, cases[i].want_status, cases[i].want);
    }
    raw_peer_close(&peer);
    http2_client_destroy(client);
}

static void test_the_server_says_it(void **state)
{
    (void)state;
    http_scene_run(ask, &(struct http_server_options){.cache_control = TEXT_INIT("private")});
}

static void ask_without(struct http_scene *scene)
{
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    struct http_answer answer = http_scene_ask_http1(scene, &peer, "GET", "/hello", TEXT(""));
    check("nothing is to be said", &answer, 200, NULL);
    raw_peer_close(&peer);
}

static void test_it_says_nothing(void **state)
{
    (void)state;
    http_scene_run(ask_without, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_server_says_it),
        cmocka_unit_test(test_it_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
