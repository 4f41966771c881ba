#include "http/http2_server_keepalive.h"

#include "base/clock.h"
#include "http/http_server_private.h"

bool http2_server_keepalive_pinged(struct http2_server_keepalive *keepalive,
                                   const struct http_server *server, bool has_calls, int64_t now_ns)
{
    int64_t interval_ms = server->ping_interval_min_ms;
    if (!has_calls && !server->options.pings_without_calls &&
        interval_ms < HTTP2_PING_WITHOUT_CALLS_MS) {
        interval_ms = HTTP2_PING_WITHOUT_CALLS_MS;
    }
    bool too_soon = keepalive->peer_pinged_ns != 0 &&
                    now_ns < keepalive->peer_pinged_ns + interval_ms * CLOCK_NS_PER_MS;
    if (keepalive->sent) {
        keepalive->sent = false;
        keepalive->strikes = 0;
    } else if (too_soon) {
        keepalive->strikes++;
    }
    keepalive->peer_pinged_ns = now_ns;
    return keepalive->strikes <= HTTP2_PING_STRIKES_MAX;
}

int64_t http2_server_keepalive_due_ns(const struct http2_server_keepalive *keepalive,
                                      const struct http_server *server, int64_t active_ns)
{
    return keepalive->pinged_ns != 0
               ? keepalive->pinged_ns + server->keepalive_timeout_ms * CLOCK_NS_PER_MS
               : active_ns + server->keepalive_time_ms * CLOCK_NS_PER_MS;
}

enum http2_server_keepalive_action
http2_server_keepalive_expire(struct http2_server_keepalive *keepalive,
                              const struct http_server *server, int64_t active_ns, int64_t now_ns)
{
    if (http2_server_keepalive_due_ns(keepalive, server, active_ns) > now_ns) {
        return HTTP2_SERVER_KEEPALIVE_WAIT;
    }
    if (keepalive->pinged_ns != 0) {
        return HTTP2_SERVER_KEEPALIVE_CLOSE;
    }
    keepalive->pinged_ns = now_ns;
    return HTTP2_SERVER_KEEPALIVE_PING;
}
