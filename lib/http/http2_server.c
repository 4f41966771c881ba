/* Receiving requests over HTTP/2. */
#include "http/http2_server.h"

#include <stdlib.h>

#include "base/clock.h"
#include "http/http2_memory.h"
#include "http/http2_server_private.h"
#include "http/http_server_private.h"

static const uint8_t drain_ping[8] = {'d', 'r', 'a', 'i', 'n'};

static int64_t now_ns(const struct http_connection *connection)
{
    return loop_now_ns(connection->server->loop);
}

static struct http_exchange *exchange_of(nghttp2_session *session, int32_t stream_id)
{
    return nghttp2_session_get_stream_user_data(session, stream_id);
}

/* Unless the client wants it otherwise, replies go out frame by frame in turn: a small one does not
 * wait for a large one (RFC 9218 section 10). */
static void share_connection(nghttp2_session *session, int32_t stream_id)
{
    static const nghttp2_extpri in_turn = {.urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY, .inc = 1};
    (void)nghttp2_session_change_extpri_stream_priority(session, stream_id, &in_turn, 0);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct http_connection *connection = user_data;
    struct http2_connection *http2 = connection->state;
    http2->block_since_ns = now_ns(connection);
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        http2->block = exchange_of(session, frame->hd.stream_id);
        return 0;
    }
    http2->block = NULL;
    struct http_exchange *exchange = NULL;
    if (!http2_has_too_many_leaving(connection)) {
        exchange = http_exchange_take(connection, &http2_exchange_ops);
    }
    if (exchange == NULL) {
        (void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                        NGHTTP2_REFUSED_STREAM);
        return 0;
    }
    exchange->stream_id = frame->hd.stream_id;
    exchange->request.version = 2;
    list_append(&http2->streams, &exchange->stream_link);
    http2->block = exchange;
    (void)nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, exchange);
    share_connection(session, frame->hd.stream_id);
    return 0;
}

/* Others than these say nothing here. */
static void set_pseudo_header(struct http_exchange *exchange, struct text name, struct text value)
{
    if (text_equal(name, TEXT(":path"))) {
        http_exchange_set_target(exchange, value);
    } else if (text_equal(name, TEXT(":method"))) {
        exchange->request.method = value;
    } else if (text_equal(name, TEXT(":authority"))) {
        exchange->request.authority = value;
    }
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags,
                     void *user_data)
{
    (void)session;
    (void)flags;
    const struct http_connection *connection = user_data;
    const struct http2_connection *http2 = connection->state;
    struct http_exchange *exchange = http2->block;
    if (exchange == NULL) {
        return 0;
    }
    if (!http_exchange_admit_header(exchange, name_length, value_length)) {
        return exchange->header_list_bytes > HTTP2_HEADER_BLOCK_BYTES_MAX
                   ? NGHTTP2_ERR_CALLBACK_FAILURE
                   : 0;
    }
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0; /* trailers of a request mean nothing here */
    }
    char *copy = arena_alloc(&exchange->arena, name_length + value_length);
    if (copy == NULL) {
        http_exchange_refuse(exchange, 503, "no memory for the request's headers");
        return 0;
    }
    memcpy(copy, name, name_length);
    if (value_length > 0) {
        memcpy(copy + name_length, value, value_length);
    }
    struct text name_text = {copy, name_length};
    struct text value_text = {copy + name_length, value_length};
    if (name_length > 0 && copy[0] == ':') {
        set_pseudo_header(exchange, name_text, value_text);
    } else {
        http_exchange_add_header(exchange, name_text, value_text);
    }
    return 0;
}

static void end_body(struct http_exchange *exchange)
{
    exchange->body_ended = true;
    http_exchange_wake_reader(exchange);
}

static void complete_request(struct http2_connection *http2, struct http_exchange *exchange)
{
    struct http_request *request = &exchange->request;
    if (request->authority.length == 0) {
        request->authority =
            http_header_find(request->headers, request->header_count, TEXT("host"));
    }
    if (request->path.length == 0) {
        http_exchange_refuse(exchange, 501, "CONNECT is not served");
    }
    list_append(&http2->ready, &exchange->ready_link);
}

/* Between the two GOAWAYs of a drain. */
static bool is_noticed(const struct http2_connection *http2)
{
    return http2->notice_ns != 0 && !http2->terminated;
}

