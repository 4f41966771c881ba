/* Plain routes that answer a repeated write as they did at first. */
#include "http/http_idempotency.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "http/http_json.h"
#include "http/http_transport.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/http_loopback.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 20000, WINDOW_MS = 60000, BODY_BYTES_MAX = 64, SETTLE_TURNS = 100 };

struct scene {
    struct idempotency_store *store;
    struct http_server *server;
    struct http_route inner[8]; /* as their handlers serve them */
    struct http_route outer[8]; /* with keys */
    struct arena arena;
    struct call call;
    unsigned runs;
    struct fiber_wait entered;   /* signalled when /wait is in its wait */
    struct fiber_semaphore gate; /* that it waits for */
    enum status waited;
};

static struct scene *scene; /* of the test that runs */

/* A body that says how often anything has run. */
static void reply_count(struct http_exchange *exchange, int status, struct text words)
{
    struct arena *arena = http_exchange_call(exchange)->arena;
    struct http_header *header = arena_alloc(arena, sizeof(*header));
    assert_non_null(header);
    *header = (struct http_header){TEXT("x-run"), arena_format(arena, "%u", scene->runs)};
    http_reply(exchange, &(struct http_reply){.status = status,
                                              .headers = header,
                                              .header_count = 1,
                                              .body = arena_format(arena, "%u %.*s", scene->runs,
                                                                   TEXT_ARGUMENTS(words))});
}

static void handle_put(void *state, struct http_exchange *exchange)
{
    struct text body;
    (void)state;
    scene->runs++;
    enum status status = http_read_all(exchange, BODY_BYTES_MAX, &body);
    if (status == STATUS_OK) {
        reply_count(exchange, 200, body);
    } else {
        http_reply_problem(exchange, status);
    }
}

/* Reads in parts what was read whole before. */
static void handle_parts(void *state, struct http_exchange *exchange)
{
    struct text part;
    struct text body = {NULL, 0};
    (void)state;
    scene->runs++;
    do {
        assert_int_equal(http_read(exchange, &part), STATUS_OK);
        body = part.length > 0 ? part : body;
    } while (part.length > 0);
    reply_count(exchange, 200, body);
}

/* Replies with the status that the query says. */
static void handle_status(void *state, struct http_exchange *exchange)
{
    uint64_t status;
    (void)state;
    scene->runs++;
    assert_true(text_to_u64(http_exchange_request(exchange)->query, &status));
    reply_count(exchange, (int)status, TEXT(""));
}

static void handle_streamed(void *state, struct http_exchange *exchange)
{
    (void)state;
    scene->runs++;
    http_reply_start(exchange, 200, NULL, 0);
    assert_int_equal(http_write(exchange, TEXT("part")), STATUS_OK);
    http_finish(exchange, NULL, 0);
}

static void handle_nothing(void *state, struct http_exchange *exchange)
{
    (void)state;
    (void)exchange;
    scene->runs++;
}

static void handle_large(void *state, struct http_exchange *exchange)
{
    static char bytes[IDEMPOTENCY_REPLY_BYTES_MAX];
    (void)state;
    scene->runs++;
    memset(bytes, 'x', sizeof(bytes));
    http_reply(exchange,
               &(struct http_reply){.status = 200, .body = text_of_bytes(bytes, sizeof(bytes))});
}

static void handle_wait(void *state, struct http_exchange *exchange)
{
    (void)state;
    scene->runs++;
    fiber_wait_signal(&scene->entered);
    scene->waited = fiber_semaphore_take(http_json_call(exchange), &scene->gate);
    reply_count(exchange, 200, TEXT("waited"));
}

static const struct http_route templates[] = {
    {.method = "PUT", .path = "/put", .handle = handle_put},
    {.method = "DELETE", .path = "/put", .handle = handle_put},
    {.method = "PUT", .path = "/parts", .handle = handle_parts},
    {.method = "PUT", .path = "/status", .handle = handle_status},
    {.method = "PUT", .path = "/streamed", .handle = handle_streamed},
    {.method = "PUT", .path = "/nothing", .handle = handle_nothing},
    {.method = "PUT", .path = "/large", .handle = handle_large},
    {.method = "PUT", .path = "/wait", .handle = handle_wait},
};
_Static_assert(ARRAY_LENGTH(templates) == ARRAY_LENGTH(((struct scene *)NULL)->inner), "all fit");

static void serve(void *state, struct http_exchange *exchange)
{
    const struct http_route *route = state;
    if (http_exchange_request(exchange)->idempotency_key.data != NULL) {
        http_idempotency_serve(scene->store, route, exchange);
    } else {
        route->handle(route->state, exchange);
    }
}

