/* tls.h: TLS below HTTP: contexts (certificates, and what is asked of the peer's) and transports
 * that run over another transport.
 *
 * TLS 1.2 and 1.3, with what RFC 9113 section 9.2 asks for: forward secrecy and AEAD ciphers only,
 * no compression, no renegotiation. The protocol above is agreed on by ALPN (RFC 7301). A context
 * may be used by several loops; a transport belongs to one.
 *
 * What OpenSSL does for a transport it does on the loop's own stack, not on a fiber's, except
 * tls_connect()'s preparations; it needs 8 KiB of either. A handshake takes 0.6 ms of a server's
 * loop thread with a P-256 key, 1.4 ms with RSA of 2048 bits. An idle transport holds 24 KiB,
 * nearly all of it OpenSSL's. */
#pragma once

#include "http/http_transport.h"

struct call;
struct loop;
struct tls_context;

enum {
    TLS_PATH_BYTES_MAX = 4096, /* of a file's name, with its NUL */
    TLS_NAME_BYTES_MAX = 256,  /* of a host's name, with its NUL */
    TLS_SUBJECT_BYTES_MAX =
        512,                    /* of a peer's certificate, with its NUL; a longer one is refused */
    TLS_REASON_BYTES_MAX = 320, /* of why a handshake failed */
    /* Ciphertext that the transport below has not taken: one write of plaintext, and alerts. */
    TLS_UNSENT_BYTES_MAX = 256 * 1024,
    /* Ciphertext that came in one piece while the owner paused. */
    TLS_KEPT_BYTES_MAX = 512 * 1024,
};

/* From a transport's beginning to the end of its handshake. */
#define TLS_HANDSHAKE_TIMEOUT_MS INT64_C(10000)

enum tls_side { TLS_SERVER, TLS_CLIENT };

enum tls_client_certificate {
    TLS_CLIENT_CERTIFICATE_UNASKED,
    TLS_CLIENT_CERTIFICATE_OPTIONAL, /* one that is sent must be good */
    TLS_CLIENT_CERTIFICATE_REQUIRED,
};

/* Names of PEM files, copied; NULL or "" for none. */
struct tls_options {
    enum tls_side side;
    const char
        *certificate_file; /* the own certificate, then those up to the root; servers: must */
    const char *key_file;  /* not encrypted */
    /* Whom the peer's certificate must come from. Clients: none means the system's. Servers: must
     * be there when certificates are asked for. */
    const char *ca_file;
    enum tls_client_certificate client_certificate; /* of servers */
    const char *peer_name; /* of clients: the name in the server's certificate; none: its host */
    int64_t handshake_timeout_ms; /* 0: TLS_HANDSHAKE_TIMEOUT_MS */
};

/* Reads the files. STATUS_FAILED_PRECONDITION: a file cannot be read, the key is not the
 * certificate's, the certificate has expired or is not valid yet: the call's error says which in
 * one line. STATUS_RESOURCE_EXHAUSTED: no memory. *ret_context is owned by the caller. Blocks for
 * as long as the files take to be read. */
MUST_USE enum status tls_context_create(struct call *call, const struct tls_options *options,
                                        struct tls_context **ret_context);

/* Reads the same files again: handshakes that begin from now on use what they hold, and transports
 * that are open go on. Not OK, as above: everything stays as it was. From any thread. */
MUST_USE enum status tls_context_reload(struct call *call, struct tls_context *context);

/* When the own certificate ends, in seconds since 1970; 0: there is none. From any thread. */
int64_t tls_context_not_after_s(const struct tls_context *context);

/* Transports that are open keep what they need of it. NULL is accepted. */
void tls_context_destroy(struct tls_context *context);

/* How a handshake ends, told on the loop's thread. */
struct tls_handshake_events {
    /* The transport's `security` holds. Set its events here, or close it. */
    void (*established)(void *state);
    /* The peer has been told by an alert if it could be; nothing but `ended` comes from the
     * transport any more. reason: in words for the log, borrowed. */
    void (*failed)(void *state, const char *reason);
    void *state;
};

/* A server's side over `inner`, which is consumed, also on failure. Selects h2 before http/1.1; a
 * client that offers neither is refused by an alert, one that offers nothing gets no protocol. What
 * does not begin like TLS fails, and when it looks like HTTP/1.1 it is answered with a 400 first.
 * The transport, owned by the caller, may be closed at any time. STATUS_RESOURCE_EXHAUSTED: no
 * memory. */
MUST_USE enum status tls_accept(struct loop *loop, struct tls_context *context,
                                struct http_transport *inner,
                                const struct tls_handshake_events *events,
                                struct http_transport **ret_transport);

/* What a client offers by ALPN, as on the wire: each name behind its length. */
#define TLS_ALPN_HTTP2 TEXT("\x02h2")

/* A client's side over `inner`, which is consumed, also on failure. host: whose certificate is
 * wanted and what is sent as server name, unless the context has a peer_name. Parks until the
 * handshake is over. STATUS_UNAVAILABLE: it failed, or the server selected none of the protocols
 * (`alpn` not empty): the call's error says why. STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED.
 * STATUS_INVALID_ARGUMENT: the host has TLS_NAME_BYTES_MAX bytes. *ret_transport is owned by the
 * caller, who sets its events before parking. */
MUST_USE enum status tls_connect(struct loop *loop, struct call *call, struct tls_context *context,
                                 struct http_transport *inner, struct text host, struct text alpn,
                                 struct http_transport **ret_transport);
