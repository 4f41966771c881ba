#include "unit/http/openssl_peer.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "base/arena.h"
#include "unit/http/raw_peer.h"

const int openssl_peer_tls_1_1 = TLS1_1_VERSION;
const int openssl_peer_tls_1_2 = TLS1_2_VERSION;

struct openssl_peer {
    struct raw_peer wire;
    SSL_CTX *context;
    SSL *ssl;
};

/* What came goes in, what the session has written goes out. */
static void move(struct openssl_peer *peer)
{
    struct buffer *received = &peer->wire.received;
    char *bytes;
    if (received->length > 0) {
        int length = (int)received->length;
        CHECK(BIO_write(SSL_get_rbio(peer->ssl), received->data, length) == length);
        raw_peer_forget(&peer->wire);
    }
    ERR_clear_error();
    long length = BIO_get_mem_data(SSL_get_wbio(peer->ssl), &bytes);
    if (length > 0) {
        raw_peer_send(&peer->wire, text_of_bytes(bytes, (size_t)length));
        CHECK(BIO_reset(SSL_get_wbio(peer->ssl)) == 1);
    }
}

struct openssl_peer *openssl_peer_open(struct http_transport *transport,
                                       const struct openssl_peer_options *options)
{
    struct openssl_peer *peer = calloc(1, sizeof(*peer));
    CHECK(peer != NULL);
    raw_peer_open(&peer->wire, transport);
    peer->context = SSL_CTX_new(options->is_server ? TLS_server_method() : TLS_client_method());
    CHECK(peer->context != NULL);
    SSL_CTX_set_security_level(peer->context, 0); /* or it refuses by itself */
    CHECK(SSL_CTX_set_max_proto_version(peer->context, options->version_max) == 1);
    CHECK(SSL_CTX_set_cipher_list(peer->context,
                                  options->ciphers != NULL ? options->ciphers : "ALL") == 1);
    if (options->certificate != NULL) {
        CHECK(SSL_CTX_use_certificate_chain_file(peer->context, options->certificate) == 1);
        CHECK(SSL_CTX_use_PrivateKey_file(peer->context, options->key, SSL_FILETYPE_PEM) == 1);
    }
    peer->ssl = SSL_new(peer->context);
    CHECK(peer->ssl != NULL);
    SSL_set_bio(peer->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (options->is_server) {
        SSL_set_accept_state(peer->ssl);
    } else {
        SSL_set_connect_state(peer->ssl);
    }
    return peer;
}

bool openssl_peer_await(struct openssl_peer *peer)
{
    for (;;) {
        move(peer);
        int result = SSL_do_handshake(peer->ssl);
        int error = SSL_get_error(peer->ssl, result);
        move(peer);
        if (result == 1 || error != SSL_ERROR_WANT_READ || peer->wire.ended) {
            return result == 1;
        }
        if (fiber_wait(&peer->wire.call, &peer->wire.changed) != STATUS_OK) {
            return false;
        }
    }
}

bool openssl_peer_renegotiate(struct openssl_peer *peer)
{
    char byte;
    if (SSL_renegotiate(peer->ssl) != 1) {
        return false;
    }
    for (;;) {
        int result = SSL_do_handshake(peer->ssl);
        int error = SSL_get_error(peer->ssl, result);
        move(peer);
        if (result != 1 && error != SSL_ERROR_WANT_READ) {
            return false;
        }
        if (SSL_renegotiate_pending(peer->ssl) == 0 && result == 1) {
            return true;
        }
        if (peer->wire.ended || fiber_wait(&peer->wire.call, &peer->wire.changed) != STATUS_OK) {
            return false;
        }
        move(peer);
        (void)SSL_peek(peer->ssl, &byte, 1); /* has an alert read */
    }
}

void openssl_peer_close(struct openssl_peer *peer)
{
    raw_peer_close(&peer->wire);
    SSL_free(peer->ssl);
    SSL_CTX_free(peer->context);
    ERR_clear_error();
    free(peer);
}