static void run_scene(void *body)
{
    void (*const *run)(void) = body;
    scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    for (size_t i = 0; i < ARRAY_LENGTH(templates); i++) {
        scene->inner[i] = templates[i];
        scene->outer[i] = templates[i];
        scene->outer[i].handle = serve;
        scene->outer[i].state = &scene->inner[i];
    }
    const struct http_server_options options = {.routes = scene->outer,
                                                .route_count = ARRAY_LENGTH(templates)};
    arena_init(&scene->arena, 16 * 1024 * 1024);
    call_init(&scene->call, &scene->arena, TIMEOUT_MS);
    fiber_wait_init(&scene->entered);
    fiber_semaphore_init(&scene->gate, 0);
    assert_int_equal(idempotency_store_create(WINDOW_MS, &scene->store), STATUS_OK);
    assert_int_equal(http_server_create(loop_current(), &options, &scene->server), STATUS_OK);
    (*run)();
    http_server_destroy(scene->server);
    idempotency_store_destroy(scene->store);
    arena_deinit(&scene->arena);
    free(scene);
}

static void in_scene(void (*body)(void))
{
    in_fiber(run_scene, (void *)&body);
}

static struct http_loopback_reply ask(const char *method, const char *target, const char *headers,
                                      const char *body)
{
    return http_loopback_send_with(scene->server, &scene->call, method, target, headers, body);
}

static void expect(const struct http_loopback_reply *reply, int status, const char *body,
                   bool is_replayed)
{
    struct text replayed = http_loopback_header(reply, IDEMPOTENCY_REPLAYED_HEADER);
    if (reply->status != status || !text_equal(reply->body, text_of(body)) ||
        text_equal(replayed, TEXT("true")) != is_replayed) {
        fail_msg("%.*s\n%.*s", TEXT_ARGUMENTS(reply->head), TEXT_ARGUMENTS(reply->body));
    }
}

static void answer_as_at_first(void)
{
    static const char key[] = "idempotency-key: \"k\"\r\n";
    struct http_loopback_reply reply = ask("PUT", "/put?a=1", key, "hello");
    expect(&reply, 200, "1 hello", false);
    reply = ask("PUT", "/put?a=1", key, "hello");
    expect(&reply, 200, "1 hello", true);
    assert_true(text_equal(http_loopback_header(&reply, "x-run"), TEXT("1")));
    reply = ask("PUT", "/put?a=1", "idempotency-key: k\r\n", "hello"); /* the same key */
    expect(&reply, 200, "1 hello", true);
    reply = ask("PUT", "/put?a=1", NULL, "hello"); /* without one it is done */
    expect(&reply, 200, "2 hello", false);
    reply = ask("PUT", "/put?a=1", "idempotency-key: other\r\n", "hello");
    expect(&reply, 200, "3 hello", false);
    reply = ask("PUT", "/parts", "idempotency-key: parts\r\n", "in parts");
    expect(&reply, 200, "4 in parts", false);
    reply = ask("PUT", "/parts", "idempotency-key: empty\r\n", "");
    expect(&reply, 200, "5 ", false);
}

static void test_answers_as_at_first(void **state)
{
    (void)state;
    in_scene(answer_as_at_first);
}

/* What differs in one way is another request. */
static void refuse_another(void)
{
    static const struct {
        const char *method;
        const char *target;
        const char *headers;
        const char *body;
    } cases[] = {
        {"DELETE", "/put?a=1", "", "hello"},
        {"PUT", "/parts?a=1", "", "hello"},
        {"PUT", "/put?a=2", "", "hello"},
        {"PUT", "/put?a=1", "", "hell"},
        {"PUT", "/put?a=1", "content-type: text/plain\r\n", "hello"},
        {"PUT", "/put?a=1", "if-match: \"1\"\r\n", "hello"},
        {"PUT", "/put?a=1", "if-none-match: *\r\n", "hello"},
    };
    struct http_loopback_reply reply = ask("PUT", "/put?a=1", "idempotency-key: k\r\n", "hello");
    expect(&reply, 200, "1 hello", false);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text headers =
            arena_format(&scene->arena, "idempotency-key: k\r\n%s", cases[i].headers);
        reply = ask(cases[i].method, cases[i].target, headers.data, cases[i].body);
        expect(&reply, 422,
               "{\"type\":\"/api#unprocessable_content\",\"title\":\"Unprocessable Content\","
               "\"status\":422,\"detail\":\"the idempotency key was used for another request\"}",
               false);
    }
    assert_int_equal(scene->runs, 1);
    /* What says nothing of the request itself may differ. */
    reply = ask("PUT", "/put?a=1", "idempotency-key: k\r\nuser-agent: other\r\n", "hello");
    expect(&reply, 200, "1 hello", true);
}

