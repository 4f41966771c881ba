#include "unit/http/http_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/http_json.h"
#include "support/in_fiber.h"

enum { PART_BYTES = 64 * 1024 };

static const struct http_header plain[] = {{TEXT_INIT("content-type"), TEXT_INIT("text/plain")}};
static const struct http_header trailers[] = {{TEXT_INIT("x-sum"), TEXT_INIT("42")}};

static void enter(struct http_scene *scene)
{
    scene->entered++;
    fiber_wait_signal(&scene->changed);
}

static void leave(struct http_scene *scene, enum status status)
{
    scene->left++;
    scene->last_status = status;
    fiber_wait_signal(&scene->changed);
}

static size_t wanted_bytes(struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct text value = {NULL, 0};
    uint64_t bytes = 0;
    CHECK(http_query_parameter(http_exchange_call(exchange), request->query, TEXT("bytes"),
                               &value) == STATUS_OK &&
          text_to_u64(value, &bytes));
    return bytes;
}

static void reply_plain(struct http_exchange *exchange, struct text body)
{
    http_reply(exchange, &(struct http_reply){
                             .status = 200, .headers = plain, .header_count = 1, .body = body});
}

static void handle_hello(void *state, struct http_exchange *exchange)
{
    (void)state;
    reply_plain(exchange, TEXT("hello"));
}

static void handle_echo(void *state, struct http_exchange *exchange)
{
    struct http_scene *scene = state;
    struct text body = {NULL, 0};
    enum status status = http_read_all(exchange, 1024 * 1024, &body);
    scene->last_status = status;
    if (status == STATUS_RESOURCE_EXHAUSTED) {
        http_reply_problem_with(exchange, 413, http_exchange_call(exchange)->error.message, NULL,
                                0);
    } else if (status != STATUS_OK) {
        http_reply_problem(exchange, status);
    } else {
        reply_plain(exchange, body);
    }
}

static void handle_stream(void *state, struct http_exchange *exchange)
{
    struct http_scene *scene = state;
    struct text part;
    http_reply_start(exchange, 200, plain, 1);
    do {
        part = (struct text){NULL, 0};
        scene->last_status = http_read(exchange, &part);
        if (scene->last_status == STATUS_OK && part.length > 0) {
            scene->last_status = http_write(exchange, part);
        }
    } while (scene->last_status == STATUS_OK && part.length > 0);
    http_finish(exchange, trailers, 1);
}

static void handle_parts(void *state, struct http_exchange *exchange)
{
    struct http_scene *scene = state;
    http_reply_start(exchange, 200, plain, 1);
    for (unsigned i = 0; i < 3; i++) {
        scene->last_status = http_write(exchange, TEXT("part."));
        fiber_yield();
    }
    http_finish(exchange, trailers, 1);
}

/* What of the body follows its first five bytes: as many bytes as it is asked for, in one piece. */
static void handle_more(void *state, struct http_exchange *exchange)
{
    (void)state;
    size_t wanted = wanted_bytes(exchange);
    struct text part = {NULL, 0};
    enum status status = http_read(exchange, &part);
    part = text_slice(part, 5, part.length);
    if (status == STATUS_OK && part.length < wanted) {
        status = http_read_more(exchange, wanted, &part);
    }
    struct text copy = arena_copy(http_exchange_call(exchange)->arena, text_slice(part, 0, wanted));
    while (status == STATUS_OK && part.length > 0) {
        status = http_read(exchange, &part);
    }
    if (status != STATUS_OK) {
        http_reply_problem(exchange, status);
        return;
    }
    http_reply(exchange,
               &(struct http_reply){
                   .status = 200, .body = copy, .trailers = trailers, .trailer_count = 1});
}

static void handle_trailers_only(void *state, struct http_exchange *exchange)
{
    (void)state;
    http_reply_start(exchange, 200, plain, 1);
    http_finish(exchange, trailers, 1);
}

static void handle_large(void *state, struct http_exchange *exchange)
{
    (void)state;
    size_t bytes = wanted_bytes(exchange);
    char *body = arena_alloc(http_exchange_call(exchange)->arena, bytes);
    CHECK(body != NULL);
    memset(body, 'x', bytes);
    reply_plain(exchange, (struct text){body, bytes});
}

