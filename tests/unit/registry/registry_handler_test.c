#include "registry/handler/registry_handler.h"

#include "base/arena.h"
#include "base/clock.h"
#include "http/http_transport.h"
#include "support/cmocka_test.h"
#include "support/http_loopback.h"
#include "support/in_fiber.h"
#include "json/json.h"

enum { TIMEOUT_MS = 20000 };

struct fixture {
    struct registry_controller *controller;
    struct registry_handler *handler;
    struct http_server *server;
    struct arena arena;
    struct call call;
};

static void setup(struct fixture *fixture)
{
    const struct registry_handler_options options = {.datacenter = TEXT("dc1")};
    struct http_server_options server = {.routes = NULL};
    arena_init(&fixture->arena, 64 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    assert_int_equal(
        registry_controller_create(loop_current(), &fixture->call,
                                   &(struct registry_controller_options){.settle_ms = 0},
                                   &fixture->controller),
        STATUS_OK);
    assert_int_equal(registry_handler_create(fixture->controller, &options, &fixture->handler),
                     STATUS_OK);
    server.routes = registry_handler_routes(fixture->handler, &server.route_count);
    assert_int_equal(http_server_create(loop_current(), &server, &fixture->server), STATUS_OK);
}

static void teardown(struct fixture *fixture)
{
    registry_controller_stop_waiting(fixture->controller);
    http_server_destroy(fixture->server);
    registry_handler_destroy(fixture->handler);
    registry_controller_destroy(fixture->controller);
    arena_deinit(&fixture->arena);
}

static struct http_loopback_reply send(struct fixture *fixture, const char *method,
                                       const char *target, const char *body)
{
    return http_loopback_send(fixture->server, &fixture->call, method, target, body);
}

static void put(struct fixture *fixture, const char *target, const char *body)
{
    struct http_loopback_reply reply = send(fixture, "PUT", target, body);
    if (reply.status != 200 || reply.body.length != 0) {
        fail_msg("PUT %s: %d %.*s", target, reply.status, TEXT_ARGUMENTS(reply.body));
    }
}

static const struct json *get(struct fixture *fixture, const char *target)
{
    const struct json *json = NULL;
    struct http_loopback_reply reply = send(fixture, "GET", target, NULL);
    if (reply.status != 200 || json_parse(&fixture->call, reply.body, &json) != STATUS_OK) {
        fail_msg("GET %s: %d %.*s", target, reply.status, TEXT_ARGUMENTS(reply.body));
    }
    assert_true(text_equal(http_loopback_header(&reply, "content-type"), TEXT("application/json")));
    return json;
}

static void assert_member(const struct json *object, const char *name, const char *want)
{
    const struct json *value = json_member(object, name);
    assert_int_equal(json_kind(value), JSON_STRING);
    if (!text_equal(json_string(value), text_of(want))) {
        fail_msg("%s: \"%.*s\", not \"%s\"", name, TEXT_ARGUMENTS(json_string(value)), want);
    }
}

static const char ttl_service[] =
    "{\"ID\":\"r1\",\"Name\":\"rating\",\"Tags\":[\"v1\"],\"Address\":\"10.1.2.3\",\"Port\":8082,"
    "\"Check\":{\"CheckID\":\"c1\",\"TTL\":\"60s\",\"Status\":\"passing\"}}";
static const char plain_service[] = "{\"Name\":\"web\",\"ID\":\"w 1/a\"}";

static void errors(void *unused)
{
    static const struct {
        const char *method;
        const char *target;
        const char *body;
        int status;
        const char *want;
    } cases[] = {
        {"PUT", "/v1/agent/service/register", "", 400, "Request decode failed: EOF"},
        {"PUT", "/v1/agent/service/register", "{}", 400, "Missing service name"},
        {"PUT", "/v1/agent/service/register", "{\"Name\":\"a\",\"Bogus\":1}", 400,
         "Request decode failed: json: unknown field \"Bogus\""},
        {"PUT", "/v1/agent/service/register", "{\"Name\":\"a\",\"Check\":{\"TTL\":\"x\"}}", 400,
         "Request decode failed: time: invalid duration \"x\""},
        {"POST", "/v1/agent/service/register", "{}", 405, "method POST not allowed"},
        {"DELETE", "/v1/health/service/rating", NULL, 405, "method DELETE not allowed"},
        {"PUT", "/v1/agent/service/deregister/x", NULL, 404,
         "Unknown service ID \"x\". Ensure that the service ID is passed, not the service name."},
        {"PUT", "/v1/agent/service/deregister/", NULL, 404,
         "Unknown service ID \"\". Ensure that the service ID is passed, not the service name."},
        {"GET", "/v1/health/service/rating?stale&consistent", NULL, 400,
         "Cannot specify ?stale with ?consistent, conflicting semantics."},
        {"GET", "/v1/health/service/rating?ns=x", NULL, 400,
         "Invalid query parameter: \"ns\" - Namespaces are a Consul Enterprise feature"},
        {"OPTIONS", "/v1/health/service/rating", NULL, 200, ""},
        {"PUT", "/v1/agent/check/register", "{\"Name\":\"a\",\"Args\":[\"x\"],\"Interval\":\"1s\"}",
         500,
         "Scripts are disabled on this agent from remote calls; to enable, configure "
         "'enable_script_checks' to true"},
        {"PUT", "/v1/agent/service/maintenance/r1", NULL, 400, "Missing value for enable"},
        {"PUT", "/v1/agent/service/maintenance/r1?enable=si", NULL, 400,
         "Invalid value for enable: \"si\""},
        {"PUT", "/v1/agent/service/maintenance/x?enable=1", NULL, 404,
         "Unknown service ID \"x\". Ensure that the service ID is passed, not the service name."},
        {"GET", "/v1/agent/service/x", NULL, 404, "unknown service ID: x"},
        {"PUT", "/v1/agent/check/pass/x", NULL, 404,
         "Unknown check ID \"x\". Ensure that the check ID is passed, not the check name."},
        {"PUT", "/v1/agent/check/deregister/x", NULL, 404,
         "Unknown check ID \"x\". Ensure that the check ID is passed, not the check name."},
        {"PUT", "/v1/agent/check/pass/_service_maintenance:m1", NULL, 500,
         "CheckID \"_service_maintenance:m1\" does not have associated TTL"},
        {"PUT", "/v1/agent/check/update/c1", "{\"Status\":\"well\"}", 400,
         "Invalid check status: 'well'"},
        {"PUT", "/v1/agent/check/register", "{\"TTL\":\"1s\"}", 400, "Missing check name"},
        {"PUT", "/v1/agent/check/register", "{\"Name\":\"a\",\"TTL\":\"1s\",\"Status\":\"well\"}",
         400, "Bad check status"},
        {"PUT", "/v1/agent/check/register", "{\"Name\":\"a\"}", 400,
         "Invalid check: TTL must be > 0 for TTL checks"},
        {"PUT", "/v1/agent/check/register",
         "{\"Name\":\"a\",\"TTL\":\"1s\",\"ServiceID\":\"absent\"}", 404,
         "ServiceID \"absent\" does not exist"},
        {"PUT", "/v1/agent/check/register", "{\"Name\":\"a\",\"TCP\":\"h:1\",\"Interval\":\"9s\"}",
         400, "Invalid check: this registry does no active checks"},
        {"GET", "/v1/health/service/", NULL, 400, "Missing service name"},
        {"GET", "/v1/catalog/service/", NULL, 400, "Missing service name"},
        {"GET", "/v1/health/service/rating?wait=long", NULL, 400, "Invalid wait time"},
        {"GET", "/v1/health/service/rating?index=-1", NULL, 400, "Invalid index"},
        {"GET", "/v1/health/service/rating?passing=2", NULL, 400, "Invalid value for ?passing"},
        {"GET", "/v1/health/service/rating?dc=other", NULL, 500, "No path to datacenter"},
        {"GET", "/v1/catalog/services?dc=dc1", NULL, 200, NULL},
        {"GET", "/v1/health/service/unknown", NULL, 200, "[]"},
        {"GET", "/v1/catalog/service/unknown", NULL, 200, "[]"},
        {"GET", "/v1/health/service/rating?filter=Bogus", NULL, 500,
         "Failed to create boolean expression evaluator: 1:6 (5): no match found, expected: "
         "\"!=\", \".\", \"==\", \"[\", [ \\t\\r\\n] or [a-zA-Z0-9_]"},
        {"GET", "/v1/health/service/rating?filter=Service.ID%20==%20x", NULL, 200, "[]"},
        {"GET", "/v1/catalog/services?filter=ServiceName==rating", NULL, 200,
         "{\"rating\":[\"v1\"]}"},
        {"GET", "/v1/catalog/services?node-meta=os:linux", NULL, 200, "{}"},
        {"GET", "/v1/catalog/node/absent", NULL, 200, "null"},
        {"GET", "/v1/catalog/datacenters", NULL, 200, "[\"dc1\"]"},
        {"PUT", "/v1/catalog/register", "{\"Node\":\"n1\"}", 500,
         "Must provide address if SkipNodeUpdate is not set"},
        {"PUT", "/v1/catalog/register",
         "{\"Node\":\"n1\",\"Address\":\"10.0.0.1\",\"NodeMeta\":{\"os\":\"linux\"},"
         "\"Service\":{\"Service\":\"db\",\"Tags\":[\"a\"]},"
         "\"Check\":{\"Name\":\"c\",\"Status\":\"critical\",\"ServiceID\":\"db\"}}",
         200, "true"},
        {"GET", "/v1/catalog/services?node-meta=os:linux", NULL, 200, "{\"db\":[\"a\"]}"},
        {"GET", "/v1/health/service/db?passing", NULL, 200, "[]"},
        {"GET", "/v1/agent/service/db", NULL, 404, "unknown service ID: db"},
        {"GET", "/v1/agent/health/service/name/db?format=text", NULL, 404,
         "ServiceName db Not Found"},
        {"PUT", "/v1/catalog/deregister", "{\"Node\":\"n1\"}", 200, "true"},
        {"PUT", "/v1/catalog/deregister", "{\"Node\":\"n1\"}", 200, "true"},
        {"PUT", "/v1/catalog/deregister", "{}", 500, "Must provide node"},
        {"GET", "/v1/catalog/service/db", NULL, 200, "[]"},
        {"GET", "/v1/agent/health/service/id/r1?format=text", NULL, 200, "passing"},
        {"GET", "/v1/agent/health/service/id/m1?format=text", NULL, 503, "maintenance"},
        {"GET", "/v1/agent/health/service/id/x?format=text", NULL, 404, "ServiceId x not found"},
        {"GET", "/v1/status/leader", NULL, 200, "\"127.0.0.1:8500\""},
        {"GET", "/v1/status/peers", NULL, 200, "[\"127.0.0.1:8500\"]"},
    };
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    put(&fixture, "/v1/agent/service/register", ttl_service);
    put(&fixture, "/v1/agent/service/register", "{\"Name\":\"m1\"}");
    put(&fixture, "/v1/agent/service/maintenance/m1?enable=true", NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_loopback_reply reply =
            send(&fixture, cases[i].method, cases[i].target, cases[i].body);
        if (reply.status != cases[i].status ||
            (cases[i].want != NULL && !text_equal(reply.body, text_of(cases[i].want)))) {
            fail_msg("%s %s: %d %.*s", cases[i].method, cases[i].target, reply.status,
                     TEXT_ARGUMENTS(reply.body));
        }
        if (reply.status == 405) {
            assert_true(http_loopback_header(&reply, "allow").length > 0);
        }
    }
    teardown(&fixture);
}

static void test_errors(void **state)
{
    (void)state;
    in_fiber(errors, NULL);
}

static void shapes(void *unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    put(&fixture, "/v1/agent/service/register", ttl_service);
    put(&fixture, "/v1/agent/service/register", plain_service);

    const struct json *entries = get(&fixture, "/v1/health/service/rating?passing");
    assert_int_equal(json_length(entries), 1);
    const struct json *entry = json_at(entries, 0);
    assert_member(json_member(entry, "Node"), "Datacenter", "dc1");
    assert_member(json_member(entry, "Service"), "ID", "r1");
    assert_member(json_member(entry, "Service"), "Service", "rating");
    assert_member(json_member(entry, "Service"), "Address", "10.1.2.3");
    assert_int_equal(json_integer(json_member(json_member(entry, "Service"), "Port")), 8082);
    const struct json *check = json_at(json_member(entry, "Checks"), 0);
    assert_member(check, "CheckID", "c1");
    assert_member(check, "Name", "Service 'rating' check");
    assert_member(check, "Status", "passing");
    assert_member(check, "Type", "ttl");
    assert_member(check, "ServiceID", "r1");
    assert_member(check, "Interval", "");

    const struct json *services = get(&fixture, "/v1/agent/services");
    assert_int_equal(json_length(services), 2);
    assert_member(json_member(services, "w 1/a"), "Service", "web");
    assert_member(get(&fixture, "/v1/agent/service/w%201%2Fa"), "ID", "w 1/a");
    assert_member(json_member(get(&fixture, "/v1/agent/checks"), "c1"), "Status", "passing");
    assert_member(json_member(get(&fixture, "/v1/agent/self"), "Config"), "Datacenter", "dc1");
    assert_int_equal(json_length(json_member(get(&fixture, "/v1/catalog/services"), "rating")), 1);
    assert_member(json_at(get(&fixture, "/v1/catalog/service/rating"), 0), "ServiceID", "r1");
    assert_int_equal(json_length(get(&fixture, "/v1/catalog/service/rating?tag=v1")), 1);
    assert_int_equal(json_length(get(&fixture, "/v1/catalog/service/rating?tag=v1&tag=v2")), 0);
    assert_member(json_at(get(&fixture, "/v1/catalog/nodes"), 0), "Node", "marquee");
    assert_member(json_at(get(&fixture, "/v1/health/checks/rating"), 0), "CheckID", "c1");
    teardown(&fixture);
}

static void test_shapes(void **state)
{
    (void)state;
    in_fiber(shapes, NULL);
}

static size_t passing(struct fixture *fixture)
{
    return json_length(get(fixture, "/v1/health/service/rating?passing=1"));
}

static void reports(void *unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    put(&fixture, "/v1/agent/service/register", ttl_service);
    put(&fixture, "/v1/agent/check/warn/c1?note=slow+today", NULL);
    assert_int_equal(passing(&fixture), 0);
    assert_int_equal(json_length(get(&fixture, "/v1/health/service/rating")), 1);
    assert_member(json_at(get(&fixture, "/v1/health/state/warning"), 0), "Output", "slow today");
    put(&fixture, "/v1/agent/check/pass/c1", NULL);
    assert_int_equal(passing(&fixture), 1);
    put(&fixture, "/v1/agent/check/fail/c1", NULL);
    assert_int_equal(json_length(get(&fixture, "/v1/health/state/critical")), 1);
    put(&fixture, "/v1/agent/check/update/c1", "{\"Status\":\"passing\",\"Output\":\"ok\"}");
    assert_int_equal(passing(&fixture), 1);

    put(&fixture, "/v1/agent/service/maintenance/r1?enable=true&reason=a%20b", NULL);
    put(&fixture, "/v1/agent/service/maintenance/r1?enable=true&reason=again", NULL);
    assert_int_equal(passing(&fixture), 0);
    assert_member(json_at(get(&fixture, "/v1/health/state/critical"), 0), "Notes", "a b");
    put(&fixture, "/v1/agent/service/maintenance/r1?enable=false", NULL);
    assert_int_equal(passing(&fixture), 1);

    put(&fixture, "/v1/agent/check/register", "{\"Name\":\"disk\",\"TTL\":\"60s\"}");
    assert_int_equal(passing(&fixture), 0); /* a critical check of the node */
    put(&fixture, "/v1/agent/check/deregister/disk", NULL);
    assert_int_equal(passing(&fixture), 1);
    put(&fixture, "/v1/agent/service/deregister/r1", NULL);
    assert_int_equal(json_length(get(&fixture, "/v1/health/state/any")), 0);
    teardown(&fixture);
}

static void test_reports(void **state)
{
    (void)state;
    in_fiber(reports, NULL);
}

static void register_later(void *argument)
{
    struct fixture *fixture = argument;
    assert_int_equal(fiber_sleep(&fixture->call, 20 * CLOCK_NS_PER_MS), STATUS_OK);
    put(fixture, "/v1/agent/service/register", ttl_service);
}

static void blocking(void *unused)
{
    struct fixture fixture;
    struct fiber_group group;
    uint64_t before;
    uint64_t after;
    (void)unused;
    setup(&fixture);
    struct http_loopback_reply reply = send(&fixture, "GET", "/v1/health/service/rating", NULL);
    assert_true(text_to_u64(http_loopback_header(&reply, "x-consul-index"), &before));
    assert_true(before > 0);
    assert_true(text_equal(http_loopback_header(&reply, "x-consul-knownleader"), TEXT("true")));

    struct text target =
        arena_format(&fixture.arena, "/v1/health/service/rating?passing&index=%llu&wait=10s",
                     (unsigned long long)before);
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, register_later, &fixture), STATUS_OK);
    int64_t started_ns = clock_monotonic_ns();
    reply = send(&fixture, "GET", target.data, NULL);
    assert_true(clock_monotonic_ns() - started_ns < 5 * CLOCK_NS_PER_S);
    assert_true(text_to_u64(http_loopback_header(&reply, "x-consul-index"), &after));
    assert_true(after > before);
    assert_true(reply.body.length > 2);
    fiber_group_join(&group);

    target = arena_format(&fixture.arena, "/v1/health/service/rating?index=%llu&wait=50ms",
                          (unsigned long long)after);
    started_ns = clock_monotonic_ns();
    reply = send(&fixture, "GET", target.data, NULL);
    assert_int_equal(reply.status, 200);
    assert_true(clock_monotonic_ns() - started_ns >= 50 * CLOCK_NS_PER_MS);
    teardown(&fixture);
}