static void test_refuses_another(void **state)
{
    (void)state;
    in_scene(refuse_another);
}

static void refuse_malformed(void)
{
    static const char *const headers[] = {
        "idempotency-key: \r\n",     "idempotency-key: a b\r\n",
        "idempotency-key: \"a\r\n",  "idempotency-key: a\r\nidempotency-key: a\r\n",
        "idempotency-key: a, a\r\n",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
        struct http_loopback_reply reply = ask("PUT", "/put", headers[i], "hello");
        expect(&reply, 400,
               "{\"type\":\"/api#invalid_argument\",\"title\":\"Bad Request\",\"status\":400,"
               "\"detail\":\"idempotency-key must be one string of 1 to 255 characters\"}",
               false);
    }
    assert_int_equal(scene->runs, 0);
}

static void test_refuses_malformed(void **state)
{
    (void)state;
    in_scene(refuse_malformed);
}

static void keep_what_is_final(void)
{
    static const struct {
        int status;
        bool is_kept;
    } cases[] = {
        {201, true},  {204, true}, {400, true},  {404, true},  {408, false},
        {409, false}, {412, true}, {422, true},  {425, false}, {429, false},
        {499, false}, {500, true}, {503, false}, {504, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text target = arena_format(&scene->arena, "/status?%d", cases[i].status);
        struct text key = arena_format(&scene->arena, "idempotency-key: k%zu\r\n", i);
        unsigned before = scene->runs;
        for (unsigned attempt = 0; attempt < 2; attempt++) {
            struct http_loopback_reply reply = ask("PUT", target.data, key.data, NULL);
            assert_int_equal(reply.status, cases[i].status);
        }
        if (scene->runs - before != (cases[i].is_kept ? 1 : 2)) {
            fail_msg("%d: %u runs", cases[i].status, scene->runs - before);
        }
    }
}

static void test_keeps_what_is_final(void **state)
{
    (void)state;
    in_scene(keep_what_is_final);
}

/* A reply in parts, or none at all, leaves the key free; one that is too large is not repeated, and
 * what made it neither. */
static void keep_no_other_replies(void)
{
    static const char *const free_again[] = {"/streamed", "/nothing"};
    for (size_t i = 0; i < ARRAY_LENGTH(free_again); i++) {
        struct text key = arena_format(&scene->arena, "idempotency-key: k%zu\r\n", i);
        unsigned before = scene->runs;
        struct http_loopback_reply reply = ask("PUT", free_again[i], key.data, NULL);
        reply = ask("PUT", free_again[i], key.data, NULL);
        assert_null(http_loopback_header(&reply, IDEMPOTENCY_REPLAYED_HEADER).data);
        assert_int_equal(scene->runs - before, 2);
    }
    unsigned before = scene->runs;
    struct http_loopback_reply reply = ask("PUT", "/large", "idempotency-key: large\r\n", NULL);
    assert_int_equal(reply.body.length, IDEMPOTENCY_REPLY_BYTES_MAX);
    reply = ask("PUT", "/large", "idempotency-key: large\r\n", NULL);
    expect(&reply, 409,
           "{\"type\":\"/api#already_exists\",\"title\":\"Conflict\",\"status\":409,"
           "\"detail\":\"this was done, but its reply was too large to be kept\"}",
           false);
    assert_null(http_loopback_header(&reply, "retry-after").data);
    assert_int_equal(scene->runs - before, 1);
}

static void test_keeps_no_other_replies(void **state)
{
    (void)state;
    in_scene(keep_no_other_replies);
}

/* The route's own limit of its body holds, and so does that of what is read ahead. */
static void limit_bodies(void)
{
    char body[BODY_BYTES_MAX + 2];
    memset(body, 'x', BODY_BYTES_MAX + 1);
    body[BODY_BYTES_MAX + 1] = '\0';
    struct http_loopback_reply reply = ask("PUT", "/put", "idempotency-key: k\r\n", body);
    assert_int_equal(reply.status, 429); /* RESOURCE_EXHAUSTED, as this handler has it */
    char *large = malloc(HTTP_BODY_BYTES_MAX + 2);
    assert_non_null(large);
    memset(large, 'x', HTTP_BODY_BYTES_MAX + 1);
    large[HTTP_BODY_BYTES_MAX + 1] = '\0';
    reply = ask("PUT", "/put", "idempotency-key: large\r\n", large);
    assert_int_equal(reply.status, 413);
    free(large);
    assert_int_equal(scene->runs, 1);
}

static void test_limits_bodies(void **state)
{
    (void)state;
    in_scene(limit_bodies);
}

static void ask_and_wait(void *reply)
{
    struct http_loopback_reply *first = reply;
    struct call call = scene->call;
    *first = http_loopback_send_with(scene->server, &call, "PUT", "/wait", "idempotency-key: k\r\n",
                                     "body");
}

static void refuse_while_under_way(void)
{
    struct http_loopback_reply first;
    struct fiber_group group;
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, ask_and_wait, &first), STATUS_OK);
    assert_int_equal(fiber_wait(&scene->call, &scene->entered), STATUS_OK);
    struct http_loopback_reply reply = ask("PUT", "/wait", "idempotency-key: k\r\n", "body");
    expect(&reply, 409,
           "{\"type\":\"/api#aborted\",\"title\":\"Conflict\",\"status\":409,\"detail\":"
           "\"a request with this idempotency key is under way: ask again\"}",
           false);
    assert_true(text_equal(http_loopback_header(&reply, "retry-after"), TEXT("1")));
    fiber_semaphore_give(&scene->gate);
    fiber_group_join(&group);
    expect(&first, 200, "1 waited", false);
    reply = ask("PUT", "/wait", "idempotency-key: k\r\n", "body");
    expect(&reply, 200, "1 waited", true);
}