static void handle_flood(void *state, struct http_exchange *exchange)
{
    struct http_scene *scene = state;
    size_t bytes = wanted_bytes(exchange);
    char *part = arena_alloc(http_exchange_call(exchange)->arena, PART_BYTES);
    enum status status = STATUS_OK;
    CHECK(part != NULL);
    memset(part, 'y', PART_BYTES);
    enter(scene);
    http_reply_start(exchange, 200, plain, 1);
    for (scene->written_bytes = 0; scene->written_bytes < bytes && status == STATUS_OK;
         scene->written_bytes += PART_BYTES) {
        status = http_write(exchange, (struct text){part, PART_BYTES});
    }
    leave(scene, status);
    if (status == STATUS_OK) {
        http_finish(exchange, NULL, 0);
    }
}

static void handle_wait(void *state, struct http_exchange *exchange)
{
    struct http_scene *scene = state;
    enter(scene);
    enum status status = fiber_semaphore_take(http_exchange_call(exchange), &scene->gate);
    leave(scene, status);
    if (status == STATUS_OK) {
        reply_plain(exchange, TEXT("waited"));
    }
}

static void handle_json(void *state, struct http_exchange *exchange)
{
    (void)state;
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, STATUS_OK)) {
        return;
    }
    json_open_object(&reply.writer);
    json_member_string(&reply.writer, "name", TEXT("value"));
    json_close_object(&reply.writer);
    http_json_reply_send(&reply, 200);
}

/* Holds the loop up for so many milliseconds. */
static void handle_busy(void *state, struct http_exchange *exchange)
{
    struct http_scene *scene = state;
    int64_t until_ns = clock_monotonic_ns() + (int64_t)wanted_bytes(exchange) * CLOCK_NS_PER_MS;
    while (clock_monotonic_ns() < until_ns) {
    }
    scene->busy++;
    reply_plain(exchange, TEXT("busy"));
}

/* Waits, whatever becomes of its stream. */
static void handle_stubborn(void *state, struct http_exchange *exchange)
{
    struct http_scene *scene = state;
    enter(scene);
    enum status status = fiber_semaphore_take(NULL, &scene->gate);
    leave(scene, status);
    reply_plain(exchange, TEXT("at last"));
}

/* Waits before it reads. */
static void handle_slow(void *state, struct http_exchange *exchange)
{
    struct http_scene *scene = state;
    struct text part = TEXT("-");
    size_t length = 0;
    enter(scene);
    enum status status = fiber_semaphore_take(http_exchange_call(exchange), &scene->gate);
    while (status == STATUS_OK && part.length > 0) {
        status = http_read(exchange, &part);
        length += status == STATUS_OK ? part.length : 0;
    }
    leave(scene, status);
    if (status == STATUS_OK) {
        reply_plain(exchange,
                    arena_format(http_exchange_call(exchange)->arena, "read %zu", length));
    }
}

/* Reads, and tells how that ended. */
static void handle_read(void *state, struct http_exchange *exchange)
{
    struct http_scene *scene = state;
    struct text body = {NULL, 0};
    enter(scene);
    enum status status = http_read_all(exchange, 1024 * 1024, &body);
    leave(scene, status);
    if (status == STATUS_OK) {
        reply_plain(exchange, TEXT("read"));
    } else {
        http_reply_problem(exchange, status);
    }
}

static void handle_nothing(void *state, struct http_exchange *exchange)
{
    (void)state;
    (void)exchange;
}

static void handle_unfinished(void *state, struct http_exchange *exchange)
{
    struct http_scene *scene = state;
    http_reply_start(exchange, 200, plain, 1);
    scene->last_status = http_write(exchange, TEXT("half"));
}

static void handle_abort(void *state, struct http_exchange *exchange)
{
    struct http_scene *scene = state;
    http_reply_start(exchange, 200, plain, 1);
    scene->last_status = http_write(exchange, TEXT("half"));
    fiber_yield();
    fiber_yield();
    http_abort(exchange, 8);
}

static void handle_empty(void *state, struct http_exchange *exchange)
{
    (void)state;
    static const struct http_header own = {TEXT_INIT("cache-control"), TEXT_INIT("no-store")};
    http_reply(exchange, &(struct http_reply){.status = 204, .headers = &own, .header_count = 1});
}

static void handle_problem(void *state, struct http_exchange *exchange)
{
    (void)state;
    enum status status = call_fail(http_exchange_call(exchange), STATUS_NOT_FOUND,
                                   "no \"movie\" of the name 'x\ty'");
    http_reply_problem(exchange, status);
}

