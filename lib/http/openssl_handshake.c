/* What is agreed on in a handshake: host, protocol, and who the peer is. */
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/openssl_private.h"

/* In the order of preference. */
static const unsigned char served_protocols[] = "\x02h2\x08http/1.1";

int openssl_select_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_length,
                            const unsigned char *offered, unsigned int offered_length,
                            void *argument)
{
    unsigned char *name;
    (void)ssl;
    (void)argument;
    if (SSL_select_next_proto(&name, ret_length, served_protocols, sizeof(served_protocols) - 1,
                              offered, offered_length) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL; /* no_application_protocol, RFC 7301 section 3.2 */
    }
    *ret_name = name;
    return SSL_TLSEXT_ERR_OK;
}

bool openssl_expect_host(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *parameters = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1) {
        return true; /* numbers are not sent: RFC 6066 section 3 */
    }
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return host[0] != '\0' && SSL_set1_host(ssl, host) == 1 &&
           SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    (void *)(uintptr_t)host) == 1;
}

/* false: it cannot be named; *ret_subject is to be freed. */
static bool copy_subject(X509 *certificate, const char **ret_subject)
{
    BIO *memory = BIO_new(BIO_s_mem());
    bool done = false;
    if (memory != NULL &&
        X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0,
                           XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        char *data;
        long length = BIO_get_mem_data(memory, &data);
        struct text subject = {data, length > 0 ? (size_t)length : 0};
        char *copy = subject.length < TLS_SUBJECT_BYTES_MAX && text_is_clean(subject)
                         ? calloc(1, subject.length + 1)
                         : NULL;
        if (copy != NULL) {
            if (subject.length > 0) {
                memcpy(copy, subject.data, subject.length);
            }
            *ret_subject = copy;
            done = true;
        }
    }
    BIO_free(memory);
    return done;
}

bool openssl_take_security(struct openssl_transport *self, char words[static TLS_REASON_BYTES_MAX])
{
    const unsigned char *name;
    unsigned int length;
    SSL_get0_alpn_selected(self->ssl, &name, &length);
    if (length == 2 && memcmp(name, "h2", 2) == 0) {
        self->security.protocol = TEXT("h2");
    } else if (length > 0) {
        self->security.protocol = TEXT("http/1.1");
    }
    X509 *certificate = SSL_get0_peer_certificate(self->ssl);
    if (certificate != NULL && !copy_subject(certificate, &self->security.subject)) {
        (void)snprintf(words, TLS_REASON_BYTES_MAX, /* fits */
                       "the subject of the peer's certificate is too long or no UTF-8");
        return false;
    }
    return true;
}
