#include "registry/handler/registry_service_input.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "support/cmocka_test.h"

struct fixture {
    struct arena arena;
    struct call call;
};

static enum status read_body(struct fixture *fixture, const char *body,
                             struct registry_registration *ret_registration)
{
    const struct json *json;
    arena_init(&fixture->arena, 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, 0);
    assert_int_equal(json_parse(&fixture->call, text_of(body), &json), STATUS_OK);
    return registry_service_input_read(&fixture->call, json, ret_registration);
}

static void assert_text(struct text got, const char *want)
{
    if (!text_equal(got, text_of(want))) {
        fail_msg("\"%.*s\", not \"%s\"", TEXT_ARGUMENTS(got), want);
    }
}

static void test_whole_registration(void **state)
{
    static const char body[] =
        "{\"ID\":\"r1\",\"Name\":\"rating\",\"Tags\":[\"v1\",\"blue\"],\"Address\":\"10.0.0.1\","
        "\"Port\":8082,\"Meta\":{\"zone\":\"a\"},\"Weights\":{\"Passing\":10,\"Warning\":2},"
        "\"EnableTagOverride\":true,\"Token\":null,\"Check\":{\"CheckID\":\"c\",\"Name\":\"alive\","
        "\"TTL\":\"6s\",\"Status\":\"passing\",\"Notes\":\"n\","
        "\"DeregisterCriticalServiceAfter\":\"1m\"}}";
    struct fixture fixture;
    struct registry_registration got;
    (void)state;
    assert_int_equal(read_body(&fixture, body, &got), STATUS_OK);
    assert_text(got.service.id, "r1");
    assert_text(got.service.name, "rating");
    assert_text(got.service.address, "10.0.0.1");
    assert_int_equal(got.service.port, 8082);
    assert_int_equal(got.service.tag_count, 2);
    assert_text(got.service.tags[1], "blue");
    assert_int_equal(got.service.meta_count, 1);
    assert_text(got.service.meta[0].value, "a");
    assert_int_equal(got.service.weight_passing, 10);
    assert_int_equal(got.service.weight_warning, 2);
    assert_true(got.service.enable_tag_override);
    assert_int_equal(got.check_count, 1);
    assert_text(got.checks[0].id, "c");
    assert_text(got.checks[0].name, "alive");
    assert_int_equal(got.checks[0].ttl_ns, 6 * CLOCK_NS_PER_S);
    assert_int_equal(got.checks[0].initial, REGISTRY_PASSING);
    assert_int_equal(got.checks[0].deregister_after_ns, 60 * CLOCK_NS_PER_S);
    arena_deinit(&fixture.arena);
}