static void handle_injected(void *state, struct http_exchange *exchange)
{
    (void)state;
    static const struct http_header headers[] = {
        {TEXT_INIT("location"), TEXT_INIT("/\r\nset-cookie: a=b")}};
    http_reply(exchange,
               &(struct http_reply){.status = 302, .headers = headers, .header_count = 1});
}

static void handle_rest(void *state, struct http_exchange *exchange)
{
    (void)state;
    reply_plain(exchange, http_exchange_rest(exchange));
}

static void handle_describe(void *state, struct http_exchange *exchange)
{
    (void)state;
    const struct http_request *request = http_exchange_request(exchange);
    struct call *call = http_exchange_call(exchange);
    char trace[TRACE_ID_TEXT_BYTES];
    reply_plain(exchange,
                arena_format(call->arena, "%.*s|%.*s|%.*s|%.*s|%.*s|%d|%lld|%.*s|%.*s",
                             TEXT_ARGUMENTS(request->method), TEXT_ARGUMENTS(request->path),
                             TEXT_ARGUMENTS(request->query), TEXT_ARGUMENTS(request->authority),
                             TEXT_ARGUMENTS(http_header_find(
                                 request->headers, request->header_count, TEXT("x-color"))),
                             request->version, (long long)request->content_length,
                             TEXT_ARGUMENTS(trace_id_text(&call->identity.trace, trace)),
                             TEXT_ARGUMENTS(call->identity.peer)));
}

/* Whose certificate was shown. */
static void handle_subject(void *state, struct http_exchange *exchange)
{
    (void)state;
    reply_plain(exchange, http_exchange_call(exchange)->identity.subject);
}

static const struct http_route templates[] = {
    {"GET", "/hello", handle_hello, NULL, NULL},
    {"POST", "/echo", handle_echo, NULL, NULL},
    {"PUT", "/echo", handle_echo, NULL, NULL},
    {"POST", "/stream", handle_stream, NULL, NULL},
    {"GET", "/parts", handle_parts, NULL, NULL},
    {"POST", "/more", handle_more, NULL, NULL},
    {"GET", "/trailers-only", handle_trailers_only, NULL, NULL},
    {"POST", "/trailers-only", handle_trailers_only, NULL, NULL},
    {"GET", "/large", handle_large, NULL, NULL},
    {"GET", "/flood", handle_flood, NULL, NULL},
    {NULL, "/wait", handle_wait, NULL, NULL},
    {NULL, "/json", handle_json, NULL, NULL},
    {"GET", "/busy", handle_busy, NULL, NULL},
    {"GET", "/stubborn", handle_stubborn, NULL, NULL},
    {"POST", "/slow", handle_slow, NULL, NULL},
    {"POST", "/read", handle_read, NULL, NULL},
    {"POST", "/ignore", handle_hello, NULL, NULL},
    {"GET", "/nothing", handle_nothing, NULL, NULL},
    {"GET", "/unfinished", handle_unfinished, NULL, NULL},
    {"GET", "/abort", handle_abort, NULL, NULL},
    {"GET", "/empty", handle_empty, NULL, NULL},
    {"GET", "/problem", handle_problem, NULL, NULL},
    {"GET", "/injected", handle_injected, NULL, NULL},
    {NULL, "/rest/*", handle_rest, NULL, NULL},
    {NULL, "/describe", handle_describe, NULL, NULL},
    {"GET", "/subject", handle_subject, NULL, NULL},
};

static void observe(void *state, struct http_exchange *exchange,
                    const struct http_observation *observation)
{
    struct http_scene *scene = state;
    (void)exchange;
    scene->observed++;
    scene->observed_status = observation->status;
    (void)snprintf(scene->observed_route, sizeof(scene->observed_route), "%s", observation->route);
    (void)snprintf(scene->observed_method, sizeof(scene->observed_method), "%.*s",
                   TEXT_ARGUMENTS(observation->method));
    CHECK(observation->started_ns > 0 && observation->started_ns <= clock_monotonic_ns());
}

struct run {
    void (*body)(struct http_scene *scene);
    struct http_server_options options;
};

