#include "http/http_exchange.h"

#include <stdlib.h>

#include "base/clock.h"
#include "http/http_server_private.h"

enum {
    HEADERS_FIRST = 16,
    BUFFER_KEPT_BYTES = 64 * 1024, /* of a buffer in the pool, without being counted */
};

static struct http_exchange *create(struct http_server *server)
{
    struct http_exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange == NULL) {
        return NULL;
    }
    exchange->server = server;
    arena_init(&exchange->arena, server->arena_bytes_max);
    buffer_init(&exchange->input, SIZE_MAX / 4); /* bounded by the windows, or by pausing */
    buffer_init(&exchange->reading, SIZE_MAX / 4);
    buffer_init(&exchange->output, 2 * (size_t)HTTP_OUTPUT_BYTES_MAX);
    buffer_init(&exchange->body, HTTP_BODY_BYTES_MAX);
    return exchange;
}

/* It is no longer in the pool. */
static void forget_kept(struct http_exchange *exchange)
{
    exchange->server->kept_bytes -= exchange->kept_bytes;
    exchange->kept_bytes = 0;
}

void http_exchange_free(struct http_exchange *exchange)
{
    forget_kept(exchange);
    arena_deinit(&exchange->arena);
    buffer_deinit(&exchange->input);
    buffer_deinit(&exchange->reading);
    buffer_deinit(&exchange->output);
    buffer_deinit(&exchange->body);
    free(exchange);
}

/* In the pool: larger ones keep their memory while the sum of these is within its maximum. */
static void clear_buffer(struct http_exchange *exchange, struct buffer *buffer)
{
    size_t *kept_bytes = &exchange->server->kept_bytes;
    buffer_clear(buffer);
    if (buffer->capacity <= BUFFER_KEPT_BYTES) {
        return;
    }
    if (buffer->capacity > HTTP_EXCHANGES_KEPT_BYTES_MAX - *kept_bytes) {
        buffer_deinit(buffer);
        return;
    }
    *kept_bytes += buffer->capacity;
    exchange->kept_bytes += buffer->capacity;
}

/* The larger one is used first by the next request. */
static void clear_bodies(struct http_exchange *exchange)
{
    if (exchange->reading.capacity > exchange->input.capacity) {
        struct buffer larger = exchange->reading;
        exchange->reading = exchange->input;
        exchange->input = larger;
    }
    clear_buffer(exchange, &exchange->input);
    clear_buffer(exchange, &exchange->reading);
}

/* Everything that belongs to one request, and nothing that the pool is kept for. */
static void reset(struct http_exchange *exchange)
{
    exchange->running = false;
    exchange->started = false;
    exchange->request = (struct http_request){.content_length = -1};
    exchange->headers = NULL;
    exchange->header_capacity = 0;
    exchange->header_list_bytes = 0;
    exchange->refusal = 0;
    exchange->route = NULL;
    exchange->rest = (struct text){NULL, 0};
    exchange->overload = NULL;
    exchange->note = 0;
    exchange->seen_bytes = 0;
    exchange->acknowledged_bytes = 0;
    exchange->body_ended = false;
    exchange->body_broken = false;
    exchange->expects_continue = false;
    exchange->has_trace = false;
    exchange->has_ahead = false;
    exchange->outlasts_peer = false;
    exchange->show_reply = NULL;
    exchange->reply = (struct http_exchange_reply){.state = HTTP_REPLY_NONE};
    exchange->output_sent = 0;
    http2_stream_init(&exchange->stream);
    exchange->submitted = false;
    exchange->head_is_all = false;
    exchange->head_sent = false;
    exchange->wants_continue = false;
    list_init(&exchange->stream_link);
    list_init(&exchange->ready_link);
    list_init(&exchange->writer_link);
    list_init(&exchange->pending_link);
    list_init(&exchange->leaving_link);
    fiber_wait_init(&exchange->readable);
    fiber_wait_init(&exchange->writable);
    cancellation_init(&exchange->cancellation);
    exchange->call = (struct call){
        .deadline_ns = CALL_NO_DEADLINE,
        .cancellation = &exchange->cancellation,
        .arena = &exchange->arena,
    };
}

