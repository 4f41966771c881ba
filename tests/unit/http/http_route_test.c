/* Which row of a route table serves a request. */
#include "base/arena.h"
#include "http/http_route.h"
#include "support/cmocka_test.h"

static void serve(void *state, struct http_exchange *exchange)
{
    (void)state;
    (void)exchange;
}

static const struct http_route routes[] = {
    {"GET", "/", serve, NULL, NULL},      {"GET", "/a", serve, NULL, NULL},
    {"PUT", "/a", serve, NULL, NULL},     {NULL, "/any", serve, NULL, NULL},
    {"GET", "/any", serve, NULL, NULL},   {"GET", "/p/*", serve, NULL, NULL},
    {"GET", "/p/q/*", serve, NULL, NULL}, {"PUT", "/p/q/r", serve, NULL, NULL},
    {"GET", "/p/q/", serve, NULL, NULL},  {"HEAD", "/head", serve, NULL, NULL},
    {"GET", "/head", serve, NULL, NULL},  {"PUT", "/star*", serve, NULL, NULL},
};

static const struct {
    const char *method;
    const char *path;
    int want; /* the row; -1: none; -2: another method */
    const char *want_rest;
    const char *want_allow;
} cases[] = {
    {"GET", "/", 0, "", NULL},
    {"GET", "/a", 1, "", NULL},
    {"PUT", "/a", 2, "", NULL},
    {"HEAD", "/a", 1, "", NULL},
    {"POST", "/a", -2, "", "GET, HEAD, PUT"},
    {"GET", "/any", 4, "", NULL},
    {"BREW", "/any", 3, "", NULL},
    {"HEAD", "/any", 3, "", NULL},
    {"HEAD", "/head", 9, "", NULL},
    {"GET", "/p/x/y", 5, "x/y", NULL},
    {"GET", "/p/", 5, "", NULL},
    {"GET", "/p", -1, "", NULL},
    {"GET", "/p/q", 5, "q", NULL},
    {"GET", "/p/q/x", 6, "x", NULL},
    {"PUT", "/p/q/r", 7, "", NULL},
    {"GET", "/p/q/", 8, "", NULL},
    {"GET", "/p/q/r", -2, "", "PUT"},
    {"POST", "/p/q/x", -2, "", "GET, HEAD"},
    {"GET", "/A", -1, "", NULL},
    {"GET", "/a/", -1, "", NULL},
    {"GET", "//a", -1, "", NULL},
    {"GET", "", -1, "", NULL},
    {"PUT", "/star*", 11, "", NULL},
    {"PUT", "/star1", -1, "", NULL},
};

static void test_find(void **state)
{
    (void)state;
    struct http_route_table *table = NULL;
    struct arena arena;
    arena_init(&arena, 64 * 1024);
    assert_int_equal(http_route_table_create(routes, ARRAY_LENGTH(routes), &table), STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_route_match match =
            http_route_find(table, text_of(cases[i].method), text_of(cases[i].path));
        int found = match.route != NULL   ? (int)(match.route - routes)
                    : match.other != NULL ? -2
                                          : -1;
        if (found != cases[i].want || !text_equal(match.rest, text_of(cases[i].want_rest))) {
            fail_msg("%s %s: row %d, rest '%.*s'", cases[i].method, cases[i].path, found,
                     TEXT_ARGUMENTS(match.rest));
        }
        if (match.other != NULL) {
            struct text allow = http_route_allow(table, match.other, &arena);
            if (!text_equal(allow, text_of(cases[i].want_allow))) {
                fail_msg("%s %s: allow '%.*s'", cases[i].method, cases[i].path,
                         TEXT_ARGUMENTS(allow));
            }
        }
    }
    http_route_table_destroy(table);
    arena_deinit(&arena);
}

static void test_refused_tables(void **state)
{
    (void)state;
    static const struct http_route twice[] = {{"GET", "/a", serve, NULL, NULL},
                                              {"GET", "/a", serve, NULL, NULL}};
    static const struct http_route any_twice[] = {{NULL, "/a", serve, NULL, NULL},
                                                  {NULL, "/a", serve, NULL, NULL}};
    struct http_route_table *table = NULL;
    assert_int_equal(http_route_table_create(twice, 2, &table), STATUS_INVALID_ARGUMENT);
    assert_int_equal(http_route_table_create(any_twice, 2, &table), STATUS_INVALID_ARGUMENT);
    assert_null(table);
    assert_int_equal(http_route_table_create(NULL, 0, &table), STATUS_OK);
    assert_null(http_route_find(table, TEXT("GET"), TEXT("/")).route);
    http_route_table_destroy(table);
    http_route_table_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_refused_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