static void test_blocking_queries(void **state)
{
    (void)state;
    in_fiber(blocking, NULL);
}

static void ignore_bytes(void *state, struct text bytes)
{
    (void)state;
    (void)bytes;
}

static void ignore(void *state)
{
    (void)state;
}

static void wait_for_exchanges(struct fixture *fixture, unsigned count)
{
    while (http_server_exchange_count(fixture->server) != count) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

static void leave(void *unused)
{
    struct fixture fixture;
    struct http_transport *transport;
    (void)unused;
    setup(&fixture);
    struct text request = arena_format(
        &fixture.arena, "GET /v1/health/service/rating?index=%llu HTTP/1.1\r\nhost: test\r\n\r\n",
        (unsigned long long)registry_state_first_index(
            registry_controller_state(fixture.controller)));
    assert_int_equal(http_server_connect_loopback(fixture.server, &transport), STATUS_OK);
    transport->events = (struct http_transport_events){ignore_bytes, ignore, ignore, NULL};
    assert_int_equal(transport->ops->write(transport->state, request), request.length);
    wait_for_exchanges(&fixture, 1);
    transport->ops->close(transport->state);
    wait_for_exchanges(&fixture, 0);
    /* Nothing watches the service any more, so that nothing is known of it. */
    assert_int_equal(registry_state_service_count(registry_controller_state(fixture.controller)),
                     0);
    teardown(&fixture);
}

static void assert_integers(const struct json *object, const char *const *names,
                            const int64_t *wants, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (json_integer(json_member(object, names[i])) != wants[i]) {
            fail_msg("%s: %lld", names[i], (long long)json_integer(json_member(object, names[i])));
        }
    }
}