static void test_defaults_and_generated_names(void **state)
{
    static const struct {
        const char *name;
        const char *body;
        size_t check_count;
        const char *id;
        const char *first_check_id;
        const char *last_check_id;
    } cases[] = {
        {"name only", "{\"Name\":\"web\"}", 0, "web", NULL, NULL},
        {"empty check", "{\"Name\":\"web\",\"Check\":{}}", 0, "web", NULL, NULL},
        {"null check", "{\"Name\":\"web\",\"Check\":null,\"Checks\":null}", 0, "web", NULL, NULL},
        {"one check", "{\"Name\":\"web\",\"ID\":\"w1\",\"Check\":{\"TTL\":\"1s\"}}", 1, "w1",
         "service:w1", "service:w1"},
        {"one in the list", "{\"Name\":\"web\",\"Checks\":[{\"TTL\":\"1s\"}]}", 1, "web",
         "service:web", "service:web"},
        {"both", "{\"Name\":\"web\",\"Check\":{\"TTL\":\"1s\"},\"Checks\":[{\"TTL\":\"2s\"}]}", 2,
         "web", "service:web:1", "service:web:2"},
        {"named one of two",
         "{\"Name\":\"web\",\"Checks\":[{\"CheckID\":\"own\",\"TTL\":\"1s\"},{\"TTL\":\"2s\"}]}", 2,
         "web", "own", "service:web:2"},
        {"snake case",
         "{\"name\":\"web\",\"id\":\"w1\",\"check\":{\"check_id\":\"own\",\"ttl\":\"1s\","
         "\"deregister_critical_service_after\":\"2m\"}}",
         1, "w1", "own", "own"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct fixture fixture;
        struct registry_registration got;
        enum status status = read_body(&fixture, cases[i].body, &got);
        if (status != STATUS_OK || got.check_count != cases[i].check_count) {
            fail_msg("%s: %s: %.*s", cases[i].name, status_name(status),
                     TEXT_ARGUMENTS(fixture.call.error.message));
        }
        assert_text(got.service.id, cases[i].id);
        if (got.check_count > 0) {
            assert_text(got.checks[0].id, cases[i].first_check_id);
            assert_text(got.checks[got.check_count - 1].id, cases[i].last_check_id);
            assert_int_equal(got.checks[0].initial, REGISTRY_CRITICAL);
            assert_text(got.checks[0].name, "Service 'web' check");
        }
        assert_int_equal(got.service.weight_passing, 1);
        arena_deinit(&fixture.arena);
    }
}

static void test_kinds_and_times(void **state)
{
    static const struct {
        const char *check;
        enum registry_check_kind kind;
        const char *target;
        int64_t ttl_ns;
        int64_t interval_ns;
    } cases[] = {
        {"{\"TTL\":5000000000}", REGISTRY_CHECK_TTL, "", 5 * CLOCK_NS_PER_S, 0},
        {"{\"TTL\":5e9}", REGISTRY_CHECK_TTL, "", 5 * CLOCK_NS_PER_S, 0},
        {"{\"TCP\":\"h:1\",\"Interval\":\"10s\"}", REGISTRY_CHECK_TCP, "h:1", 0,
         10 * CLOCK_NS_PER_S},
        {"{\"HTTP\":\"http://h/\",\"Interval\":10000000000}", REGISTRY_CHECK_HTTP, "http://h/", 0,
         10 * CLOCK_NS_PER_S},
        {"{\"GRPC\":\"h:1/s\",\"Interval\":\"1m\"}", REGISTRY_CHECK_GRPC, "h:1/s", 0,
         60 * CLOCK_NS_PER_S},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char body[256];
        struct fixture fixture;
        struct registry_registration got;
        (void)snprintf(body, sizeof(body), "{\"Name\":\"web\",\"Check\":%s}", cases[i].check);
        assert_int_equal(read_body(&fixture, body, &got), STATUS_OK);
        assert_int_equal(got.checks[0].kind, cases[i].kind);
        assert_text(got.checks[0].target, cases[i].target);
        assert_int_equal(got.checks[0].ttl_ns, cases[i].ttl_ns);
        assert_int_equal(got.checks[0].interval_ns, cases[i].interval_ns);
        arena_deinit(&fixture.arena);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *body;
        const char *want;
    } cases[] = {
        {"{}", "Missing service name"},
        {"[]", "Request decode failed: the body is an array, not an object"},
        {"{\"Name\":\"web\",\"Bogus\":1}", "Request decode failed: json: unknown field \"Bogus\""},
        {"{\"Name\":\"web\",\"Port\":\"80\"}",
         "Request decode failed: \"Port\" is a string, not an integer"},
        {"{\"Name\":\"web\",\"Port\":70000}", "Request decode failed: \"Port\" is out of range"},
        {"{\"Name\":\"web\",\"Tags\":[1]}", "Request decode failed: a tag is no string"},
        {"{\"Name\":\"web\",\"Address\":\"0.0.0.0\"}", "Invalid service address"},
        {"{\"Name\":\"web\",\"Proxy\":{\"a\":1}}",
         "Request decode failed: this registry does not support \"Proxy\""},
        {"{\"Name\":\"web\",\"Check\":{\"TTL\":\"soon\"}}",
         "Request decode failed: time: invalid duration \"soon\""},
        {"{\"Name\":\"web\",\"Check\":{\"TTL\":\"1s\",\"Status\":\"well\"}}",
         "Status for checks must 'passing', 'warning', 'critical'"},
        {"{\"Name\":\"web\",\"Check\":{\"Name\":\"n\"}}",
         "Invalid check: TTL must be > 0 for TTL checks"},
        {"{\"Name\":\"web\",\"Checks\":[{}]}", "Invalid check: TTL must be > 0 for TTL checks"},
        {"{\"Name\":\"web\",\"Check\":{\"TTL\":\"-1s\"}}",
         "Invalid check: TTL must be > 0 for TTL checks"},
        {"{\"Name\":\"web\",\"Check\":{\"TTL\":\"1s\",\"Interval\":\"1s\"}}",
         "Invalid check: Interval and TTL cannot both be specified"},
        {"{\"Name\":\"web\",\"Check\":{\"HTTP\":\"http://h\"}}",
         "Invalid check: Interval must be > 0 for Script, HTTP, H2PING, TCP, UDP or OSService "
         "checks"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct fixture fixture;
        struct registry_registration got;
        enum status status = read_body(&fixture, cases[i].body, &got);
        if (status != STATUS_INVALID_ARGUMENT ||
            !text_equal(fixture.call.error.message, text_of(cases[i].want))) {
            fail_msg("%s: %s: %.*s", cases[i].body, status_name(status),
                     TEXT_ARGUMENTS(fixture.call.error.message));
        }
        arena_deinit(&fixture.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_registration),
        cmocka_unit_test(test_defaults_and_generated_names),
        cmocka_unit_test(test_kinds_and_times),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
