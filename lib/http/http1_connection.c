#include "http/http1_connection.h"

#include <stdlib.h>

#include "base/clock.h"
#include "http/http1_private.h"
#include "http/http_server_private.h"

static int64_t now_ns(const struct http1_connection *http1)
{
    return loop_now_ns(http1->connection->server->loop);
}

static bool open_connection(struct http_connection *connection)
{
    struct http1_connection *http1 = calloc(1, sizeof(*http1));
    if (http1 == NULL) {
        return false;
    }
    http1->connection = connection;
    http1->keep_alive = true;
    http1->idle_since_ns = now_ns(http1);
    /* A read is taken whole; reading stops when this much is there. */
    buffer_init(&http1->input, 8 * (size_t)HTTP1_INPUT_BYTES_MAX);
    connection->state = http1;
    return true;
}

static void take_head(struct http1_connection *http1, const struct http1_head *head)
{
    struct http_exchange *exchange = http1->exchange;
    struct http_request *request = &exchange->request;
    http1->minor_version = head->minor_version;
    http1->keep_alive = head->keep_alive && !http1->connection->draining;
    http1->chunked = (struct http1_chunked){.state = HTTP1_CHUNK_SIZE};
    http1->body_left = (uint64_t)head->content_length;
    http1->body_kind = head->is_chunked           ? HTTP1_BODY_CHUNKED
                       : head->content_length > 0 ? HTTP1_BODY_LENGTH
                                                  : HTTP1_BODY_NONE;
    exchange->body_ended = http1->body_kind == HTTP1_BODY_NONE;
    request->method = head->method;
    request->authority = head->authority;
    http_exchange_set_target(exchange, head->target);
    for (size_t i = 0; i < head->header_count; i++) {
        const struct http_header *header = &head->headers[i];
        http_exchange_note_header(exchange, hpack_token_of(header->name), header->value);
        http_exchange_add_header(exchange, header->name, header->value);
    }
    exchange->expects_continue = head->expects_continue && !exchange->body_ended;
}

static void refuse(struct http1_connection *http1, const struct http1_refusal *refusal)
{
    http1->keep_alive = false;
    http1->minor_version = 1;
    http1->body_kind = HTTP1_BODY_NONE;
    http1->pending = (struct text){NULL, 0};
    http_exchange_refuse(http1->exchange, refusal->status, refusal->reason);
}

/* Makes an exchange of a head, or of what is wrong with it. false: no memory, or it is no HTTP. */
static bool begin_request(struct http1_connection *http1, enum http1_result result, size_t length,
                          struct http1_refusal refusal)
{
    struct http_exchange *exchange = http_exchange_take(http1->connection, &http1_exchange_ops);
    if (exchange == NULL) {
        return false;
    }
    http1->exchange = exchange;
    http1->scan = (struct http1_scan){.offset = 0};
    http1->head_since_ns = 0;
    exchange->request.version = 1;
    if (result == HTTP1_DONE) {
        struct http1_head head;
        char *copy = arena_alloc(&exchange->arena, length);
        if (copy == NULL) {
            return false; /* given back when the connection closes */
        }
        memcpy(copy, http1->pending.data, length);
        http1->pending = text_slice(http1->pending, length, http1->pending.length);
        result = http1_parse(copy, length, &head, &refusal);
        if (result == HTTP1_DONE) {
            take_head(http1, &head);
            http1_take_body(http1);
        }
    }
    if (result == HTTP1_FOREIGN) {
        return false;
    }
    if (result == HTTP1_REFUSED) {
        refuse(http1, &refusal);
    }
    http_exchange_begin(exchange);
    return true;
}

/* Nothing can be made of what comes. Replies to what came before still go out. */
static void hang_up(struct http1_connection *http1)
{
    struct http_exchange *exchange = http1->exchange;
    if (http_output_waiting(&http1->connection->output) == 0) {
        http_connection_close(http1->connection);
        return;
    }
    http1->exchange = NULL;
    http1->closing = true;
    http1->pending = (struct text){NULL, 0};
    if (exchange != NULL) {
        http_exchange_detach(exchange);
    }
}

/* false: there is nothing to begin. */
static bool next_request(struct http1_connection *http1)
{
    struct http1_refusal refusal = {0, NULL};
    size_t length = 0;
    if (http1->pending.length == 0) {
        return false;
    }
    enum http1_result result = http1_scan(&http1->scan, http1->pending, &length, &refusal);
    if (result == HTTP1_MORE) {
        if (http1->head_since_ns == 0) {
            http1->head_since_ns = now_ns(http1);
            http_connection_watch(http1->connection);
        }
        return false;
    }
    if (!begin_request(http1, result, length, refusal)) {
        hang_up(http1);
        return false;
    }
    return true;
}

static bool is_over(const struct http_exchange *exchange)
{
    return !exchange->running && exchange->reply.state == HTTP_REPLY_ENDED &&
           exchange->reply.whole.length == 0;
}

/* The exchange is over: what becomes of the connection? */
static void end_exchange(struct http1_connection *http1)
{
    struct http_exchange *exchange = http1->exchange;
    http1->exchange = NULL;
    http1->idle_since_ns = now_ns(http1);
    http1->closing |= !http1->keep_alive || http1->connection->draining;
    http1->discarding = !http1->closing && http1->body_kind != HTTP1_BODY_NONE;
    http1->discarded_bytes = 0;
    http_exchange_detach(exchange);
}

