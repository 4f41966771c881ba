/* The rules for clients of blocking queries, against a server that answers by a script. */
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "discovery/consul_discovery.h"
#include "http/http_client.h"
#include "http/http_server.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { REPLIES_MAX = 8, WAIT_MS = 1000 };

struct scripted_reply {
    int status;
    const char *index; /* NULL: no header */
    const char *body;
};

struct fixture {
    struct scripted_reply replies[REPLIES_MAX];
    unsigned reply_count;
    unsigned asked;
    char queries[REPLIES_MAX][128]; /* what was asked, each time */
    char registries[2 * HTTP_ADDRESS_BYTES_MAX];
    struct http_server *server;
    int fd;
    struct http_client *client;
    struct discovery_resolver resolver;
    struct arena arena;
    struct call call;
};

/* The last reply of the script is repeated. */
static void serve(void *state, struct http_exchange *exchange)
{
    struct fixture *fixture = state;
    unsigned at = fixture->asked < fixture->reply_count ? fixture->asked : fixture->reply_count - 1;
    const struct scripted_reply *scripted = &fixture->replies[at];
    struct http_header index = {TEXT("x-consul-index"), text_of(scripted->index)};
    if (fixture->asked < REPLIES_MAX) {
        assert_true(text_to_c_string(http_exchange_request(exchange)->query,
                                     fixture->queries[fixture->asked],
                                     sizeof(fixture->queries[0])));
    }
    fixture->asked++;
    http_reply(exchange, &(struct http_reply){.status = scripted->status,
                                              .headers = &index,
                                              .header_count = scripted->index != NULL ? 1 : 0,
                                              .body = text_of(scripted->body)});
}

static void setup(struct fixture *fixture, const char *more_registries)
{
    char address[HTTP_ADDRESS_BYTES_MAX];
    const struct http_server_options options = {.fallback = serve, .fallback_state = fixture};
    arena_init(&fixture->arena, 16 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, 30000);
    assert_int_equal(http_listen(&fixture->call, TEXT("127.0.0.1:0"), &fixture->fd, address),
                     STATUS_OK);
    assert_int_equal(http_server_create(loop_current(), &options, &fixture->server), STATUS_OK);
    assert_int_equal(http_server_accept_from(fixture->server, fixture->fd), STATUS_OK);
    (void)snprintf(fixture->registries, sizeof(fixture->registries), "%s%s", more_registries,
                   address);
    assert_int_equal(http_client_create(loop_current(), &fixture->client), STATUS_OK);
    assert_int_equal(consul_resolver_create(&fixture->call,
                                            &(struct consul_discovery_options){
                                                .client = fixture->client,
                                                .registries = text_of(fixture->registries),
                                                .wait_ms = WAIT_MS,
                                            },
                                            &fixture->resolver),
                     STATUS_OK);
}

static void teardown(struct fixture *fixture)
{
    fixture->resolver.ops->close(fixture->resolver.state);
    http_client_destroy(fixture->client);
    http_server_destroy(fixture->server);
    (void)close(fixture->fd);
    arena_deinit(&fixture->arena);
}

static enum status watch(struct fixture *fixture, uint64_t seen, struct discovery_snapshot *ret)
{
    return fixture->resolver.ops->watch(fixture->resolver.state, &fixture->call, TEXT("rating"),
                                        seen, ret);
}

#define ENTRY(address, port)                                                                       \
    "{\"Node\":{\"Address\":\"10.0.0.9\"},\"Service\":{\"Address\":\"" address "\",\"Port\":" port \
    "}}"

static void follow_indexes(void *unused)
{
    struct fixture fixture = {
        .replies =
            {
                {200, "7", "[" ENTRY("10.0.0.1", "1") "]"},
                {200, "9", "[" ENTRY("10.0.0.2", "1") "]"},
                {200, "3", "[" ENTRY("10.0.0.3", "1") "]"}, /* backwards */
                {200, "0", "[" ENTRY("10.0.0.4", "1") "]"}, /* less than 1 */
                {200, NULL, "[" ENTRY("10.0.0.5", "1") "]"},
                {200, "4", "[" ENTRY("10.0.0.6", "1") "]"},
            },
        .reply_count = 6,
    };
    static const char *const want[] = {
        "passing=1", "passing=1&index=7&wait=1000ms", "passing=1&index=9&wait=1000ms",
        "passing=1", "passing=1&index=1&wait=1000ms", "passing=1",
    };
    struct discovery_snapshot snapshot = {.version = 0};
    (void)unused;
    setup(&fixture, "");
    for (size_t i = 0; i < ARRAY_LENGTH(want); i++) {
        assert_int_equal(watch(&fixture, snapshot.version, &snapshot), STATUS_OK);
        assert_string_equal(fixture.queries[i], want[i]);
        assert_int_equal(snapshot.instances[0].address.data[7], '1' + (int)i);
    }
    teardown(&fixture);
}

static void test_indexes(void **state)
{
    (void)state;
    in_fiber(follow_indexes, NULL);
}