struct http_exchange *http_exchange_take(struct http_connection *connection,
                                         const struct http_exchange_ops *ops)
{
    struct http_server *server = connection->server;
    struct list *link = list_take_first(&server->idle_exchanges);
    struct http_exchange *exchange;
    if (link != NULL) {
        exchange = CONTAINER_OF(link, struct http_exchange, link);
        server->idle_exchange_count--;
        forget_kept(exchange);
    } else {
        exchange = create(server);
        if (exchange == NULL) {
            return NULL;
        }
    }
    reset(exchange);
    exchange->connection = connection;
    exchange->ops = ops;
    list_append(&server->exchanges, &exchange->link);
    server->exchange_count++;
    http_server_note_use(server);
    return exchange;
}

static void give_back(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    list_remove(&exchange->link);
    list_remove(&exchange->stream_link);
    list_remove(&exchange->ready_link);
    list_remove(&exchange->writer_link);
    list_remove(&exchange->leaving_link);
    server->exchange_count--;
    http_server_note_end(server, arena_used_bytes(&exchange->arena));
    http_server_note_use(server);
    if (server->idle_exchange_count < HTTP_EXCHANGES_KEPT_MAX) {
        arena_reset(&exchange->arena);
        clear_bodies(exchange);
        clear_buffer(exchange, &exchange->output);
        clear_buffer(exchange, &exchange->body);
        /* The one used last is taken first: its memory is in the cache. */
        list_append(server->idle_exchanges.next, &exchange->link);
        server->idle_exchange_count++;
    } else {
        http_exchange_free(exchange);
    }
    http_server_look_idle(server);
}

static void refuse_later(struct http_exchange *exchange, int status, const char *reason)
{
    if (exchange->refusal == 0) {
        exchange->refusal = status;
        exchange->refusal_reason = reason;
    }
}

bool http_exchange_admit_header(struct http_exchange *exchange, size_t name_length,
                                size_t value_length)
{
    exchange->header_list_bytes += name_length + value_length + 32;
    if (exchange->header_list_bytes > HTTP_HEADER_LIST_BYTES_MAX ||
        exchange->request.header_count == HTTP_HEADER_COUNT_MAX) {
        refuse_later(exchange, 431, "the request's headers are too large");
        return false;
    }
    return true;
}

void http_exchange_refuse(struct http_exchange *exchange, int status, const char *reason)
{
    refuse_later(exchange, status, reason);
}

static bool grow_headers(struct http_exchange *exchange)
{
    size_t capacity =
        exchange->header_capacity > 0 ? 2 * exchange->header_capacity : (size_t)HEADERS_FIRST;
    struct http_header *headers = arena_alloc(&exchange->arena, capacity * sizeof(*headers));
    if (headers == NULL) {
        return false;
    }
    if (exchange->header_capacity > 0) {
        memcpy(headers, exchange->headers, exchange->header_capacity * sizeof(*headers));
    }
    exchange->headers = headers;
    exchange->header_capacity = capacity;
    exchange->request.headers = headers;
    return true;
}

void http_exchange_add_header(struct http_exchange *exchange, struct text name, struct text value)
{
    if (exchange->request.header_count == exchange->header_capacity && !grow_headers(exchange)) {
        refuse_later(exchange, 503, "no memory for the request's headers");
        return;
    }
    exchange->headers[exchange->request.header_count++] = (struct http_header){name, value};
}

void http_exchange_set_target(struct http_exchange *exchange, struct text target)
{
    size_t mark = text_find(target, 0, '?');
    exchange->request.path = text_slice(target, 0, mark);
    exchange->request.query =
        mark < target.length ? text_slice(target, mark + 1, target.length) : (struct text){NULL, 0};
    if (target.length > HTTP_TARGET_BYTES_MAX) {
        refuse_later(exchange, 414, "the address is too long");
    }
}

