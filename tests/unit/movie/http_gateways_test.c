/* The HTTP gateways and http_endpoint.h against a server on TCP. */
#include <unistd.h>

#include "base/arena.h"
#include "http/http_client.h"
#include "http/http_server.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "movie/gateway/http_endpoint.h"
#include "movie/gateway/http_metadata_gateway.h"
#include "movie/gateway/http_rating_gateway.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000 };

/* What the server answers to everything, and what it was asked last. */
struct answer {
    int status;
    struct text body;
    char query[256];
    unsigned requests;
};

struct fixture {
    struct arena arena;
    struct call call;
    struct answer answer;
    struct http_server *server;
    int fd;
    char address[HTTP_ADDRESS_BYTES_MAX];
    struct http_client *client;
    struct http_endpoint endpoint;
    struct http_metadata_gateway metadata;
    struct http_rating_gateway rating;
    void (*body)(struct fixture *fixture);
};

static void reply(void *state, struct http_exchange *exchange)
{
    struct answer *answer = state;
    assert_true(text_to_c_string(http_exchange_request(exchange)->query, answer->query,
                                 sizeof(answer->query)));
    answer->requests++;
    http_reply(exchange, &(struct http_reply){.status = answer->status, .body = answer->body});
}

static void follow(struct fixture *fixture, const char *service,
                   const struct discovery_instance *instances, size_t count)
{
    const struct discovery_snapshot snapshot = {.instances = instances, .count = count};
    http_endpoint_deinit(&fixture->endpoint);
    http_endpoint_init(&fixture->endpoint, service, fixture->client);
    http_endpoint_update(&fixture->endpoint, &snapshot);
}

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    const struct http_server_options options = {.fallback = reply,
                                                .fallback_state = &fixture->answer};
    arena_init(&fixture->arena, 64 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    assert_int_equal(http_server_create(loop_current(), &options, &fixture->server), STATUS_OK);
    assert_int_equal(
        http_listen(&fixture->call, TEXT("127.0.0.1:0"), &fixture->fd, fixture->address),
        STATUS_OK);
    assert_int_equal(http_server_accept_from(fixture->server, fixture->fd), STATUS_OK);
    assert_int_equal(http_client_create(loop_current(), &fixture->client), STATUS_OK);
    fixture->metadata.endpoints[0] = &fixture->endpoint;
    fixture->rating.endpoints[0] = &fixture->endpoint;
    const struct discovery_instance instance = {.address = text_of(fixture->address)};
    follow(fixture, "metadata", &instance, 1);
    fixture->body(fixture);
    http_endpoint_deinit(&fixture->endpoint);
    http_client_destroy(fixture->client);
    http_server_destroy(fixture->server);
    (void)close(fixture->fd);
    arena_deinit(&fixture->arena);
}

#define GATEWAY_TEST(name)                                                                         \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static enum status get_metadata(struct fixture *fixture, struct call *call, const char *id,
                                struct metadata *ret_metadata)
{
    struct metadata_gateway gateway = http_metadata_gateway(&fixture->metadata);
    return gateway.ops->get(gateway.state, call, text_of(id), ret_metadata);
}

static enum status get_rating(struct fixture *fixture, struct call *call, const char *id,
                              struct rating_view *ret_view)
{
    struct rating_gateway gateway = http_rating_gateway(&fixture->rating);
    const struct record_key record = {RECORD_TYPE_MOVIE, text_of(id)};
    return gateway.ops->get_aggregate(gateway.state, call, record, ret_view);
}

static void replies_are_read(struct fixture *fixture)
{
    struct metadata metadata;
    struct rating_view view;
    fixture->answer.status = 200;
    fixture->answer.body = TEXT("{\"id\":\"a b&c=\xc3\xa9\",\"title\":\"Title\",\"year\":1999}");
    assert_int_equal(get_metadata(fixture, &fixture->call, "a b&c=\xc3\xa9", &metadata), STATUS_OK);
    assert_string_equal(fixture->answer.query, "id=a%20b%26c%3D%C3%A9");
    assert_true(text_equal(metadata.title, TEXT("Title")));
    assert_int_equal(metadata.year, 1999);
    fixture->answer.body = TEXT("8.5");
    assert_int_equal(get_rating(fixture, &fixture->call, "tt1", &view), STATUS_OK);
    assert_string_equal(fixture->answer.query, "id=tt1&type=movie");
    assert_true(view.mean == 8.5);
    assert_int_equal(view.count, 0);
    fixture->answer.body = TEXT("8");
    assert_int_equal(get_rating(fixture, &fixture->call, "tt1", &view), STATUS_OK);
    assert_true(view.mean == 8);
}
GATEWAY_TEST(replies_are_read)