static void read_addresses(void *unused)
{
    struct fixture fixture = {
        .replies = {{200, "7",
                     "[" ENTRY("", "1") "," ENTRY("::1", "2") "," ENTRY("h", "0") "," ENTRY(
                         "h", "70000") ",{},[]," ENTRY("", "1") "]"}},
        .reply_count = 1,
    };
    struct discovery_snapshot snapshot;
    (void)unused;
    setup(&fixture, "");
    assert_int_equal(watch(&fixture, 0, &snapshot), STATUS_OK);
    assert_int_equal(snapshot.count, 2);
    assert_true(text_equal(snapshot.instances[0].address, TEXT("10.0.0.9:1")));
    assert_true(text_equal(snapshot.instances[1].address, TEXT("[::1]:2")));
    teardown(&fixture);
}

/* "Service" with a weight, and a zone. */
#define WEIGHED(address, weights, meta)                                                            \
    "{\"Service\":{\"Address\":\"" address "\",\"Port\":1,\"Weights\":" weights ",\"Meta\":" meta  \
    "}}"

static void read_weights_and_zones(void *unused)
{
    struct fixture fixture = {
        .replies = {{200, "7",
                     "[" WEIGHED("10.0.0.1", "{\"Passing\":7}", "{\"zone\":\"a\"}") "," WEIGHED(
                         "10.0.0.2", "{\"Passing\":0}",
                         "null") "," WEIGHED("10.0.0.3", "{\"Passing\":70000}",
                                             "{\"zone\":1}") "," WEIGHED("10.0.0.4", "null",
                                                                         "{}") "]"},
                    {200, "8", "[" WEIGHED("10.0.0.1", "{\"Passing\":7}", "{\"zone\":\"b\"}") "]"},
                    {200, "9", "[" WEIGHED("10.0.0.1", "{\"Passing\":8}", "{\"zone\":\"b\"}") "]"}},
        .reply_count = 3,
    };
    static const struct {
        uint16_t weight;
        const char *zone;
    } want[] = {{7, "a"}, {1, ""}, {DISCOVERY_WEIGHT_MAX, ""}, {1, ""}};
    struct discovery_snapshot snapshot;
    (void)unused;
    setup(&fixture, "");
    assert_int_equal(watch(&fixture, 0, &snapshot), STATUS_OK);
    assert_int_equal(snapshot.count, ARRAY_LENGTH(want));
    for (size_t i = 0; i < ARRAY_LENGTH(want); i++) {
        assert_int_equal(snapshot.instances[i].weight, want[i].weight);
        assert_true(text_equal(snapshot.instances[i].zone, text_of(want[i].zone)));
    }
    /* Another zone, or weight, is news. */
    assert_int_equal(watch(&fixture, snapshot.version, &snapshot), STATUS_OK);
    assert_true(text_equal(snapshot.instances[0].zone, TEXT("b")));
    assert_int_equal(watch(&fixture, snapshot.version, &snapshot), STATUS_OK);
    assert_int_equal(snapshot.instances[0].weight, 8);
    teardown(&fixture);
}

static void test_weights_and_zones(void **state)
{
    (void)state;
    in_fiber(read_weights_and_zones, NULL);
}

static void test_addresses(void **state)
{
    (void)state;
    in_fiber(read_addresses, NULL);
}

static void meet_bad_replies(void *unused)
{
    static const struct scripted_reply bad[] = {
        {500, "7", "No cluster leader"}, {404, "7", "[]"}, {200, "7", "[{]"}, {200, "7", "{}"}};
    (void)unused;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct fixture fixture = {.replies = {bad[i]}, .reply_count = 1};
        struct discovery_snapshot snapshot = {.version = 42};
        setup(&fixture, "");
        assert_int_equal(watch(&fixture, 0, &snapshot), STATUS_UNAVAILABLE);
        assert_int_equal(snapshot.version, 42);
        assert_true(fixture.call.error.message.length > 0);
        teardown(&fixture);
    }
}

static void test_bad_replies(void **state)
{
    (void)state;
    in_fiber(meet_bad_replies, NULL);
}

static void go_on_to_the_next(void *unused)
{
    struct fixture fixture = {.replies = {{200, "7", "[]"}}, .reply_count = 1};
    struct discovery_snapshot snapshot;
    (void)unused;
    setup(&fixture, "127.0.0.1:1, "); /* where nobody listens */
    assert_int_equal(watch(&fixture, 0, &snapshot), STATUS_OK);
    assert_int_equal(snapshot.count, 0);
    assert_int_equal(fixture.asked, 1);
    teardown(&fixture);
}

static void test_failover(void **state)
{
    (void)state;
    in_fiber(go_on_to_the_next, NULL);
}

/* Two registries; the first one's replies are those of `first`. */
static void setup_two(struct fixture *first, struct fixture *second)
{
    char named_first[HTTP_ADDRESS_BYTES_MAX + 2];
    setup(first, "");
    (void)snprintf(named_first, sizeof(named_first), "%.*s,", HTTP_ADDRESS_BYTES_MAX,
                   first->registries);
    setup(second, named_first);
}