/* The second and last GOAWAY: whatever the peer had under way when it read the first has come. */
static void drained_notice(struct http2_connection *http2)
{
    if (is_noticed(http2)) {
        const char *word = http2->connection->farewell;
        http2->terminated = true;
        http2->idle_since_ns = now_ns(http2->connection);
        (void)nghttp2_submit_goaway(http2->session, NGHTTP2_FLAG_NONE,
                                    nghttp2_session_get_last_proc_stream_id(http2->session),
                                    NGHTTP2_NO_ERROR, (const uint8_t *)word, strlen(word));
    }
}

static void count_ping(struct http_connection *connection)
{
    static const char word[] = "too_many_pings"; /* gRFC A8 */
    struct http2_connection *http2 = connection->state;
    bool has_calls = !list_is_empty(&http2->streams);
    if (!http2_server_keepalive_pinged(&http2->keepalive, connection->server, has_calls,
                                       now_ns(connection)) &&
        !http2->terminated) {
        http2->terminated = true;
        (void)nghttp2_submit_goaway(http2->session, NGHTTP2_FLAG_NONE,
                                    nghttp2_session_get_last_proc_stream_id(http2->session),
                                    NGHTTP2_ENHANCE_YOUR_CALM, (const uint8_t *)word,
                                    sizeof(word) - 1);
        (void)nghttp2_session_terminate_session(http2->session, NGHTTP2_ENHANCE_YOUR_CALM);
    }
}

static int on_frame_received(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct http_connection *connection = user_data;
    struct http2_connection *http2 = connection->state;
    if (frame->hd.type == NGHTTP2_SETTINGS) {
        http2->settled = true;
    } else if (frame->hd.type == NGHTTP2_PING) {
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
            count_ping(connection);
        } else if (memcmp(frame->ping.opaque_data, drain_ping, sizeof(drain_ping)) == 0) {
            drained_notice(http2);
        }
    } else if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) {
        struct http_exchange *exchange = exchange_of(session, frame->hd.stream_id);
        bool is_headers = frame->hd.type == NGHTTP2_HEADERS;
        if (is_headers) {
            http2->block_since_ns = 0;
        }
        if (exchange == NULL) {
            return 0;
        }
        if (is_headers && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
            complete_request(http2, exchange);
        }
        if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
            end_body(exchange);
        }
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data,
                   size_t length, void *user_data)
{
    (void)flags;
    (void)user_data;
    struct http_exchange *exchange = exchange_of(session, stream_id);
    /* The connection's window is for all streams: one that is not read must not stop the others. */
    if (nghttp2_session_consume_connection(session, length) != 0) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    bool is_wanted = exchange != NULL && (exchange->running || !exchange->started);
    if (!is_wanted) {
        (void)nghttp2_session_consume_stream(session, stream_id, length);
    } else if (!buffer_append(&exchange->input, text_of_bytes(data, length))) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    } else {
        http_exchange_wake_reader(exchange);
    }
    return 0;
}

static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error,
                            void *user_data)
{
    (void)session;
    (void)frame;
    (void)error;
    struct http_connection *connection = user_data;
    struct http2_connection *http2 = connection->state;
    http2->block_since_ns = 0;
    http2_strike(connection);
    return 0;
}

/* A reply that is complete before the request is: the peer need not send the rest (RFC 9113 section
 * 8.1). Submitted before the last frame has left, the reset would overtake it. */
static void stop_request(nghttp2_session *session, const nghttp2_frame *frame)
{
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
        nghttp2_session_get_stream_remote_close(session, frame->hd.stream_id) == 0) {
        (void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                        NGHTTP2_NO_ERROR);
    }
}

/* nghttp2 sends pings before all else: submitted together with the notice, its answer would not
 * say that the notice was read. */
static void follow_notice(struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    if (is_noticed(http2)) {
        (void)nghttp2_submit_ping(http2->session, NGHTTP2_FLAG_NONE, drain_ping);
    }
}

static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) {
        const struct http_connection *connection = user_data;
        struct http2_connection *http2 = connection->state;
        if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
            http2_budget_give(&http2->budget, HTTP2_COST_RESET, HTTP2_RESETS_A_REPLY);
        }
        http2_server_keepalive_sent(&http2->keepalive);
        stop_request(session, frame);
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
        follow_notice(user_data);
    } else if (frame->hd.type == NGHTTP2_RST_STREAM) {
        uint32_t code = frame->rst_stream.error_code;
        if (code != NGHTTP2_NO_ERROR && code != NGHTTP2_CANCEL && code != NGHTTP2_INTERNAL_ERROR) {
            http2_strike(user_data);
        }
    }
    return 0;
}