/* What the page shows of all services: an instance counts once, as its worst check has it, or as
 * in maintenance; those without checks are passing. */
static void overview(void *unused)
{
    static const char *const names[] = {
        "InstanceCount",     "InstancesPassing",       "InstancesWarning",
        "InstancesCritical", "InstancesInMaintenance", "InstancesDraining",
        "ChecksPassing",     "ChecksWarning",          "ChecksCritical"};
    static const int64_t rating[] = {4, 1, 1, 0, 1, 1, 2, 1, 3};
    static const int64_t web[] = {1, 1, 0, 0, 0, 0, 0, 0, 0};
    static const int64_t web_down[] = {1, 0, 0, 0, 1, 0, 0, 0, 0};
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    assert_int_equal(json_length(get(&fixture, "/v1/internal/ui/services")), 0);
    put(&fixture, "/v1/agent/service/register", ttl_service);
    put(&fixture, "/v1/agent/service/register", plain_service);
    put(&fixture, "/v1/agent/service/register",
        "{\"ID\":\"r2\",\"Name\":\"rating\",\"Tags\":[\"v1\",\"v2\"],"
        "\"Check\":{\"TTL\":\"60s\",\"Status\":\"warning\"}}");
    put(&fixture, "/v1/agent/service/register",
        "{\"ID\":\"r3\",\"Name\":\"rating\",\"Check\":{\"TTL\":\"60s\"}}");
    put(&fixture, "/v1/agent/service/maintenance/r3?enable=true", "");
    put(&fixture, "/v1/agent/service/register",
        "{\"ID\":\"r4\",\"Name\":\"rating\",\"Check\":{\"TTL\":\"60s\",\"Status\":\"passing\"}}");
    put(&fixture, "/v1/agent/service/maintenance/r4?enable=true&reason=draining", "");

    const struct json *services = get(&fixture, "/v1/internal/ui/services");
    assert_int_equal(json_length(services), 2);
    assert_member(json_at(services, 0), "Name", "rating");
    assert_integers(json_at(services, 0), names, rating, ARRAY_LENGTH(names));
    const struct json *tags = json_member(json_at(services, 0), "Tags");
    assert_int_equal(json_length(tags), 2);
    assert_true(text_equal(json_string(json_at(tags, 0)), TEXT("v1")));
    assert_true(text_equal(json_string(json_at(tags, 1)), TEXT("v2")));
    assert_member(json_at(services, 1), "Name", "web");
    assert_integers(json_at(services, 1), names, web, ARRAY_LENGTH(names));

    put(&fixture, "/v1/agent/maintenance?enable=true", "");
    services = get(&fixture, "/v1/internal/ui/services");
    assert_integers(json_at(services, 1), names, web_down, ARRAY_LENGTH(names));
    assert_integers(json_at(services, 0), &names[4], (const int64_t[]){4, 0}, 2);
    teardown(&fixture);
}

