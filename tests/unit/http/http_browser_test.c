#include "http/http_browser.h"

#include "support/cmocka_test.h"

enum { HEADERS_MAX = 4 };

/* "name: value\nname: value" */
static size_t parse(const char *lines, struct http_header headers[static HEADERS_MAX])
{
    size_t count = 0;
    for (struct text rest = text_of(lines); rest.length > 0;) {
        struct text value = text_next(&rest, '\n');
        struct text name = text_next(&value, ':');
        assert_true(count < HEADERS_MAX);
        headers[count++] = (struct http_header){name, text_trim(value)};
    }
    return count;
}

static void finds_cookies(void **state)
{
    static const struct {
        const char *headers;
        const char *want; /* NULL: none */
    } cases[] = {
        {"cookie: s=1", "1"},
        {"cookie: a=b; s=1; c=d", "1"},
        {"cookie: a=b;s=1;", "1"},
        {"cookie: s=1; s=2", "1"},
        {"cookie: a=b\naccept: x\ncookie: s=1", "1"},
        {"cookie: s=a=b", "a=b"},
        {"cookie: s=", ""},
        {"cookie: ss=1", NULL},
        {"cookie: xs=1", NULL},
        {"cookie: S=1", NULL},
        {"cookie: s", NULL},
        {"cookie: a=s=1", NULL},
        {"cookie: \"s=1\"", NULL},
        {"set-cookie: s=1", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_header headers[HEADERS_MAX];
        size_t count = parse(cases[i].headers, headers);
        struct text seen = http_cookie_find(headers, count, TEXT("s"));
        bool is_right = cases[i].want != NULL
                            ? seen.data != NULL && text_equal(seen, text_of(cases[i].want))
                            : seen.data == NULL;
        if (!is_right) {
            fail_msg("%s: '%.*s'", cases[i].headers, TEXT_ARGUMENTS(seen));
        }
    }
}

static void knows_own_pages(void **state)
{
    static const struct {
        const char *headers;
        const char *authority;
        bool want;
    } cases[] = {
        {"sec-fetch-site: same-origin", "a:1", true},
        {"sec-fetch-site: same-site", "a:1", false},
        {"sec-fetch-site: cross-site", "a:1", false},
        {"sec-fetch-site: none", "a:1", false},
        {"sec-fetch-site: ", "a:1", false},
        {"sec-fetch-site: cross-site\norigin: http://a:1", "a:1", false},
        {"origin: http://a:1", "a:1", true},
        {"origin: https://A:1", "a:1", true},
        {"origin: https://a", "a", true},
        {"origin: http://a:2", "a:1", false},
        {"origin: http://a", "a:1", false},
        {"origin: http://a:1/", "a:1", false},
        {"origin: http://a:1.evil", "a:1", false},
        {"origin: null", "a:1", false},
        {"origin: ", "", false},
        {"origin: http://", "", false},
        {"origin: a:1", "a:1", false},
        {"", "a:1", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_header headers[HEADERS_MAX];
        struct http_request request = {.headers = headers,
                                       .authority = text_of(cases[i].authority)};
        request.header_count = parse(cases[i].headers, headers);
        if (http_is_same_origin(&request) != cases[i].want) {
            fail_msg("%s at %s", cases[i].headers, cases[i].authority);
        }
    }
}

static void knows_simple_bodies(void **state)
{
    static const struct {
        const char *headers;
        int64_t length;
        bool want;
    } cases[] = {
        {"content-type: application/json", 2, false},
        {"content-type: Application/JSON; charset=utf-8", 2, false},
        {"content-type: application/connect+json", 2, false},
        {"content-type: text/plain", 2, true},
        {"content-type: text/plain; application/json", 2, true},
        {"content-type: application/x-www-form-urlencoded", 2, true},
        {"content-type: multipart/form-data", 0, true},
        {"content-type: application/jsonx", 2, true},
        {"", 2, true},
        {"", 0, false},
        {"", -1, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_header headers[HEADERS_MAX];
        struct http_request request = {.headers = headers, .content_length = cases[i].length};
        request.header_count = parse(cases[i].headers, headers);
        if (http_has_simple_body(&request) != cases[i].want) {
            fail_msg("%s, %d bytes", cases[i].headers, (int)cases[i].length);
        }
    }
}

static void knows_safe_methods(void **state)
{
    static const struct {
        const char *method;
        bool want;
    } cases[] = {
        {"GET", true},  {"HEAD", true},    {"OPTIONS", true}, {"POST", false},
        {"PUT", false}, {"DELETE", false}, {"get", false},    {"", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct http_request request = {.method = text_of(cases[i].method)};
        assert_int_equal(http_is_safe(&request), cases[i].want);
    }
}

static void finds_hosts(void **state)
{
    static const struct {
        const char *authority;
        const char *want; /* "": it is malformed */
        bool is_loopback;
    } cases[] = {
        {"localhost", "localhost", true},
        {"LOCALHOST:80", "LOCALHOST", true},
        {"localhost.:80", "localhost", true},
        {"localhost:", "localhost", true},
        {"a.b.localhost", "a.b.localhost", true},
        {"127.0.0.1:8083", "127.0.0.1", true},
        {"127.255.0.9", "127.255.0.9", true},
        {"[::1]:8083", "::1", true},
        {"[0:0:0:0:0:0:0:1]", "0:0:0:0:0:0:0:1", true},
        {"films.example.org:443", "films.example.org", false},
        {"localhost.example.org", "localhost.example.org", false},
        {"xlocalhost", "xlocalhost", false},
        {".localhost", ".localhost", false},
        {"128.0.0.1", "128.0.0.1", false},
        {"127.0.0.1.example.org", "127.0.0.1.example.org", false},
        {"[::ffff:127.0.0.1]", "::ffff:127.0.0.1", false},
        {"0.0.0.0", "0.0.0.0", false},
        {"localhost:80x", "", false},
        {"localhost:80:80", "", false},
        {"localhost:80@evil.example", "", false},
        {"[::1", "", false},
        {"[::1]x", "", false},
        {"::1", "", false},
        {":80", "", false},
        {"", "", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text host = http_host_of(text_of(cases[i].authority));
        if (!text_equal(host, text_of(cases[i].want)) ||
            http_host_is_loopback(host) != cases[i].is_loopback) {
            fail_msg("%s: '%.*s'", cases[i].authority, TEXT_ARGUMENTS(host));
        }
    }
}

static void knows_what_no_page_sends(void **state)
{
    static const struct {
        const char *headers;
        int version;
        bool want;
    } cases[] = {
        {"content-type: application/grpc\nte: trailers", 2, false},
        {"content-type: application/grpc+json; charset=utf-8\nte: Trailers", 2, false},
        {"content-type: application/grpc\nte: trailers", 1, true},
        {"content-type: application/grpc", 2, true},
        {"content-type: application/grpc\nte: gzip", 2, true},
        {"content-type: application/grpc-web\nte: trailers", 2, true},
        {"content-type: application/json\nte: trailers", 2, true},
        {"te: trailers", 2, true},
        {"content-type: application/grpc\nte: trailers\norigin: http://a", 2, true},
        {"content-type: application/grpc\nte: trailers\nsec-fetch-site: none", 2, true},
        {"", 2, true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_header headers[HEADERS_MAX];
        struct http_request request = {
            .method = TEXT("POST"), .headers = headers, .version = cases[i].version};
        request.header_count = parse(cases[i].headers, headers);
        if (http_may_be_browser(&request) != cases[i].want) {
            fail_msg("%s over HTTP/%d", cases[i].headers, cases[i].version);
        }
        request.method = TEXT("GET");
        assert_true(http_may_be_browser(&request));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_cookies),       cmocka_unit_test(knows_own_pages),
        cmocka_unit_test(knows_simple_bodies), cmocka_unit_test(knows_safe_methods),
        cmocka_unit_test(finds_hosts),         cmocka_unit_test(knows_what_no_page_sends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
