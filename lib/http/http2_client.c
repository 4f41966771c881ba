#include "http/http2_client.h"

#include <stdlib.h>

#include "http/http2_client_private.h"
#include "http/tcp_connect.h"
#include "http/tcp_transport.h"
#include "http/tls.h"

static void tell_refusing(struct http2_client *client)
{
    if (!client->has_told_refusing) {
        client->has_told_refusing = true;
        if (client->events.refusing != NULL) {
            client->events.refusing(client->events.state);
        }
    }
}

/* Ends every request and lets the transport go. */
static void shut(struct http2_client *client)
{
    struct http_transport *transport = client->transport;
    client->transport = NULL;
    client->refusing = true;
    http2_keepalive_end(client);
    while (!list_is_empty(&client->requests)) {
        struct http2_request *request =
            CONTAINER_OF(client->requests.next, struct http2_request, link);
        http2_request_end(
            request, http2_request_was_sent(request) ? HTTP2_CONNECTION_LOST : HTTP2_NOT_SENT, 0);
    }
    struct list *link;
    while ((link = list_take_first(&client->ended)) != NULL) {
        CONTAINER_OF(link, struct http2_request, link)->client = NULL;
    }
    http2_session_deinit(&client->session);
    transport->ops->shutdown(transport->state); /* what was cut off the frames tell */
    transport->ops->close(transport->state);
    http_output_retire(&client->output);
}

void http2_client_close(struct http2_client *client)
{
    if (client->transport == NULL) {
        return;
    }
    shut(client);
    tell_refusing(client);
    if (client->events.closed != NULL) {
        client->events.closed(client->events.state);
    }
}

static void on_received(void *state, struct text bytes)
{
    struct http2_client *client = state;
    client->received_ns = loop_now_ns(client->loop);
    client->asked = false;
    http2_session_receive(&client->session, bytes, client->received_ns);
    if (client->session.settled && !client->has_told_settled) {
        client->has_told_settled = true;
        if (client->events.settled != NULL) {
            client->events.settled(client->events.state);
        }
    }
    if (client->refusing) {
        tell_refusing(client);
    }
    http_output_schedule(&client->output);
}

static void on_drained(void *state)
{
    struct http2_client *client = state;
    http_output_drained(&client->output);
}

static void on_ended(void *state)
{
    struct http2_client *client = state;
    const struct http_transport *transport = client->transport;
    client->failure = transport->security != NULL ? transport->security->failure : NULL;
    http2_client_close(client);
}

static void on_fill(void *owner)
{
    struct http2_client *client = owner;
    if (!http2_session_fill(&client->session, &client->output.bytes, loop_now_ns(client->loop))) {
        http2_client_close(client);
    }
}

static void on_flushed(void *owner)
{
    struct http2_client *client = owner;
    http2_client_wake_writers(client);
    if (http_output_waiting(&client->output) == 0 && http2_session_is_over(&client->session) &&
        !http2_session_wants_write(&client->session)) {
        http2_client_close(client);
    }
}

static void free_client(struct http2_client *client)
{
    struct list *link;
    while ((link = list_take_first(&client->idle_requests)) != NULL) {
        http2_request_free(CONTAINER_OF(link, struct http2_request, link));
    }
    free(client);
}

static void on_retired(void *owner)
{
    struct http2_client *client = owner;
    client->retired = true;
    if (client->destroyed) {
        free_client(client);
    }
}

static const struct http_output_events output_events = {
    .fill = on_fill,
    .flushed = on_flushed,
    .retired = on_retired,
};

enum status http2_client_over(struct loop *loop, struct http_transport *transport,
                              const struct http2_client_events *events,
                              struct http2_client **ret_client)
{
    static const struct http2_session_options options = {
        .events = &http2_client_session_events,
        .is_client = true,
        .window_bytes = HTTP2_CLIENT_WINDOW_BYTES,
        .connection_window_bytes = HTTP2_CONNECTION_WINDOW_BYTES,
        .header_list_bytes_max = HTTP_HEADER_LIST_BYTES_MAX,
    };
    struct http2_client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        transport->ops->close(transport->state);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    http2_session_init(&client->session, &options);
    client->loop = loop;
    client->transport = transport;
    client->events = *events;
    client->received_ns = loop_now_ns(loop);
    list_init(&client->requests);
    list_init(&client->writers);
    list_init(&client->ended);
    list_init(&client->idle_requests);
    transport->events = (struct http_transport_events){
        .received = on_received,
        .drained = on_drained,
        .ended = on_ended,
        .state = client,
    };
    http_output_init(&client->output, loop, transport, &output_events, client);
    http_output_schedule(&client->output);
    *ret_client = client;
    return STATUS_OK;
}

void http2_client_destroy(struct http2_client *client)
{
    if (client == NULL) {
        return;
    }
    client->destroyed = true;
    if (client->transport != NULL) {
        shut(client);
    } else if (client->retired) {
        free_client(client);
    }
}

bool http2_client_is_usable(const struct http2_client *client)
{
    return client->transport != NULL && !client->refusing &&
           http2_session_can_open(&client->session);
}

bool http2_client_is_ready(const struct http2_client *client)
{
    return http2_client_is_usable(client) &&
           client->request_count < client->session.peer_streams_max;
}

void http2_client_set_common_fields(struct http2_client *client, const struct hpack_field *fields,
                                    size_t count)
{
    hpack_preset_init(&client->common, fields, count);
}

const char *http2_client_failure(const struct http2_client *client)
{
    return client->failure;
}

unsigned http2_client_request_count(const struct http2_client *client)
{
    return client->request_count;
}

static enum status secure(struct loop *loop, struct call *call, struct tls_context *tls,
                          struct text address, struct http_transport **transport)
{
    struct text host;
    uint16_t port;
    enum status status = http_address_split(call, address, &host, &port);
    if (status != STATUS_OK) {
        (*transport)->ops->close((*transport)->state);
        return status;
    }
    return tls_connect(loop, call, tls, *transport, host, TLS_ALPN_HTTP2, transport);
}

enum status http2_client_connect(struct loop *loop, struct call *call, struct text address,
                                 const struct http2_client_events *events,
                                 struct http2_client **ret_client)
{
    return http2_client_connect_tls(loop, call, address, NULL, events, ret_client);
}

enum status http2_client_connect_tls(struct loop *loop, struct call *call, struct text address,
                                     struct tls_context *tls,
                                     const struct http2_client_events *events,
                                     struct http2_client **ret_client)
{
    struct http_transport *transport;
    int fd;
    enum status status = tcp_connect(loop, call, address, &fd);
    if (status != STATUS_OK) {
        return status;
    }
    status = tcp_transport_create(loop, fd, &transport);
    if (status == STATUS_OK && tls != NULL) {
        status = secure(loop, call, tls, address, &transport);
    }
    if (status == STATUS_OK) {
        status = http2_client_over(loop, transport, events, ret_client);
    }
    return status;
}
