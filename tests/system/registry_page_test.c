/* The registry's page as a browser fetches it: every file of services/registry/ui/ as it lies
 * there, by its name, with the headers that keep others out; and the page at every address that one
 * of its views has. What it does then is tests/peers/registry_browser_test.py's to see. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/http_files.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { PAGE_BYTES_MAX = 60 * 1024, FILES_MIN = 5 };

struct exchange {
    const char *method;
    const char *target;
    int status;
    const char *head_has;
};

static const struct exchange exchanges[] = {
    {"GET", "/", 302, "location: /ui/\r\n"},
    {"GET", "/ui", 302, "location: /ui/\r\n"},
    {"GET", "/ui/", 200, "content-type: text/html; charset=utf-8\r\n"},
    {"HEAD", "/ui/", 200, "content-type: text/html; charset=utf-8\r\n"},
    {"GET", "/ui/services", 200, "content-type: text/html"},
    {"GET", "/ui/services/", 200, "content-type: text/html"},
    {"GET", "/ui/services/rating?status=critical", 200, "content-type: text/html"},
    {"GET", "/ui/services/a%2Fb%20c", 200, "content-type: text/html"},
    {"GET", "/ui/nodes", 200, "content-type: text/html"},
    {"GET", "/ui/nodes/marquee", 200, "content-type: text/html"},
    {"GET", "/ui/app.js", 200, "content-type: text/javascript; charset=utf-8\r\n"},
    {"GET", "/ui/style.css", 200, "content-type: text/css; charset=utf-8\r\n"},
    {"GET", "/ui/icon.svg", 200, "content-type: image/svg+xml\r\n"},
    {"GET", "/ui/other", 404, "content-type: application/problem+json\r\n"},
    {"GET", "/ui/servicesx", 404, "content-type: application/problem+json\r\n"},
    {"GET", "/ui/app.js/", 404, "content-type: application/problem+json\r\n"},
    {"GET", "/ui/../main.c", 404, "content-type: application/problem+json\r\n"},
    {"GET", "/index.html", 404, "content-type: application/problem+json\r\n"},
    {"POST", "/ui/", 405, "allow: GET, HEAD\r\n"},
};

struct scene {
    struct cluster cluster;
    char folder[SERVICE_PATH_BYTES_MAX];
    size_t page_bytes;
    unsigned files;
};

static struct wire_reply ask(struct scene *scene, const char *method, const char *target,
                             const char *headers)
{
    return wire_http_ask(&scene->cluster.test.call, scene->cluster.registries[0].address, method,
                         target, headers, NULL);
}

static struct text read_file(struct scene *scene, const char *name)
{
    struct arena *arena = scene->cluster.test.call.arena;
    struct text path = arena_format(arena, "%s/%s%c", scene->folder, name, '\0');
    char *bytes = arena_alloc(arena, PAGE_BYTES_MAX);
    FILE *file = fopen(path.data, "rbe");
    if (file == NULL || bytes == NULL) {
        fail_msg("%s cannot be read", path.data);
    }
    size_t length = fread(bytes, 1, PAGE_BYTES_MAX, file);
    (void)fclose(file);
    return (struct text){bytes, length};
}

static void check_file(struct scene *scene, const char *name)
{
    test_call_again(&scene->cluster.test, SERVICE_WAIT_MS);
    struct arena *arena = scene->cluster.test.call.arena;
    struct text target = arena_format(arena, "/ui/%s%c", name, '\0');
    struct text content = read_file(scene, name);
    struct wire_reply reply = ask(scene, "GET", target.data, "");
    if (reply.status != 200 || !text_equal(reply.body, content)) {
        fail_msg("%s: %d, %zu bytes of %zu", target.data, reply.status, reply.body.length,
                 content.length);
    }
    assert_true(
        text_equal(wire_http_header(&reply, "content-security-policy"), TEXT(HTTP_FILES_POLICY)));
    assert_true(text_equal(wire_http_header(&reply, "x-content-type-options"), TEXT("nosniff")));
    struct text headers = arena_format(arena, "if-none-match: %.*s\r\n%c",
                                       TEXT_ARGUMENTS(wire_http_header(&reply, "etag")), '\0');
    reply = ask(scene, "GET", target.data, headers.data);
    assert_int_equal(reply.status, 304);
    assert_int_equal(reply.body.length, 0);
    scene->page_bytes += content.length;
    scene->files++;
}

static void run_every_file(void *argument)
{
    struct scene *scene = argument;
    const struct cluster_options options = {.registries = 1};
    const struct dirent *entry;
    (void)snprintf(scene->folder, sizeof(scene->folder), "%s/services/registry/ui",
                   getenv("MARQUEE_SOURCE"));
    cluster_open(&scene->cluster, &options);
    DIR *directory = opendir(scene->folder);
    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.') {
            check_file(scene, entry->d_name);
        }
    }
    (void)closedir(directory);
    assert_true(scene->files >= FILES_MIN);
    assert_true(scene->page_bytes < PAGE_BYTES_MAX);
    cluster_close(&scene->cluster);
}

static void run_every_address(void *argument)
{
    struct scene *scene = argument;
    const struct cluster_options options = {.registries = 1};
    cluster_open(&scene->cluster, &options);
    for (size_t i = 0; i < ARRAY_LENGTH(exchanges); i++) {
        const struct exchange *exchange = &exchanges[i];
        test_call_again(&scene->cluster.test, SERVICE_WAIT_MS);
        struct wire_reply reply = ask(scene, exchange->method, exchange->target, "");
        if (reply.status != exchange->status || !wire_http_holds(reply.head, exchange->head_has)) {
            fail_msg("%s %s: wanted %d: %.*s", exchange->method, exchange->target, exchange->status,
                     TEXT_ARGUMENTS(reply.head));
        }
    }
    cluster_close(&scene->cluster);
}

static void test_every_file_is_served(void **state)
{
    struct scene scene = {.files = 0};
    (void)state;
    in_fiber(run_every_file, &scene);
}

static void test_every_view_has_an_address(void **state)
{
    struct scene scene = {.files = 0};
    (void)state;
    in_fiber(run_every_address, &scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_file_is_served),
        cmocka_unit_test(test_every_view_has_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