static void failures_are_told_apart(struct fixture *fixture)
{
    static const char away[] = "the metadata service cannot be asked";
    static const struct {
        int status;
        struct text body;
        enum status want;
        const char *words;
    } cases[] = {
        {404, TEXT_INIT("{\"detail\":\"there is no movie 'x'\"}"), STATUS_NOT_FOUND,
         "there is no movie 'x'"},
        {404, TEXT_INIT("not json"), STATUS_NOT_FOUND, ""},
        {404, TEXT_INIT("{\"detail\":7}"), STATUS_NOT_FOUND, ""},
        {400, TEXT_INIT("{\"detail\":\"movie id is empty\"}"), STATUS_INVALID_ARGUMENT,
         "movie id is empty"},
        {500, TEXT_INIT("{\"detail\":\"a path\"}"), STATUS_UNAVAILABLE, away},
        {503, TEXT_INIT(""), STATUS_UNAVAILABLE, away},
        {429, TEXT_INIT(""), STATUS_UNAVAILABLE, away},
        {302, TEXT_INIT(""), STATUS_UNAVAILABLE, away},
        {200, TEXT_INIT(""), STATUS_UNAVAILABLE, away},
        {200, TEXT_INIT("<html>"), STATUS_UNAVAILABLE, away},
        {200, TEXT_INIT("[]"), STATUS_UNAVAILABLE, away},
        {200, TEXT_INIT("{\"id\":1}"), STATUS_UNAVAILABLE, away},
        {200, TEXT_INIT("{}"), STATUS_UNAVAILABLE, away},
        {200, TEXT_INIT("{\"id\":\"y\",\"title\":\"t\"}"), STATUS_UNAVAILABLE, away},
        {200, TEXT_INIT("{\"id\":\"a\\u0000\"}"), STATUS_UNAVAILABLE, away},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct call call = call_within(&fixture->call, 0);
        struct metadata metadata;
        fixture->answer.status = cases[i].status;
        fixture->answer.body = cases[i].body;
        enum status got = get_metadata(fixture, &call, "x", &metadata);
        if (got != cases[i].want || !text_equal(call.error.message, text_of(cases[i].words))) {
            fail_msg("%d '%.*s': %s '%.*s'", cases[i].status, TEXT_ARGUMENTS(cases[i].body),
                     status_name(got), TEXT_ARGUMENTS(call.error.message));
        }
    }
}
GATEWAY_TEST(failures_are_told_apart)

static void ratings_that_are_no_number(struct fixture *fixture)
{
    static const struct text bodies[] = {TEXT_INIT(""),      TEXT_INIT("\"8\""), TEXT_INIT("NaN"),
                                         TEXT_INIT("1e999"), TEXT_INIT("null"),  TEXT_INIT("{}")};
    fixture->answer.status = 200;
    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        struct call call = call_within(&fixture->call, 0);
        struct rating_view view;
        fixture->answer.body = bodies[i];
        assert_int_equal(get_rating(fixture, &call, "x", &view), STATUS_UNAVAILABLE);
        assert_true(text_equal(call.error.message, TEXT("the rating service cannot be asked")));
    }
}
GATEWAY_TEST(ratings_that_are_no_number)

/* A port that was bound a moment ago and refuses now. */
static struct text refusing_address(struct fixture *fixture)
{
    char address[HTTP_ADDRESS_BYTES_MAX];
    int fd;
    assert_int_equal(http_listen(&fixture->call, TEXT("127.0.0.1:0"), &fd, address), STATUS_OK);
    (void)close(fd);
    return arena_copy(&fixture->arena, text_of(address));
}