static int on_stream_closed(nghttp2_session *session, int32_t stream_id, uint32_t error_code,
                            void *user_data)
{
    (void)error_code;
    struct http_connection *connection = user_data;
    struct http2_connection *http2 = connection->state;
    struct http_exchange *exchange = exchange_of(session, stream_id);
    if (exchange != NULL) {
        http2->block = http2->block != exchange ? http2->block : NULL;
        http2->waiting_bytes -= exchange->output.length - exchange->output_sent;
        buffer_clear(&exchange->output);
        exchange->output_sent = 0;
        if (exchange->running) {
            list_append(&http2->leaving, &exchange->leaving_link);
        }
        http_exchange_detach(exchange);
        if (list_is_empty(&http2->streams)) {
            http2->idle_since_ns = now_ns(connection);
        }
    }
    return 0;
}

static nghttp2_session_callbacks *create_callbacks(void)
{
    nghttp2_session_callbacks *callbacks;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        return NULL;
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_received);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_closed);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, http2_send_reply_data);
    return callbacks;
}

static bool send_settings(struct http_connection *connection, nghttp2_session *session)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, connection->server->streams_max},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, HTTP2_SERVER_WINDOW_BYTES},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP_HEADER_LIST_BYTES_MAX},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    return nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, ARRAY_LENGTH(settings)) ==
               0 &&
           nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                                 HTTP2_CONNECTION_WINDOW_BYTES) == 0;
}