static void run(void *argument)
{
    struct run *run = argument;
    struct http_scene scene = {.loop = loop_current()};
    struct http_route routes[ARRAY_LENGTH(templates)];
    struct http_server_options options = run->options;

    for (size_t i = 0; i < ARRAY_LENGTH(templates); i++) {
        routes[i] = templates[i];
        routes[i].state = &scene;
    }
    options.routes = routes;
    options.route_count = ARRAY_LENGTH(templates);
    options.observe = observe;
    options.observe_state = &scene;
    fiber_semaphore_init(&scene.gate, 0);
    fiber_wait_init(&scene.changed);
    arena_init(&scene.arena, 256 * 1024 * 1024);
    call_init(&scene.call, &scene.arena, RAW_PEER_WAIT_MS);
    assert_int_equal(http_server_create(scene.loop, &options, &scene.server), STATUS_OK);
    run->body(&scene);
    http_server_destroy(scene.server);
    http_scene_settle();
    assert_int_equal(scene.entered, scene.left);
    arena_deinit(&scene.arena);
}

void http_scene_run(void (*body)(struct http_scene *scene),
                    const struct http_server_options *options)
{
    struct run argument = {.body = body};
    if (options != NULL) {
        argument.options = *options;
    }
    in_fiber(run, &argument);
}

static void await_count(struct http_scene *scene, const unsigned *counter, unsigned count)
{
    while (*counter < count) {
        assert_int_equal(fiber_wait(&scene->call, &scene->changed), STATUS_OK);
    }
}

void http_scene_await_entered(struct http_scene *scene, unsigned count)
{
    await_count(scene, &scene->entered, count);
}

void http_scene_await_left(struct http_scene *scene, unsigned count)
{
    await_count(scene, &scene->left, count);
}

void http_scene_open_gate(struct http_scene *scene)
{
    fiber_semaphore_give(&scene->gate);
}

void http_scene_settle(void)
{
    for (unsigned i = 0; i < 100; i++) {
        fiber_yield();
    }
}

void http_scene_connect(struct http_scene *scene, struct raw_peer *peer)
{
    struct http_transport *transport = NULL;
    assert_int_equal(http_server_connect_loopback(scene->server, &transport), STATUS_OK);
    raw_peer_open(peer, transport);
}

struct http2_client *http_scene_connect_http2(struct http_scene *scene)
{
    static const struct http2_client_events no_events = {.refusing = NULL};
    struct http_transport *transport = NULL;
    struct http2_client *client = NULL;
    assert_int_equal(http_server_connect_loopback(scene->server, &transport), STATUS_OK);
    assert_int_equal(http2_client_over(scene->loop, transport, &no_events, &client), STATUS_OK);
    return client;
}

struct text http_scene_listen(struct http_scene *scene)
{
    char address[HTTP_ADDRESS_BYTES_MAX];
    int fd = -1;
    assert_int_equal(http_listen(&scene->call, TEXT("127.0.0.1:0"), &fd, address), STATUS_OK);
    assert_int_equal(http_server_accept_from(scene->server, fd), STATUS_OK);
    assert_int_equal(close(fd), 0);
    return arena_copy(&scene->arena, text_of(address));
}

struct http2_request *http_scene_start(struct http_scene *scene, struct http2_client *client,
                                       const char *method, const char *path, bool end)
{
    struct http2_request *request = NULL;
    const struct http_header headers[] = {
        {TEXT_INIT(":method"), text_of(method)},   {TEXT_INIT(":scheme"), TEXT_INIT("http")},
        {TEXT_INIT(":path"), text_of(path)},       {TEXT_INIT(":authority"), TEXT_INIT("test:80")},
        {TEXT_INIT("x-color"), TEXT_INIT("blue")},
    };
    assert_int_equal(
        http2_request_start(client, &scene->call, headers, ARRAY_LENGTH(headers), end, &request),
        STATUS_OK);
    return request;
}

static const struct http_header *keep(struct http_scene *scene, const struct http_header *headers,
                                      size_t count)
{
    struct http_header *copy = arena_calloc(&scene->arena, count + 1, sizeof(*copy));
    assert_non_null(copy);
    for (size_t i = 0; i < count; i++) {
        copy[i].name = arena_copy(&scene->arena, headers[i].name);
        copy[i].value = arena_copy(&scene->arena, headers[i].value);
    }
    return copy;
}

static void read_answer(struct http_scene *scene, struct http2_request *request,
                        struct http_answer *answer)
{
    struct buffer body;
    struct text part = {NULL, 0};
    buffer_init(&body, 256 * 1024 * 1024);
    do {
        assert_int_equal(http2_request_read(request, &part), STATUS_OK);
        assert_true(buffer_append(&body, part));
    } while (part.length > 0);
    answer->body = arena_copy(&scene->arena, buffer_text(&body));
    buffer_deinit(&body);
}

