/* OpenSSL's errors in words. */
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

#include "http/openssl_private.h"

void openssl_error_words(SSL *ssl, char words[static TLS_REASON_BYTES_MAX])
{
    /* The first is the cause; what follows says where it came through. */
    unsigned long error = ERR_get_error();
    int reason = ERR_GET_REASON(error);
    const char *reason_words = ERR_reason_error_string(error);
    if (error == 0) {
        (void)snprintf(words, TLS_REASON_BYTES_MAX, "the connection broke"); /* fits */
    } else if (ERR_SYSTEM_ERROR(error)) {
        char text[128];
        (void)snprintf(words, TLS_REASON_BYTES_MAX, "%s", /* fits */
                       strerror_r(reason, text, sizeof(text)));
    } else if (ssl != NULL && ERR_GET_LIB(error) == ERR_LIB_SSL &&
               reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        (void)snprintf(words, TLS_REASON_BYTES_MAX, "the peer's certificate is not accepted: %s",
                       X509_verify_cert_error_string(SSL_get_verify_result(ssl))); /* fits */
    } else if (reason_words != NULL) {
        (void)snprintf(words, TLS_REASON_BYTES_MAX, "%s", reason_words); /* fits */
    } else {
        (void)snprintf(words, TLS_REASON_BYTES_MAX, "OpenSSL error %lx", error); /* fits */
    }
    ERR_clear_error();
}
