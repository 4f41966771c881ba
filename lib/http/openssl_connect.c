/* The client's side: a fiber that waits for its handshake. */
#include <stdio.h>

#include "http/openssl_private.h"
#include "loop/fiber.h"

struct attempt {
    struct fiber_wait over;
    struct http_transport *transport;
    bool established;
    char reason[TLS_REASON_BYTES_MAX];
};

static void on_established(void *state)
{
    struct attempt *attempt = state;
    attempt->established = true;
    /* What comes now is for the owner, who is not there yet. */
    attempt->transport->ops->pause(attempt->transport->state);
    fiber_wait_signal(&attempt->over);
}

static void on_failed(void *state, const char *reason)
{
    struct attempt *attempt = state;
    (void)snprintf(attempt->reason, sizeof(attempt->reason), "%s", reason); /* fits */
    fiber_wait_signal(&attempt->over);
}

/* A session that is ready to say hello. STATUS_OK, or what was wrong. */
static enum status prepare(struct call *call, struct openssl_transport *self, const char *host,
                           struct text alpn)
{
    self->begun = true;
    SSL_set_connect_state(self->ssl);
    bool offered =
        alpn.length == 0 || SSL_set_alpn_protos(self->ssl, (const unsigned char *)alpn.data,
                                                (unsigned)alpn.length) == 0; /* 0 is success */
    if (!offered || !openssl_expect_host(self->ssl, host)) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "TLS with %s cannot be prepared", host);
    }
    self->transport.ops->resume(self->transport.state); /* has the hello sent */
    return STATUS_OK;
}

static enum status await(struct call *call, struct attempt *attempt, const char *host,
                         struct text alpn)
{
    enum status status = fiber_wait(call, &attempt->over);
    if (status != STATUS_OK) {
        return call_fail(call, status, "no TLS handshake with %s in time", host);
    }
    if (!attempt->established) {
        return call_fail(call, STATUS_UNAVAILABLE, "TLS with %s: %s", host, attempt->reason);
    }
    if (alpn.length > 0 && attempt->transport->security->protocol.length == 0) {
        return call_fail(call, STATUS_UNAVAILABLE,
                         "TLS with %s: the server selects no protocol (ALPN)", host);
    }
    return STATUS_OK;
}

enum status tls_connect(struct loop *loop, struct call *call, struct tls_context *context,
                        struct http_transport *inner, struct text host, struct text alpn,
                        struct http_transport **ret_transport)
{
    char name[TLS_NAME_BYTES_MAX];
    struct attempt attempt = {.established = false};
    const struct tls_handshake_events events = {on_established, on_failed, &attempt};
    const char *wanted = openssl_context_peer_name(context);
    CHECK(!openssl_context_is_server(context));
    if (!text_to_c_string(host, name, sizeof(name))) {
        inner->ops->close(inner->state);
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the host's name is too long");
    }
    struct openssl_transport *self = openssl_transport_create(loop, context, inner, &events);
    if (self == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for TLS");
    }
    attempt.transport = &self->transport;
    fiber_wait_init(&attempt.over);
    self->paused = true; /* until it is ready */
    enum status status = prepare(call, self, wanted[0] != '\0' ? wanted : name, alpn);
    if (status == STATUS_OK) {
        status = await(call, &attempt, name, alpn);
    }
    if (status != STATUS_OK) {
        self->transport.ops->close(self->transport.state);
        return status;
    }
    self->transport.ops->resume(self->transport.state);
    *ret_transport = &self->transport;
    return STATUS_OK;
}