struct http_answer http_scene_ask(struct http_scene *scene, struct http2_client *client,
                                  const char *method, const char *path, struct text body)
{
    struct http_answer answer = {.status = 0};
    struct http2_request *request = http_scene_start(scene, client, method, path, body.length == 0);
    const struct http_header *headers;
    uint64_t status = 0;

    if (body.length > 0) {
        (void)!http2_request_write(request, body, true); /* the answer tells */
    }
    assert_int_equal(http2_request_headers(request, &headers, &answer.header_count), STATUS_OK);
    answer.headers = keep(scene, headers, answer.header_count);
    if (answer.header_count > 0) {
        assert_true(text_equal(answer.headers[0].name, TEXT(":status")));
        assert_true(text_to_u64(answer.headers[0].value, &status));
    }
    answer.status = (int)status;
    read_answer(scene, request, &answer);
    headers = http2_request_trailers(request, &answer.trailer_count);
    answer.trailers = keep(scene, headers, answer.trailer_count);
    answer.headers_only = http2_request_is_headers_only(request);
    answer.outcome = http2_request_outcome(request);
    answer.error_code = http2_request_error_code(request);
    http2_request_close(request);
    return answer;
}

struct text http_answer_header(const struct http_answer *answer, const char *name)
{
    return http_header_find(answer->headers, answer->header_count, text_of(name));
}

static struct text take_line(struct text *rest)
{
    struct text line = text_next(rest, '\n');
    return text_slice(line, 0, line.length - 1);
}

static size_t take_headers(struct http_scene *scene, struct text *rest,
                           const struct http_header **ret_headers)
{
    struct http_header *headers =
        arena_calloc(&scene->arena, HTTP_HEADER_COUNT_MAX, sizeof(*headers));
    size_t count = 0;
    assert_non_null(headers);
    for (struct text line = take_line(rest); line.length > 0; line = take_line(rest)) {
        headers[count].name = text_next(&line, ':');
        headers[count++].value = text_trim(line);
    }
    *ret_headers = headers;
    return count;
}

static void take_chunks(struct http_scene *scene, struct text *rest, struct http_answer *answer)
{
    for (;;) {
        char size[32];
        assert_true(text_to_c_string(take_line(rest), size, sizeof(size)));
        size_t length = strtoul(size, NULL, 16);
        if (length == 0) {
            answer->trailer_count = take_headers(scene, rest, &answer->trailers);
            return;
        }
        answer->body = arena_format(&scene->arena, "%.*s%.*s", TEXT_ARGUMENTS(answer->body),
                                    (int)length, rest->data);
        *rest = text_slice(*rest, length + 2, rest->length);
    }
}

struct http_answer http_scene_ask_http1(struct http_scene *scene, struct raw_peer *peer,
                                        const char *method, const char *path, struct text body)
{
    struct http_answer answer = {.outcome = HTTP2_COMPLETE};
    uint64_t status = 0;
    uint64_t length = 0;

    raw_peer_forget(peer);
    struct text head = arena_format(&scene->arena,
                                    "%s %s HTTP/1.1\r\nHost: test:80\r\nX-Color: blue\r\n"
                                    "Content-Length: %zu\r\n\r\n",
                                    method, path, body.length);
    raw_peer_send(peer, head);
    raw_peer_send(peer, body);
    assert_true(raw_peer_await(peer, "\r\n\r\n"));
    if (raw_peer_has(peer, "transfer-encoding: chunked")) {
        assert_true(raw_peer_await(peer, "\r\n0\r\n"));
        assert_true(raw_peer_await_times(peer, "\r\n\r\n", 2));
    }
    struct text rest = arena_copy(&scene->arena, buffer_text(&peer->received));
    struct text line = take_line(&rest);
    assert_true(text_starts_with(line, TEXT("HTTP/1.1 ")));
    assert_true(text_to_u64(text_slice(line, 9, 12), &status));
    answer.status = (int)status;
    answer.header_count = take_headers(scene, &rest, &answer.headers);
    if (raw_peer_has(peer, "transfer-encoding: chunked")) {
        take_chunks(scene, &rest, &answer);
    } else if (text_to_u64(http_answer_header(&answer, "content-length"), &length) &&
               strcmp(method, "HEAD") != 0) {
        size_t head_length = peer->received.length - rest.length;
        assert_true(raw_peer_await_bytes(peer, head_length + length));
        struct text all = buffer_text(&peer->received);
        answer.body = arena_copy(&scene->arena, text_slice(all, head_length, head_length + length));
    }
    return answer;
}