static void test_overview(void **state)
{
    (void)state;
    in_fiber(overview, NULL);
}

/* A service's tags are told up to a limit, each once. */
static void overview_tags(void *unused)
{
    enum { INSTANCES = 2, TAGS = 40, TAGS_TOLD = 64 };
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    for (int i = 0; i < INSTANCES; i++) {
        struct text tags = TEXT("\"both\"");
        for (int j = 0; j < TAGS; j++) {
            tags = arena_format(&fixture.arena, "%.*s,\"%d-%d\"", TEXT_ARGUMENTS(tags), i, j);
        }
        struct text body =
            arena_format(&fixture.arena, "{\"ID\":\"%d\",\"Name\":\"many\",\"Tags\":[%.*s]}%c", i,
                         TEXT_ARGUMENTS(tags), '\0');
        put(&fixture, "/v1/agent/service/register", body.data);
    }
    const struct json *services = get(&fixture, "/v1/internal/ui/services");
    assert_int_equal(json_length(json_member(json_at(services, 0), "Tags")), TAGS_TOLD);
    teardown(&fixture);
}

static void test_overview_tags(void **state)
{
    (void)state;
    in_fiber(overview_tags, NULL);
}

static void test_client_goes_away(void **state)
{
    (void)state;
    in_fiber(leave, NULL);
}

