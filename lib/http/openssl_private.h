/* openssl_private.h: TLS by OpenSSL, for its own files: openssl_context.c reads certificates,
 * openssl_bio.c moves ciphertext, openssl_handshake.c makes sessions, openssl_transport.c is the
 * transport, openssl_error.c finds words. */
#pragma once

#include <openssl/ssl.h>

#include "base/buffer.h"
#include "http/tls.h"
#include "loop/loop.h"

/* A transport: what the handshake left, and the ciphertext on its way in and out. */
struct openssl_transport {
    struct http_transport transport; /* the owner's */
    struct http_transport_security security;
    struct http_transport *inner;
    struct loop *loop;
    struct tls_context *context; /* held */
    SSL *ssl;
    struct tls_handshake_events handshake;

    struct text incoming; /* ciphertext, not taken yet: what is being received, or `kept` */
    struct buffer kept;   /* ciphertext that came before the owner paused */
    struct buffer unsent; /* ciphertext that the transport below has not taken */
    size_t held;          /* bytes of plaintext that went into it and were not counted as taken */

    struct loop_task task;
    struct loop_timer timer; /* of the handshake */
    bool scheduled;
    enum { OPENSSL_SHAKING, OPENSSL_OPEN, OPENSSL_FAILED } phase;
    bool begun;    /* the first byte was seen, or the client's hello made */
    bool paused;   /* by the owner */
    bool blocked;  /* a write was not taken whole */
    bool finished; /* the peer sends no more; the owner may not know yet */
    bool broken;   /* nothing can be sent or received any more */
    bool told_ended;
    bool shutting;   /* the owner wants it half-closed */
    bool shut;       /* close_notify was written */
    bool inner_shut; /* and has left */
    bool inner_ended;
    bool closed; /* freed by the task */
};

/* The method of the BIO that lies between a session and its transport. NULL: no memory. */
BIO_METHOD *openssl_bio_method_create(void);

/* Gives the session its BIO. false: no memory. */
MUST_USE bool openssl_bio_attach(struct openssl_transport *self, BIO_METHOD *method);

/* Hands to the transport below what the session has written since, in one write. What it does not
 * take waits in `unsent`. false: broken. */
MUST_USE bool openssl_bio_flush(struct openssl_transport *self);

/* The transport below has drained: hands it what waits. false: broken. */
MUST_USE bool openssl_bio_drained(struct openssl_transport *self);

/* A new session of the context's present certificates. NULL: no memory. */
SSL *openssl_context_session(struct tls_context *context);
BIO_METHOD *openssl_context_bio_method(struct tls_context *context);
const char *openssl_context_peer_name(const struct tls_context *context); /* "": none */
bool openssl_context_is_server(const struct tls_context *context);
int64_t openssl_context_handshake_timeout_ms(const struct tls_context *context);
void openssl_context_hold(struct tls_context *context);
void openssl_context_release(struct tls_context *context);

/* Keeps what the handshake has shown. false: the peer's certificate cannot be named; words say why.
 */
MUST_USE bool openssl_take_security(struct openssl_transport *self,
                                    char words[static TLS_REASON_BYTES_MAX]);

/* The server's choice of a protocol. */
int openssl_select_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_length,
                            const unsigned char *offered, unsigned int offered_length,
                            void *argument);

/* Has the client verify the host, and say it. false: no memory, or no such name. */
MUST_USE bool openssl_expect_host(SSL *ssl, const char *host);

/* Makes a transport, for both sides. NULL: no memory; `inner` is closed then. */
struct openssl_transport *openssl_transport_create(struct loop *loop, struct tls_context *context,
                                                   struct http_transport *inner,
                                                   const struct tls_handshake_events *events);

/* Words for what OpenSSL last found wrong on this thread; empties its queue. ssl: whose peer's
 * certificate may have been refused; NULL: nobody's. */
void openssl_error_words(SSL *ssl, char words[static TLS_REASON_BYTES_MAX]);