static void another_instance_is_asked(struct fixture *fixture)
{
    const struct discovery_instance instances[] = {{.address = refusing_address(fixture)},
                                                   {.address = text_of(fixture->address)}};
    struct rating_view view;
    fixture->answer.status = 200;
    fixture->answer.body = TEXT("7");
    follow(fixture, "rating", instances, ARRAY_LENGTH(instances));
    for (unsigned i = 0; i < 20; i++) { /* the first one is chosen at random */
        assert_int_equal(get_rating(fixture, &fixture->call, "x", &view), STATUS_OK);
    }
    assert_int_equal(fixture->answer.requests, 20);
}
GATEWAY_TEST(another_instance_is_asked)

static void no_instance_answers(struct fixture *fixture)
{
    struct http_client_reply got;
    struct call call = call_within(&fixture->call, 0);
    const struct discovery_instance refusing = {.address = refusing_address(fixture)};
    follow(fixture, "rating", &refusing, 1);
    assert_int_equal(http_endpoint_get(&fixture->endpoint, &call, TEXT("/"), &got),
                     STATUS_UNAVAILABLE);
    assert_true(text_equal(call.error.message, TEXT("no instance of rating can be reached")));
    follow(fixture, "rating", NULL, 0);
    call_clear_error(&call);
    assert_int_equal(http_endpoint_get(&fixture->endpoint, &call, TEXT("/"), &got),
                     STATUS_UNAVAILABLE);
    assert_true(text_equal(call.error.message, TEXT("no instance of rating is known")));
    assert_int_equal(fixture->answer.requests, 0);
}
GATEWAY_TEST(no_instance_answers)

/* A resolver that has nothing to tell, and counts who asks for news. */
static enum status wait_for_ever(void *state, struct call *call, struct text service,
                                 uint64_t seen_version, struct discovery_snapshot *ret_snapshot)
{
    struct fiber_wait never;
    (void)state;
    (void)service;
    (void)seen_version;
    (void)ret_snapshot;
    fiber_wait_init(&never);
    return fiber_wait(call, &never);
}

static void count_refresh(void *state)
{
    ++*(unsigned *)state;
}

static void a_refusal_asks_for_news(struct fixture *fixture)
{
    static const struct discovery_resolver_ops ops = {.watch = wait_for_ever,
                                                      .refresh = count_refresh};
    struct http_client_reply got;
    struct call call = call_within(&fixture->call, 0);
    unsigned refreshes = 0;
    const struct discovery_resolver resolver = {&ops, &refreshes};
    const struct discovery_instance here = {.address = text_of(fixture->address)};
    const struct discovery_instance gone = {.address = refusing_address(fixture)};
    follow(fixture, "rating", &here, 1);
    assert_int_equal(discovery_watcher_start(loop_current(), resolver, TEXT("rating"),
                                             http_endpoint_update, &fixture->endpoint,
                                             &fixture->endpoint.watcher),
                     STATUS_OK);
    fixture->answer.status = 200;
    assert_int_equal(http_endpoint_get(&fixture->endpoint, &call, TEXT("/"), &got), STATUS_OK);
    assert_int_equal(refreshes, 0);
    http_endpoint_update(&fixture->endpoint,
                         &(struct discovery_snapshot){.instances = &gone, .count = 1});
    assert_int_equal(http_endpoint_get(&fixture->endpoint, &call, TEXT("/"), &got),
                     STATUS_UNAVAILABLE);
    assert_int_equal(refreshes, 1);
    discovery_watcher_stop(fixture->endpoint.watcher);
}
GATEWAY_TEST(a_refusal_asks_for_news)

static void call_that_is_over(struct fixture *fixture)
{
    struct cancellation cancellation;
    struct call call = call_within(&fixture->call, 0);
    struct metadata metadata;
    cancellation_init(&cancellation);
    cancellation_request(&cancellation);
    call.cancellation = &cancellation;
    assert_int_equal(get_metadata(fixture, &call, "x", &metadata), STATUS_CANCELLED);
    assert_int_equal(fixture->answer.requests, 0);
}
GATEWAY_TEST(call_that_is_over)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_read_test),
        cmocka_unit_test(failures_are_told_apart_test),
        cmocka_unit_test(ratings_that_are_no_number_test),
        cmocka_unit_test(another_instance_is_asked_test),
        cmocka_unit_test(no_instance_answers_test),
        cmocka_unit_test(a_refusal_asks_for_news_test),
        cmocka_unit_test(call_that_is_over_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