/* A node is written once and copied: not from an entry that a filter has taken back. */
static void nodes_are_copied(void *unused)
{
    static const char *const targets[] = {
        "/v1/health/service/n",
        "/v1/health/service/n?filter=Service.ID!=n1",
        "/v1/health/service/n?filter=Service.ID!=n2",
    };
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    put(&fixture, "/v1/agent/service/register", "{\"Name\":\"n\",\"ID\":\"n1\",\"Tags\":[\"a\"]}");
    put(&fixture, "/v1/agent/service/register", "{\"Name\":\"n\",\"ID\":\"n3\"}");
    assert_int_equal(send(&fixture, "PUT", "/v1/catalog/register",
                          "{\"Node\":\"other\",\"Address\":\"10.0.0.1\","
                          "\"Service\":{\"Service\":\"n\",\"ID\":\"n2\"}}")
                         .status,
                     200);
    put(&fixture, "/v1/agent/service/register", "{\"Name\":\"n\",\"ID\":\"n4\"}");
    for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
        const struct json *list = get(&fixture, targets[i]);
        assert_int_equal(json_length(list), i == 0 ? 4 : 3);
        for (size_t at = 0; at < json_length(list); at++) {
            const struct json *entry = json_at(list, at);
            struct text id = json_string(json_member(json_member(entry, "Service"), "ID"));
            assert_member(json_member(entry, "Node"), "Node",
                          text_equal(id, TEXT("n2")) ? "other" : "marquee");
        }
    }
    teardown(&fixture);
}

