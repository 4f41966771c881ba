/* Whether the peer of a client's connection is there still. */
#include "http/http2_client_private.h"

static void start_timer(struct http2_client *client, int64_t due_ns)
{
    /* Without memory for it the next request tries again. */
    status_ignore(loop_timer_start(client->loop, &client->keepalive_timer, due_ns));
}

static bool is_wanted(const struct http2_client *client)
{
    return client->keepalive.time_ns > 0 && client->transport != NULL &&
           (client->keepalive.without_requests || client->request_count > 0);
}

static int64_t silent_until_ns(const struct http2_client *client)
{
    return client->keepalive.time_ns > INT64_MAX - client->received_ns
               ? INT64_MAX
               : client->received_ns + client->keepalive.time_ns;
}

static void ask(struct http2_client *client, int64_t now_ns)
{
    static const uint8_t opaque[HTTP2_PING_BYTES] = {'a', 'l', 'i', 'v', 'e'};
    start_timer(client, now_ns + client->keepalive.timeout_ns);
    client->asked = true;
    http2_session_ping(&client->session, opaque);
    http_output_schedule(&client->output);
}

static void on_timer(struct loop_timer *timer)
{
    struct http2_client *client = CONTAINER_OF(timer, struct http2_client, keepalive_timer);
    int64_t now_ns = loop_now_ns(client->loop);
    if (client->asked) {
        http2_client_close(client);
        return;
    }
    if (!is_wanted(client)) {
        return; /* until the next request */
    }
    if (silent_until_ns(client) > now_ns) {
        start_timer(client, silent_until_ns(client));
    } else {
        ask(client, now_ns);
    }
}

void http2_keepalive_resume(struct http2_client *client)
{
    if (client->keepalive_timer.place == 0 && is_wanted(client)) {
        start_timer(client, silent_until_ns(client));
    }
}

void http2_keepalive_end(struct http2_client *client)
{
    loop_timer_stop(client->loop, &client->keepalive_timer);
}

void http2_client_keep_alive(struct http2_client *client, const struct http2_keepalive *keepalive)
{
    http2_keepalive_end(client);
    client->keepalive = *keepalive;
    client->keepalive_timer.expire = on_timer;
    http2_keepalive_resume(client);
}

bool http2_client_asked_too_often(const struct http2_client *client)
{
    return client->asked_too_often;
}