/* One step on; false: nothing can be done now. */
static bool step(struct http1_connection *http1)
{
    if (http1->connection->transport == NULL) {
        return false;
    }
    if (http1->exchange != NULL) {
        if (!is_over(http1->exchange)) {
            http1_take_body(http1);
            return false;
        }
        end_exchange(http1);
        return true;
    }
    if (http1->closing) {
        http1->pending = (struct text){NULL, 0};
        return false;
    }
    if (http1->discarding) {
        http1_discard_body(http1);
        return !http1->discarding;
    }
    return !http1->connection->output.blocked && next_request(http1);
}

static void advance(struct http1_connection *http1)
{
    if (http1->advancing) {
        return;
    }
    http1->advancing = true;
    while (step(http1)) {
    }
    http1->advancing = false;
    http1_settle(http1);
    /* While it lingers nothing is left to send: scheduled, it would fill, and advance, each turn.
     */
    bool is_last = http1->closing && !http1->lingering && http1->exchange == NULL;
    if (http1->connection->transport != NULL && is_last) {
        http_output_schedule(&http1->connection->output);
    }
}

static void received(struct http_connection *connection, struct text bytes)
{
    struct http1_connection *http1 = connection->state;
    if (http1->lingering || http1->closing) {
        return; /* only its end is waited for */
    }
    if (http1->input.length == 0) {
        http1->pending = bytes;
    } else if (buffer_append(&http1->input, bytes)) {
        http1->pending = buffer_text(&http1->input);
    } else {
        http_connection_close(connection);
        return;
    }
    advance(http1);
}

static void fill(struct http_connection *connection)
{
    struct http1_connection *http1 = connection->state;
    if (http1->exchange != NULL) {
        http1_move_whole(http1);
    }
    advance(http1);
}

/* All is written. Closing now could make the peer lose it, if something of its request is unread.
 */
static void linger(struct http1_connection *http1)
{
    struct http_connection *connection = http1->connection;
    struct http_transport *transport = connection->transport;
    if (http1->broken_off && (http1->ended || transport->security != NULL)) {
        http_connection_close(connection);
        return;
    }
    if (http1->ended) {
        http_connection_finish(connection);
        return;
    }
    http1->lingering = true;
    http1->linger_since_ns = now_ns(http1);
    transport->ops->shutdown(transport->state);
    http_connection_watch(connection);
}

static void flushed(struct http_connection *connection)
{
    struct http1_connection *http1 = connection->state;
    size_t waiting = http_output_waiting(&connection->output);
    if (http1->writer_waits && waiting < HTTP_OUTPUT_BYTES_MAX) {
        http1->writer_waits = false;
        fiber_wait_signal(&http1->exchange->writable);
    }
    if (http1->closing && !http1->lingering && waiting == 0 && http1->exchange == NULL) {
        linger(http1);
    }
}

static void ended(struct http_connection *connection)
{
    struct http1_connection *http1 = connection->state;
    bool is_wanted = http1->exchange != NULL ? http1->exchange->reply.state == HTTP_REPLY_ENDED
                                             : http_output_waiting(&connection->output) > 0;
    http1->ended = true;
    if (http1->exchange == NULL && !is_wanted) {
        http_connection_finish(connection);
        return;
    }
    if (http1->lingering || !is_wanted) {
        http_connection_close(connection);
        return;
    }
    http1->keep_alive = false; /* the reply goes out, then that is all */
    http1->closing = true;
}

static void drain(struct http_connection *connection)
{
    struct http1_connection *http1 = connection->state;
    http1->keep_alive = false;
    if (http1->exchange == NULL && !http1->lingering) {
        http1->closing = true;
        http_output_schedule(&connection->output);
    }
}

static bool is_drained(const struct http_connection *connection)
{
    (void)connection; /* what runs and what waits to be written is counted elsewhere */
    return true;
}

static bool is_idle(const struct http_connection *connection)
{
    const struct http1_connection *http1 = connection->state;
    return http1->exchange == NULL && !http1->discarding;
}

static int64_t due_ns(const struct http_connection *connection)
{
    const struct http1_connection *http1 = connection->state;
    const struct http_server *server = connection->server;
    if (http1->lingering) {
        return http1->linger_since_ns + HTTP1_LINGER_MS * CLOCK_NS_PER_MS;
    }
    if (http1->exchange != NULL) {
        return INT64_MAX;
    }
    if (http1->discarding) {
        return connection->active_ns + server->body_timeout_ms * CLOCK_NS_PER_MS;
    }
    if (http1->head_since_ns != 0) {
        return http1->head_since_ns + server->header_timeout_ms * CLOCK_NS_PER_MS;
    }
    return http1->idle_since_ns + server->idle_timeout_ms * CLOCK_NS_PER_MS;
}

static void expire(struct http_connection *connection)
{
    struct http1_connection *http1 = connection->state;
    struct http1_refusal refusal = {408, "the request came too slowly"};
    bool is_head = http1->head_since_ns != 0 && !http1->lingering && !http1->discarding;
    if (!is_head || !begin_request(http1, HTTP1_REFUSED, 0, refusal)) {
        http_connection_close(connection);
        return;
    }
    advance(http1);
}

static void close_connection(struct http_connection *connection)
{
    struct http1_connection *http1 = connection->state;
    struct http_exchange *exchange = http1->exchange;
    http1->exchange = NULL;
    http1->writer_waits = false;
    http1->pending = (struct text){NULL, 0};
    buffer_deinit(&http1->input);
    if (exchange != NULL) {
        http_exchange_detach(exchange);
    }
}

const struct http_protocol http1_protocol = {
    .open = open_connection,
    .received = received,
    .ended = ended,
    .fill = fill,
    .flushed = flushed,
    .drain = drain,
    .is_drained = is_drained,
    .is_idle = is_idle,
    .due_ns = due_ns,
    .expire = expire,
    .close = close_connection,
};