void http_exchange_note_header(struct http_exchange *exchange, enum hpack_token token,
                               struct text value)
{
    int64_t length;
    struct trace parent;
    switch ((int)token) {
    case HPACK_TOKEN_CONTENT_LENGTH:
        if (text_to_i64(value, &length) && length >= 0) {
            exchange->request.content_length = length;
        }
        break;
    case HPACK_TOKEN_TRACEPARENT:
        if (trace_parse(value, &parent)) {
            exchange->call.identity.trace = trace_child(&parent);
            exchange->has_trace = true;
        }
        break;
    case HPACK_TOKEN_IDEMPOTENCY_KEY:
        exchange->request.idempotency_key =
            exchange->request.idempotency_key.data == NULL && value.length > 0 ? value : TEXT("");
        break;
    case HPACK_TOKEN_EXPECT:
        exchange->expects_continue |= text_equal_ignoring_case(value, TEXT("100-continue"));
        break;
    default:
        break;
    }
}

/* Who is asking, and in which trace. */
static void identify(struct http_exchange *exchange)
{
    if (!exchange->has_trace) {
        exchange->call.identity.trace = trace_start();
    }
    if (exchange->connection->transport->peer[0] != '\0') {
        exchange->call.identity.peer =
            arena_copy(&exchange->arena, text_of(exchange->connection->transport->peer));
    }
    const struct http_transport_security *security = exchange->connection->transport->security;
    if (security != NULL && security->subject != NULL) {
        exchange->call.identity.subject = arena_copy(&exchange->arena, text_of(security->subject));
    }
}

static void observe(struct http_exchange *exchange)
{
    const struct http_server_options *options = &exchange->server->options;
    if (options->observe != NULL) {
        struct http_observation observation = {
            .method = exchange->request.method,
            .route = exchange->route != NULL ? exchange->route->path : "",
            .status = exchange->reply.status,
            .started_ns = exchange->started_ns,
        };
        options->observe(options->observe_state, exchange, &observation);
    }
}

/* The handler, or what answered in its place, is done. */
static void finish(struct http_exchange *exchange)
{
    if (exchange->reply.state == HTTP_REPLY_NONE) {
        if (exchange->connection != NULL) {
            http_reply_problem_with(exchange, 500, TEXT("no reply was made"), NULL, 0);
        }
    } else if (exchange->reply.state != HTTP_REPLY_ENDED) {
        http_abort(exchange, HTTP2_INTERNAL_ERROR);
    }
    observe(exchange);
    if (exchange->running) {
        exchange->running = false;
        http_load_leave(exchange);
    }
    if (exchange->connection != NULL) {
        exchange->ops->returned(exchange);
    } else {
        give_back(exchange);
    }
}

static void reply_not_allowed(struct http_exchange *exchange, const struct http_route *other)
{
    struct http_header allow = {
        TEXT_INIT("allow"), http_route_allow(exchange->server->routes, other, &exchange->arena)};
    http_reply_problem_with(exchange, 405, TEXT("this method is not served here"), &allow, 1);
}

/* Finds the route, and notes it. */
static struct http_route_match find_route(struct http_exchange *exchange)
{
    struct http_route_match match =
        http_route_find(exchange->server->routes, exchange->request.method, exchange->request.path);
    exchange->route = match.route;
    exchange->rest = match.rest;
    return match;
}

static void run(void *argument)
{
    struct http_exchange *exchange = argument;
    const struct http_server *server = exchange->server;
    struct http_route_match match = find_route(exchange);
    if (match.route != NULL) {
        match.route->handle(match.route->state, exchange);
    } else if (match.other != NULL) {
        reply_not_allowed(exchange, match.other);
    } else if (server->options.fallback != NULL) {
        server->options.fallback(server->options.fallback_state, exchange);
    } else {
        http_reply_problem_with(exchange, 404, TEXT("there is nothing at this address"), NULL, 0);
    }
    finish(exchange);
}