static bool open_session(struct http_connection *connection)
{
    struct http2_connection *http2 = calloc(1, sizeof(*http2));
    nghttp2_session_callbacks *callbacks = create_callbacks();
    nghttp2_option *option = http2_options_create();
    bool done = false;
    if (http2 != NULL && callbacks != NULL && option != NULL) {
        done = nghttp2_session_server_new3(&http2->session, callbacks, connection, option,
                                           http2_memory_functions(connection->server->memory)) == 0;
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    if (!done) {
        free(http2);
        return false;
    }
    http2->connection = connection;
    http2->idle_since_ns = now_ns(connection);
    list_init(&http2->streams);
    list_init(&http2->ready);
    list_init(&http2->writers);
    list_init(&http2->pending);
    list_init(&http2->leaving);
    http2_watch_init(&http2->watch, &http2->budget);
    connection->state = http2;
    if (!send_settings(connection, http2->session)) {
        nghttp2_session_del(http2->session);
        free(http2);
        connection->state = NULL;
        return false;
    }
    return true;
}

static void start_ready(struct http2_connection *http2)
{
    struct list *link;
    while ((link = list_take_first(&http2->ready)) != NULL) {
        http_exchange_begin(CONTAINER_OF(link, struct http_exchange, ready_link));
    }
}

static void received(struct http_connection *connection, struct text bytes)
{
    struct http2_connection *http2 = connection->state;
    const uint8_t *data = (const uint8_t *)bytes.data;
    size_t length = bytes.length;
    if (http2->blamed) {
        return; /* only its end is waited for */
    }
    http2_server_keepalive_received(&http2->keepalive);
    uint32_t error_code = http2_watch_bytes(&http2->watch, bytes, now_ns(connection), &length);
    if (nghttp2_session_mem_recv(http2->session, data, length) < 0) {
        error_code = NGHTTP2_ENHANCE_YOUR_CALM;
    }
    if (error_code != NGHTTP2_NO_ERROR) {
        http2_blame(connection, error_code);
    }
    if (!http2->blamed) {
        start_ready(http2);
    }
    if (http2->block_since_ns != 0 || !http2->settled || http2->blamed) {
        http_connection_watch(connection);
    }
    http_output_schedule(&connection->output);
    /* Handlers that have not parked are done. Sent now, their exchanges serve the next connection,
     * while they are in the cache; by the end of the turn there can be thousands. */
    http_output_flush(&connection->output);
}

static void fill(struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    if (!http2_gather(http2->session, connection->server->memory, &connection->output)) {
        http_connection_close(connection);
    }
}

static void flushed(struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    if (!http2->lingering) {
        http2_wake_writers(http2);
    }
    if (!list_is_empty(&http2->pending) || http2->blamed) {
        http_connection_watch(connection);
        if (connection->transport == NULL) {
            return;
        }
    }
    if (http_output_waiting(&connection->output) > 0 || nghttp2_session_want_read(http2->session) ||
        nghttp2_session_want_write(http2->session)) {
        return;
    }
    if (http2->blamed) {
        http2_linger(connection);
    } else {
        http_connection_part(connection);
    }
}

static void drain(struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    http2->notice_ns = now_ns(connection);
    (void)nghttp2_submit_shutdown_notice(http2->session);
    http_output_schedule(&connection->output);
    http_connection_watch(connection);
}

static bool is_drained(const struct http_connection *connection)
{
    const struct http2_connection *http2 = connection->state;
    return http2->terminated && !nghttp2_session_want_write(http2->session);
}

static bool is_idle(const struct http_connection *connection)
{
    const struct http2_connection *http2 = connection->state;
    return list_is_empty(&http2->streams);
}

static int64_t due_ns(const struct http_connection *connection)
{
    const struct http2_connection *http2 = connection->state;
    const struct http_server *server = connection->server;
    if (http2->blamed) {
        return http2->blamed_ns + HTTP2_LINGER_MS * CLOCK_NS_PER_MS;
    }
    int64_t due = http2_pending_due_ns(connection);
    if (list_is_empty(&http2->streams) && !is_noticed(http2)) {
        due = http2->idle_since_ns + server->idle_timeout_ms * CLOCK_NS_PER_MS;
    }
    int64_t since = http2->settled ? http2->block_since_ns : connection->opened_ns;
    if (since != 0 && since + server->header_timeout_ms * CLOCK_NS_PER_MS < due) {
        due = since + server->header_timeout_ms * CLOCK_NS_PER_MS;
    }
    if (is_noticed(http2) && http2->notice_ns + HTTP_DRAIN_ACK_MS * CLOCK_NS_PER_MS < due) {
        due = http2->notice_ns + HTTP_DRAIN_ACK_MS * CLOCK_NS_PER_MS;
    }
    int64_t alive_due =
        http2_server_keepalive_due_ns(&http2->keepalive, server, connection->active_ns);
    return due < alive_due ? due : alive_due;
}

/* Looks after the client's life. false: something else is due. */
static bool keep_alive(struct http_connection *connection)
{
    static const uint8_t alive_ping[8] = {'a', 'l', 'i', 'v', 'e'};
    struct http2_connection *http2 = connection->state;
    switch (http2_server_keepalive_expire(&http2->keepalive, connection->server,
                                          connection->active_ns, now_ns(connection))) {
    case HTTP2_SERVER_KEEPALIVE_CLOSE:
        http_connection_close(connection);
        return true;
    case HTTP2_SERVER_KEEPALIVE_PING:
        (void)nghttp2_submit_ping(http2->session, NGHTTP2_FLAG_NONE, alive_ping);
        http_output_schedule(&connection->output);
        return true;
    case HTTP2_SERVER_KEEPALIVE_WAIT:
    default:
        return false;
    }
}

/* Settled and without a call for too long: it may have one under way. */
static bool is_unused(const struct http_connection *connection)
{
    const struct http2_connection *http2 = connection->state;
    int64_t idle_ns = connection->server->idle_timeout_ms * CLOCK_NS_PER_MS;
    return list_is_empty(&http2->streams) && http2->settled && http2->block_since_ns == 0 &&
           !http2->terminated && http2->idle_since_ns + idle_ns <= now_ns(connection);
}

static void expire(struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    if (keep_alive(connection)) {
        return;
    }
    if (http2_pending_due_ns(connection) <= now_ns(connection) && !http2->blamed) {
        http2_blame(connection, NGHTTP2_ENHANCE_YOUR_CALM);
    } else if (is_noticed(http2)) {
        drained_notice(http2);
    } else if (is_unused(connection)) {
        connection->farewell = "max_idle"; /* gRFC A9 */
        http_connection_drain(connection);
    } else if (!http2->terminated) {
        http2->terminated = true;
        http2->settled = true;
        http2->block_since_ns = 0;
        http2->idle_since_ns = now_ns(connection);
        (void)nghttp2_session_terminate_session(http2->session, NGHTTP2_NO_ERROR);
    } else {
        http_connection_close(connection);
        return;
    }
    http_output_schedule(&connection->output);
}

static void close_session(struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    http2_let_go_of_streams(http2);
    while (list_take_first(&http2->leaving) != NULL) {
    }
    nghttp2_session_del(http2->session);
    http2->session = NULL;
}

const struct http_protocol http2_protocol = {
    .open = open_session,
    .received = received,
    .ended = http_connection_close,
    .fill = fill,
    .flushed = flushed,
    .drain = drain,
    .is_drained = is_drained,
    .is_idle = is_idle,
    .due_ns = due_ns,
    .expire = expire,
    .close = close_session,
};