static void test_nodes_are_copied(void **state)
{
    (void)state;
    in_fiber(nodes_are_copied, NULL);
}

static void assert_listed(struct fixture *fixture, const char *target, const char *const *ids)
{
    const struct json *list = get(fixture, target);
    size_t count = 0;
    for (; ids[count] != NULL; count++) {
        assert_member(json_member(json_at(list, count), "Service"), "ID", ids[count]);
    }
    assert_int_equal(json_length(list), count);
}

static void assert_output(struct fixture *fixture, const char *target, const char *output)
{
    const struct json *entry = json_at(get(fixture, target), 0);
    assert_member(json_at(json_member(entry, "Checks"), 0), "Output", output);
}

/* A list is rendered once for all who ask for the same, and never told after a write. */
static void lists_are_shared(void *unused)
{
    static const char all[] = "/v1/health/service/s";
    static const char passing[] = "/v1/health/service/s?passing";
    static const char *const both[] = {"s1", "s2", NULL};
    static const char *const first[] = {"s1", NULL};
    static const char *const second[] = {"s2", NULL};
    static const char *const nobody[] = {NULL};
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    put(&fixture, "/v1/agent/service/register",
        "{\"Name\":\"s\",\"ID\":\"s1\",\"Tags\":[\"a\"],\"Check\":{\"CheckID\":\"c\",\"TTL\":"
        "\"60s\"}}");
    put(&fixture, "/v1/agent/service/register", "{\"Name\":\"s\",\"ID\":\"s2\"}");
    for (unsigned round = 0; round < 2; round++) {
        assert_listed(&fixture, all, both);
        assert_listed(&fixture, all, both);
        assert_listed(&fixture, passing, second);
        assert_listed(&fixture, passing, second);
        assert_listed(&fixture, "/v1/health/service/s?tag=a", first);
        assert_listed(&fixture, "/v1/health/service/s?node-meta=x:y", nobody);
        assert_listed(&fixture, "/v1/health/service/s?filter=Service.ID==s1", first);
        assert_listed(&fixture, "/v1/health/service/other", nobody);
    }
    /* The status stays, so that no index moves. */
    put(&fixture, "/v1/agent/check/fail/c?note=one", NULL);
    assert_output(&fixture, all, "one");
    put(&fixture, "/v1/agent/check/fail/c?note=two", NULL);
    assert_output(&fixture, all, "two");
    put(&fixture, "/v1/agent/check/pass/c", NULL);
    assert_listed(&fixture, passing, both);
    put(&fixture, "/v1/agent/service/deregister/s1", NULL);
    assert_listed(&fixture, passing, second);
    assert_listed(&fixture, all, second);
    teardown(&fixture);
}

static void test_lists_are_shared(void **state)
{
    (void)state;
    in_fiber(lists_are_shared, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),           cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_reports),          cmocka_unit_test(test_blocking_queries),
        cmocka_unit_test(test_client_goes_away), cmocka_unit_test(test_overview),
        cmocka_unit_test(test_overview_tags),    cmocka_unit_test(test_nodes_are_copied),
        cmocka_unit_test(test_lists_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
