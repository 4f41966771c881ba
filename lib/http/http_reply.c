/* Making a reply: whole, or in parts. */
#include "http/http_exchange.h"
#include "http/http_headers.h"
#include "http/http_server_private.h"

static void set_length(struct http_exchange_reply *reply, size_t length)
{
    char digits[24];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + length % 10);
        length /= 10;
    } while (length > 0);
    for (size_t i = 0; i < count; i++) {
        reply->length_text[i] = digits[count - 1 - i];
    }
    reply->length_text[count] = '\0';
}

static void start(struct http_exchange *exchange, int status, const struct http_header *headers,
                  size_t header_count)
{
    struct http_exchange_reply *reply = &exchange->reply;
    CHECK(reply->state == HTTP_REPLY_NONE && status >= 200 && status <= 999);
    reply->state = HTTP_REPLY_STARTED;
    reply->status = status;
    reply->status_text[0] = (char)('0' + status / 100);
    reply->status_text[1] = (char)('0' + status / 10 % 10);
    reply->status_text[2] = (char)('0' + status % 10);
    reply->headers = headers;
    reply->header_count = header_count;
    reply->without_body =
        status == 204 || status == 304 || text_equal(exchange->request.method, TEXT("HEAD"));
}

struct text http_reply_cache_control(const struct http_exchange *exchange)
{
    const struct http_exchange_reply *reply = &exchange->reply;
    struct text caching = exchange->server->options.cache_control;
    struct text method = exchange->request.method;
    bool may_be_kept = text_equal(method, TEXT("GET")) || text_equal(method, TEXT("HEAD"));
    if (caching.length == 0 || !may_be_kept ||
        http_header_find(reply->headers, reply->header_count, TEXT("cache-control")).data != NULL) {
        return (struct text){NULL, 0};
    }
    return caching;
}

/* Better no words than words that an outsider put there. */
static void start_checked(struct http_exchange *exchange, int status,
                          const struct http_header *headers, size_t header_count)
{
    if (http_headers_are_sendable(headers, header_count)) {
        start(exchange, status, headers, header_count);
    } else {
        start(exchange, 500, NULL, 0);
    }
}

/* false: nobody is there to reply to. */
static bool is_heard(struct http_exchange *exchange)
{
    struct http_exchange_reply *reply = &exchange->reply;
    if (exchange->connection == NULL) {
        if (reply->state != HTTP_REPLY_SENT) {
            reply->status = 0;
        }
        reply->state = HTTP_REPLY_ENDED;
        return false;
    }
    return true;
}

static void send_whole(struct http_exchange *exchange, struct text body)
{
    struct http_exchange_reply *reply = &exchange->reply;
    if (!is_heard(exchange)) {
        return;
    }
    if (reply->trailer_count == 0) {
        set_length(reply, body.length);
    }
    reply->is_whole = true;
    reply->complete = true;
    reply->whole = reply->without_body ? (struct text){NULL, 0} : body;
    reply->state = HTTP_REPLY_ENDED;
    exchange->ops->send_head(exchange);
}

void http_reply(struct http_exchange *exchange, const struct http_reply *reply)
{
    bool has_trailers = reply->trailer_count > 0 && exchange->request.version == 2;
    if (exchange->show_reply != NULL) {
        exchange->show_reply(exchange->show_reply_state, exchange, reply);
    }
    if (reply->is_constant) {
        start(exchange, reply->status, reply->headers, reply->header_count);
    } else {
        start_checked(exchange, reply->status, reply->headers, reply->header_count);
        has_trailers =
            has_trailers && http_headers_are_sendable(reply->trailers, reply->trailer_count);
    }
    if (has_trailers) {
        exchange->reply.trailers = reply->trailers;
        exchange->reply.trailer_count = reply->trailer_count;
    }
    send_whole(exchange, reply->body);
}

