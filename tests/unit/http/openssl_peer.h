/* openssl_peer.h: a peer on OpenSSL alone, which does what our own side would not: old versions,
 * weak ciphers, no ALPN, renegotiation. In a fiber; waits end after RAW_PEER_WAIT_MS. */
#pragma once

#include "http/http_transport.h"

struct openssl_peer;

struct openssl_peer_options {
    bool is_server;
    int version_max;         /* as TLS1_1_VERSION; 0: any */
    const char *ciphers;     /* of TLS 1.2 and before; NULL: the usual ones */
    const char *certificate; /* files; NULL: none */
    const char *key;
};

extern const int openssl_peer_tls_1_1;
extern const int openssl_peer_tls_1_2;

/* Begins the handshake over the transport, which is consumed. */
struct openssl_peer *openssl_peer_open(struct http_transport *transport,
                                       const struct openssl_peer_options *options);

/* Waits until the handshake is over. false: it failed, or the other side ended. */
bool openssl_peer_await(struct openssl_peer *peer);

/* Asks for a new handshake within the connection (TLS 1.2). Waits for the answer. false: it was
 * refused. */
bool openssl_peer_renegotiate(struct openssl_peer *peer);

void openssl_peer_close(struct openssl_peer *peer);