static void test_refuses_while_under_way(void **state)
{
    (void)state;
    in_scene(refuse_while_under_way);
}

static void hear_nothing(void *state, struct text bytes)
{
    (void)state;
    (void)bytes;
}

static void note_nothing(void *state)
{
    (void)state;
}

/* Begins /wait, and leaves when it is in its wait; whoever is to be told of it has been by then. */
static void ask_and_leave(const char *headers)
{
    struct http_transport *transport = NULL;
    struct text request = arena_format(
        &scene->arena, "PUT /wait HTTP/1.1\r\nhost: test\r\n%scontent-length: 4\r\n\r\nbody",
        headers);
    assert_int_equal(http_server_connect_loopback(scene->server, &transport), STATUS_OK);
    transport->events =
        (struct http_transport_events){hear_nothing, note_nothing, note_nothing, NULL};
    assert_int_equal(transport->ops->write(transport->state, request), request.length);
    assert_int_equal(fiber_wait(&scene->call, &scene->entered), STATUS_OK);
    transport->ops->close(transport->state);
    for (unsigned i = 0; i < SETTLE_TURNS; i++) {
        fiber_yield();
    }
    assert_int_equal(http_server_connection_count(scene->server), 0);
}

/* Who asks again is answered with what the first attempt has done meanwhile. */
static void finish_for_who_has_gone(void)
{
    ask_and_leave("idempotency-key: k\r\n");
    assert_int_equal(http_server_exchange_count(scene->server), 1);
    fiber_semaphore_give(&scene->gate);
    while (http_server_exchange_count(scene->server) > 0) {
        fiber_yield();
    }
    assert_int_equal(scene->waited, STATUS_OK);
    struct http_loopback_reply reply = ask("PUT", "/wait", "idempotency-key: k\r\n", "body");
    expect(&reply, 200, "1 waited", true);
    /* Without a key nobody could ask for it. */
    ask_and_leave("");
    while (http_server_exchange_count(scene->server) > 0) {
        fiber_yield();
    }
    assert_int_equal(scene->waited, STATUS_CANCELLED);
}

static void test_finishes_for_who_has_gone(void **state)
{
    (void)state;
    in_scene(finish_for_who_has_gone);
}

/* The server's end is the end of it all the same: the gate stays shut. */
static void end_with_the_server(void)
{
    ask_and_leave("idempotency-key: k\r\n");
    http_server_destroy(scene->server);
    scene->server = NULL;
    assert_int_equal(scene->waited, STATUS_CANCELLED);
}

static void test_ends_with_the_server(void **state)
{
    (void)state;
    in_scene(end_with_the_server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_as_at_first),
        cmocka_unit_test(test_refuses_another),
        cmocka_unit_test(test_refuses_malformed),
        cmocka_unit_test(test_keeps_what_is_final),
        cmocka_unit_test(test_keeps_no_other_replies),
        cmocka_unit_test(test_limits_bodies),
        cmocka_unit_test(test_refuses_while_under_way),
        cmocka_unit_test(test_finishes_for_who_has_gone),
        cmocka_unit_test(test_ends_with_the_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