/* false: it is to be served all the same. */
static bool reply_overload(struct http_exchange *exchange, const struct http_overload *overload)
{
    const struct http_server_options *options = &exchange->server->options;
    enum http_overload_answer answer = HTTP_OVERLOAD_PROBLEM;
    exchange->overload = overload;
    (void)find_route(exchange);
    if (options->overloaded != NULL) {
        answer = options->overloaded(options->overloaded_state, exchange, overload);
    }
    if (answer == HTTP_OVERLOAD_PROBLEM) {
        http_reply_problem(exchange,
                           call_fail(&exchange->call, overload->status, "%s", overload->reason));
    }
    exchange->overload = NULL;
    exchange->server->load.refused += answer != HTTP_OVERLOAD_SERVE;
    return answer != HTTP_OVERLOAD_SERVE;
}

/* A request for a host that is not served here gets no further, whatever it is for. */
static void check_host(struct http_exchange *exchange)
{
    const struct http_server_options *options = &exchange->server->options;
    const char *reason = options->misdirected != NULL
                             ? options->misdirected(options->misdirected_state, &exchange->request)
                             : NULL;
    if (reason != NULL) {
        refuse_later(exchange, 421, reason);
    }
}

void http_exchange_begin(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    struct http_overload overload;
    exchange->started = true;
    exchange->started_ns = clock_monotonic_ns();
    if (exchange->refusal == 0) {
        identify(exchange);
        check_host(exchange);
    }
    if (exchange->refusal == 0) {
        if (http_overload_refuses(exchange, &overload) && reply_overload(exchange, &overload)) {
            finish(exchange);
            return;
        }
        exchange->running = true;
        http_load_enter(exchange);
        if (server->exchange_count <= HTTP_EXCHANGES_MAX &&
            fiber_run(server->loop, run, exchange) == STATUS_OK) {
            return;
        }
        exchange->running = false;
        http_load_leave(exchange);
        refuse_later(exchange, 503, "the server is at its limit");
    }
    http_reply_problem_with(exchange, exchange->refusal, text_of(exchange->refusal_reason), NULL,
                            0);
    finish(exchange);
}

void http_exchange_wake_reader(struct http_exchange *exchange)
{
    if (exchange->running) {
        fiber_wait_signal(&exchange->readable);
    }
}

void http_exchange_detach(struct http_exchange *exchange)
{
    list_remove(&exchange->stream_link);
    list_remove(&exchange->ready_link);
    list_remove(&exchange->writer_link);
    list_remove(&exchange->pending_link);
    if (exchange->running) {
        http_load_leave_connection(exchange);
    }
    exchange->connection = NULL;
    if (!exchange->running) {
        give_back(exchange);
    } else if (exchange->reply.state != HTTP_REPLY_ENDED && !exchange->outlasts_peer) {
        cancellation_request(&exchange->cancellation);
    }
}

void http_exchange_outlast_peer(struct http_exchange *exchange)
{
    exchange->outlasts_peer = true;
}

void http_exchange_show_reply(struct http_exchange *exchange,
                              void (*show)(void *state, struct http_exchange *exchange,
                                           const struct http_reply *reply),
                              void *state)
{
    exchange->show_reply = show;
    exchange->show_reply_state = state;
}

const struct http_request *http_exchange_request(const struct http_exchange *exchange)
{
    return &exchange->request;
}

struct call *http_exchange_call(struct http_exchange *exchange)
{
    return &exchange->call;
}

struct text http_exchange_rest(const struct http_exchange *exchange)
{
    return exchange->rest;
}

struct buffer *http_exchange_body(struct http_exchange *exchange, size_t bytes_max)
{
    buffer_clear(&exchange->body);
    exchange->body.bytes_max = bytes_max;
    return &exchange->body;
}

const struct http_route *http_exchange_route(const struct http_exchange *exchange)
{
    return exchange->route;
}

const struct http_overload *http_exchange_overload(const struct http_exchange *exchange)
{
    return exchange->overload;
}

struct loop *http_exchange_loop(const struct http_exchange *exchange)
{
    return exchange->server->loop;
}

int64_t http_exchange_started_ns(const struct http_exchange *exchange)
{
    return exchange->started_ns;
}

int *http_exchange_note(struct http_exchange *exchange)
{
    return &exchange->note;
}
