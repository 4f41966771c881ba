/* The page of marquee-movie as a browser fetches it: every file of web/ as it lies there, by its
 * name, with the headers that keep others out; and the page at every address that one of its views
 * has. What it does then is tests/peers/page_browser_test.py's to see. */
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/page_files.h"

enum { PAGE_BYTES_MAX = 150 * 1024, FILES_MIN = 20 };

static const struct cluster_options options = {
    .instances = {[CLUSTER_METADATA] = 1, [CLUSTER_RATING] = 1, [CLUSTER_MOVIE] = 1}};

static const struct page_exchange exchanges[] = {
    {"GET", "/", 200, "content-type: text/html; charset=utf-8\r\n"},
    {"HEAD", "/", 200, "content-type: text/html; charset=utf-8\r\n"},
    {"GET", "/?from=elsewhere", 200, "content-type: text/html"},
    {"GET", "/film/tt0133093", 200, "content-type: text/html"},
    {"GET", "/film/a%2Fb%20c", 200, "content-type: text/html"},
    {"GET", "/lists?order=year&genre=Film-Noir", 200, "content-type: text/html"},
    {"GET", "/search?q=am%C3%A9lie", 200, "content-type: text/html"},
    {"GET", "/votes", 200, "content-type: text/html"},
    {"GET", "/import", 200, "content-type: text/html"},
    {"GET", "/assets/app.js", 200, "content-type: text/javascript; charset=utf-8\r\n"},
    {"GET", "/assets/base.css", 200, "content-type: text/css; charset=utf-8\r\n"},
    {"GET", "/assets/icon.svg", 200, "content-type: image/svg+xml\r\n"},
    {"GET", "/movie?id=nobody", 404, "content-type: application/problem+json\r\n"},
    {"GET", "/assets/", 404, "content-type: application/problem+json\r\n"},
    {"GET", "/assets/none.js", 404, "content-type: application/problem+json\r\n"},
    {"GET", "/assets/../main.c", 404, "content-type: application/problem+json\r\n"},
    {"GET", "/index.html", 404, "content-type: application/problem+json\r\n"},
    {"GET", "/listsx", 404, "content-type: application/problem+json\r\n"},
    {"POST", "/", 405, "allow: GET, HEAD\r\n"},
};

static void run_every_file(void *unused)
{
    struct cluster cluster;
    struct page_files files;
    (void)unused;
    cluster_open(&cluster, &options);
    page_files_check(&cluster.test, cluster_service(&cluster, CLUSTER_MOVIE)->address, "web",
                     "/assets/", &files);
    assert_true(files.count >= FILES_MIN);
    assert_true(files.bytes < PAGE_BYTES_MAX);
    cluster_close(&cluster);
}

static void run_every_address(void *unused)
{
    struct cluster cluster;
    (void)unused;
    cluster_open(&cluster, &options);
    page_exchanges_check(&cluster.test, cluster_service(&cluster, CLUSTER_MOVIE)->address,
                         exchanges, ARRAY_LENGTH(exchanges));
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