void http_reply_start(struct http_exchange *exchange, int status, const struct http_header *headers,
                      size_t header_count)
{
    /* The array is the caller's, and the headers are sent later. */
    struct http_header *copy = arena_alloc(&exchange->arena, (header_count + 1) * sizeof(*copy));
    if (copy == NULL) {
        start(exchange, 500, NULL, 0);
        return;
    }
    if (header_count > 0) {
        memcpy(copy, headers, header_count * sizeof(*copy));
    }
    start_checked(exchange, status, copy, header_count);
}

/* CANCELLED: nobody listens; OK: the head is sent. Without a body, that is all there is, though the
 * handler goes on writing one. */
static enum status send_head(struct http_exchange *exchange)
{
    struct http_exchange_reply *reply = &exchange->reply;
    if (reply->is_head_all) {
        return STATUS_OK;
    }
    if (reply->state == HTTP_REPLY_ENDED || !is_heard(exchange)) {
        return STATUS_CANCELLED;
    }
    CHECK(reply->state != HTTP_REPLY_NONE);
    if (reply->state == HTTP_REPLY_STARTED) {
        reply->is_head_all = reply->without_body;
        reply->state = reply->without_body ? HTTP_REPLY_ENDED : HTTP_REPLY_SENT;
        exchange->ops->send_head(exchange);
    }
    return exchange->connection != NULL ? STATUS_OK : STATUS_CANCELLED;
}

static enum status wait_for_room(struct http_exchange *exchange)
{
    while (exchange->connection != NULL && exchange->ops->must_wait(exchange)) {
        enum status status = fiber_wait(&exchange->call, &exchange->writable);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return exchange->connection != NULL ? STATUS_OK : STATUS_CANCELLED;
}

enum status http_write(struct http_exchange *exchange, struct text part)
{
    enum status status = send_head(exchange);
    if (status != STATUS_OK || exchange->reply.without_body) {
        return status;
    }
    do {
        size_t taken = exchange->ops->send_part(exchange, part);
        part = text_slice(part, taken, part.length);
        status = wait_for_room(exchange);
    } while (status == STATUS_OK && part.length > 0);
    return status;
}

enum status http_flush(struct http_exchange *exchange)
{
    return send_head(exchange);
}

void http_finish(struct http_exchange *exchange, const struct http_header *trailers,
                 size_t trailer_count)
{
    struct http_exchange_reply *reply = &exchange->reply;
    if (reply->state == HTTP_REPLY_ENDED) {
        return;
    }
    CHECK(reply->state != HTTP_REPLY_NONE);
    if (!is_heard(exchange)) {
        return;
    }
    if (!http_headers_are_sendable(trailers, trailer_count)) {
        trailer_count = 0;
    }
    if (reply->state == HTTP_REPLY_STARTED && trailer_count == 0) {
        send_whole(exchange, (struct text){NULL, 0});
        return;
    }
    struct http_header *copy = arena_alloc(&exchange->arena, (trailer_count + 1) * sizeof(*copy));
    if (copy == NULL) {
        http_abort(exchange, HTTP2_INTERNAL_ERROR);
        return;
    }
    if (trailer_count > 0) {
        memcpy(copy, trailers, trailer_count * sizeof(*copy));
    }
    reply->trailers = copy;
    reply->trailer_count = trailer_count;
    reply->complete = true;
    bool is_head_sent = reply->state == HTTP_REPLY_SENT;
    reply->state = HTTP_REPLY_ENDED;
    if (is_head_sent) {
        exchange->ops->send_end(exchange);
    } else {
        exchange->ops->send_head(exchange);
    }
}

void http_abort(struct http_exchange *exchange, uint32_t http2_error_code)
{
    if (exchange->reply.state == HTTP_REPLY_NONE) {
        exchange->reply.status = 0;
    }
    exchange->reply.state = HTTP_REPLY_ENDED;
    if (exchange->connection != NULL) {
        exchange->ops->abort(exchange, http2_error_code);
    }
}
