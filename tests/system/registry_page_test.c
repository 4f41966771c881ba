/* The registry's page as a browser fetches it: every file of services/registry/ui/ as it lies
 * there, by its name, with the headers that keep others out; and the page at every address that one
 * of its views has. What it does then is tests/peers/registry_browser_test.py's to see. */
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/page_files.h"

enum { PAGE_BYTES_MAX = 60 * 1024, FILES_MIN = 5 };

static const struct page_exchange exchanges[] = {
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
    {"GET", "/ui/dom.js", 200, "content-type: text/javascript; charset=utf-8\r\n"},
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

static void run_every_file(void *unused)
{
    struct cluster cluster;
    struct page_files files;
    const struct cluster_options options = {.registries = 1};
    (void)unused;
    cluster_open(&cluster, &options);
    page_files_check(&cluster.test, cluster.registries[0].address, "services/registry/ui", "/ui/",
                     &files);
    assert_true(files.count >= FILES_MIN);
    assert_true(files.bytes < PAGE_BYTES_MAX);
    cluster_close(&cluster);
}

static void run_every_address(void *unused)
{
    struct cluster cluster;
    const struct cluster_options options = {.registries = 1};
    (void)unused;
    cluster_open(&cluster, &options);
    page_exchanges_check(&cluster.test, cluster.registries[0].address, exchanges,
                         ARRAY_LENGTH(exchanges));
    cluster_close(&cluster);
}

static void test_every_file_is_served(void **state)
{
    (void)state;
    in_fiber(run_every_file, NULL);
}

static void test_every_view_has_an_address(void **state)
{
    (void)state;
    in_fiber(run_every_address, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_file_is_served),
        cmocka_unit_test(test_every_view_has_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