static void teardown_two(struct fixture *first, struct fixture *second)
{
    teardown(second);
    teardown(first);
}

static void doubt_empty_lists(void *unused)
{
    struct fixture first = {.replies = {{200, "7", "[]"}}, .reply_count = 1};
    struct fixture second = {
        .replies = {{200, "5", "[" ENTRY("10.0.0.1", "1") "]"},
                    {200, "6", "[" ENTRY("10.0.0.1", "1") "," ENTRY("10.0.0.2", "1") "]"},
                    {200, "8", "[]"}},
        .reply_count = 3,
    };
    struct discovery_snapshot snapshot = {.version = 0};
    (void)unused;
    setup_two(&first, &second);
    assert_int_equal(watch(&second, 0, &snapshot), STATUS_OK);
    assert_int_equal(snapshot.count, 1);
    /* It is asked from now on. */
    assert_int_equal(watch(&second, snapshot.version, &snapshot), STATUS_OK);
    assert_int_equal(snapshot.count, 2);
    assert_string_equal(second.queries[1], "passing=1&index=5&wait=1000ms");
    assert_int_equal(first.asked, 1);
    /* Nobody has more. */
    assert_int_equal(watch(&second, snapshot.version, &snapshot), STATUS_OK);
    assert_int_equal(snapshot.count, 0);
    assert_int_equal(first.asked, 2);
    teardown_two(&first, &second);
}

static void test_an_empty_list_is_doubted(void **state)
{
    (void)state;
    in_fiber(doubt_empty_lists, NULL);
}

/* One that has just been started may know little yet: it is asked so that it holds the query. */
static void wait_for_the_next(void *unused)
{
    struct fixture first = {
        .replies = {{200, "7", "[" ENTRY("10.0.0.1", "1") "]"}, {500, NULL, "gone"}},
        .reply_count = 2,
    };
    struct fixture second = {.replies = {{200, "3", "[" ENTRY("10.0.0.2", "1") "]"}},
                             .reply_count = 1};
    struct discovery_snapshot snapshot = {.version = 0};
    (void)unused;
    setup_two(&first, &second);
    assert_int_equal(watch(&second, 0, &snapshot), STATUS_OK);
    assert_int_equal(watch(&second, snapshot.version, &snapshot), STATUS_OK);
    assert_string_equal(first.queries[1], "passing=1&index=7&wait=1000ms");
    assert_string_equal(second.queries[0], "passing=1&index=1&wait=1000ms");
    assert_int_equal(snapshot.instances[0].address.data[7], '2');
    teardown_two(&first, &second);
}

static void test_the_next_may_be_settling(void **state)
{
    (void)state;
    in_fiber(wait_for_the_next, NULL);
}

/* A registry that answers at once, with nothing new: polls are spaced, and the watch ends. */
static void limit_polls(void *unused)
{
    struct fixture fixture = {.replies = {{200, "7", "[]"}}, .reply_count = 1};
    struct discovery_snapshot snapshot;
    (void)unused;
    setup(&fixture, "");
    assert_int_equal(watch(&fixture, 0, &snapshot), STATUS_OK);
    int64_t started_ns = clock_monotonic_ns();
    assert_int_equal(watch(&fixture, snapshot.version, &snapshot), STATUS_OK);
    int64_t took_ms = (clock_monotonic_ns() - started_ns) / CLOCK_NS_PER_MS;
    assert_true(took_ms >= WAIT_MS);
    assert_true(fixture.asked <=
                CONSUL_POLLS_BURST + (unsigned)(took_ms / 1000 + 1) * CONSUL_POLLS_PER_SECOND);
    teardown(&fixture);
}

static void test_polls_are_limited(void **state)
{
    (void)state;
    in_fiber(limit_polls, NULL);
}

static void refuse_addresses(void *unused)
{
    static const char *const lists[] = {"",       " , ",   "host",
                                        "host:x", "a:1,b", "a:1,b:1,c:1,d:1,e:1,f:1,g:1,h:1,i:1"};
    struct arena arena;
    (void)unused;
    arena_init(&arena, 1024 * 1024);
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
        struct call call;
        struct discovery_resolver resolver;
        struct discovery_registrar registrar;
        const struct consul_discovery_options options = {.registries = text_of(lists[i])};
        call_init(&call, &arena, 0);
        assert_int_equal(consul_resolver_create(&call, &options, &resolver),
                         STATUS_INVALID_ARGUMENT);
        assert_int_equal(consul_registrar_create(&call, &options, &registrar),
                         STATUS_INVALID_ARGUMENT);
        assert_true(call.error.message.length > 0);
    }
    arena_deinit(&arena);
}

static void test_bad_addresses(void **state)
{
    (void)state;
    in_fiber(refuse_addresses, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_indexes),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_weights_and_zones),
        cmocka_unit_test(test_bad_replies),
        cmocka_unit_test(test_failover),
        cmocka_unit_test(test_polls_are_limited),
        cmocka_unit_test(test_bad_addresses),
        cmocka_unit_test(test_an_empty_list_is_doubted),
        cmocka_unit_test(test_the_next_may_be_settling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
