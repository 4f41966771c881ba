/* Certificates, and the sessions that are made of them. */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/openssl_private.h"

/* RFC 9113 section 9.2.2 and its appendix A: of TLS 1.2 only these are fit for HTTP/2. Those of TLS
 * 1.3 all are. */
#define CIPHERS_OF_TLS_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"

/* The files of a context, as C strings. */
struct files {
    enum tls_side side;
    enum tls_client_certificate client_certificate;
    char certificate[TLS_PATH_BYTES_MAX];
    char key[TLS_PATH_BYTES_MAX];
    char ca[TLS_PATH_BYTES_MAX];
};

struct tls_context {
    struct files files;
    char peer_name[TLS_NAME_BYTES_MAX];
    int64_t handshake_timeout_ms;
    BIO_METHOD *method;
    _Atomic unsigned references; /* the owner's, and one a transport */
    pthread_mutex_t lock;        /* over what follows */
    SSL_CTX *current;
    int64_t not_after_s;
};

static enum status fail(struct call *call, const char *what, const char *file)
{
    char words[TLS_REASON_BYTES_MAX];
    openssl_error_words(NULL, words);
    return call_fail(call, STATUS_FAILED_PRECONDITION, "cannot use the %s %s: %s", what, file,
                     words);
}

/* An encrypted key fails instead of asking at the terminal. */
static int no_password(char *buffer, int size, int writes, void *argument)
{
    (void)buffer;
    (void)size;
    (void)writes;
    (void)argument;
    return -1;
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm parts = {.tm_isdst = 0};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

/* Whether the certificate is valid now. */
static enum status check_time(struct call *call, const struct files *files, SSL_CTX *context,
                              int64_t *ret_not_after_s)
{
    const X509 *certificate = SSL_CTX_get0_certificate(context);
    char date[32] = "";
    const ASN1_TIME *not_after = X509_get0_notAfter(certificate);
    int64_t not_after_s = seconds_of(not_after);
    time_t shown = (time_t)not_after_s;
    struct tm parts;
    if (gmtime_r(&shown, &parts) != NULL) {
        (void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &parts); /* fits */
    }
    if (X509_cmp_current_time(not_after) <= 0) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "the certificate %s expired at %s",
                         files->certificate, date);
    }
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "the certificate %s is not valid yet",
                         files->certificate);
    }
    *ret_not_after_s = not_after_s;
    return STATUS_OK;
}

static enum status load_own(struct call *call, const struct files *files, SSL_CTX *context,
                            int64_t *ret_not_after_s)
{
    if (files->certificate[0] == '\0') {
        return files->side == TLS_CLIENT
                   ? STATUS_OK
                   : call_fail(call, STATUS_FAILED_PRECONDITION, "no certificate file was given");
    }
    if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1) {
        return fail(call, "certificate", files->certificate);
    }
    if (files->key[0] == '\0') {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "no key file was given for %s",
                         files->certificate);
    }
    SSL_CTX_set_default_passwd_cb(context, no_password);
    if (SSL_CTX_use_PrivateKey_file(context, files->key, SSL_FILETYPE_PEM) != 1) {
        if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
            ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH) {
            ERR_clear_error();
            return call_fail(call, STATUS_FAILED_PRECONDITION,
                             "the key %s does not belong to the certificate %s", files->key,
                             files->certificate);
        }
        return fail(call, "key", files->key);
    }
    return check_time(call, files, context, ret_not_after_s);
}

static enum status load_authorities(struct call *call, const struct files *files, SSL_CTX *context)
{
    bool verifies =
        files->side == TLS_CLIENT || files->client_certificate != TLS_CLIENT_CERTIFICATE_UNASKED;
    if (!verifies) {
        return STATUS_OK;
    }
    int mode = SSL_VERIFY_PEER;
    if (files->side == TLS_SERVER && files->client_certificate == TLS_CLIENT_CERTIFICATE_REQUIRED) {
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    SSL_CTX_set_verify(context, mode, NULL);
    if (files->ca[0] == '\0') {
        if (files->side == TLS_SERVER) {
            return call_fail(call, STATUS_FAILED_PRECONDITION,
                             "no file of authorities was given for the clients' certificates");
        }
        return SSL_CTX_set_default_verify_paths(context) == 1
                   ? STATUS_OK
                   : fail(call, "authorities of", "the system");
    }
    if (SSL_CTX_load_verify_file(context, files->ca) != 1) {
        return fail(call, "authorities in", files->ca);
    }
    if (files->side == TLS_SERVER) {
        STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(files->ca);
        if (names == NULL) {
            return fail(call, "authorities in", files->ca);
        }
        SSL_CTX_set_client_CA_list(context, names); /* owns them now */
    }
    return STATUS_OK;
}

static bool set_rules(const struct files *files, SSL_CTX *context)
{
    static const unsigned char session_context[] = "marquee";
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* Sessions are resumed by tickets, which the clients keep. */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (files->side == TLS_SERVER) {
        SSL_CTX_set_alpn_select_cb(context, openssl_select_protocol, NULL);
    }
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, CIPHERS_OF_TLS_1_2) == 1 &&
           SSL_CTX_set_session_id_context(context, session_context, sizeof(session_context)) == 1;
}

static enum status load(struct call *call, const struct files *files, SSL_CTX **ret_context,
                        int64_t *ret_not_after_s)
{
    ERR_clear_error();
    SSL_CTX *context =
        SSL_CTX_new(files->side == TLS_SERVER ? TLS_server_method() : TLS_client_method());
    if (context == NULL || !set_rules(files, context)) {
        SSL_CTX_free(context);
        ERR_clear_error();
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for TLS");
    }
    int64_t not_after_s = 0;
    enum status status = load_own(call, files, context, &not_after_s);
    if (status == STATUS_OK) {
        status = load_authorities(call, files, context);
    }
    if (status != STATUS_OK) {
        SSL_CTX_free(context);
        return status;
    }
    *ret_context = context;
    *ret_not_after_s = not_after_s;
    return STATUS_OK;
}

/* NULL is empty. */
static bool copy_name(const char *name, char *buffer, size_t size)
{
    return text_to_c_string(text_of(name), buffer, size);
}

static bool copy_names(const struct tls_options *options, struct tls_context *context)
{
    struct files *files = &context->files;
    files->side = options->side;
    files->client_certificate = options->client_certificate;
    return copy_name(options->certificate_file, files->certificate, TLS_PATH_BYTES_MAX) &&
           copy_name(options->key_file, files->key, TLS_PATH_BYTES_MAX) &&
           copy_name(options->ca_file, files->ca, TLS_PATH_BYTES_MAX) &&
           copy_name(options->peer_name, context->peer_name, TLS_NAME_BYTES_MAX);
}

enum status tls_context_create(struct call *call, const struct tls_options *options,
                               struct tls_context **ret_context)
{
    struct tls_context *context = calloc(1, sizeof(*context));
    BIO_METHOD *method = openssl_bio_method_create();
    if (context == NULL || method == NULL) {
        BIO_meth_free(method);
        free(context);
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for TLS");
    }
    context->method = method;
    context->handshake_timeout_ms = options->handshake_timeout_ms > 0
                                        ? options->handshake_timeout_ms
                                        : TLS_HANDSHAKE_TIMEOUT_MS;
    enum status status =
        copy_names(options, context)
            ? load(call, &context->files, &context->current, &context->not_after_s)
            : call_fail(call, STATUS_FAILED_PRECONDITION, "a file name for TLS is too long");
    if (status != STATUS_OK) {
        BIO_meth_free(method);
        free(context);
        return status;
    }
    atomic_init(&context->references, 1);
    CHECK(pthread_mutex_init(&context->lock, NULL) == 0);
    *ret_context = context;
    return STATUS_OK;
}

enum status tls_context_reload(struct call *call, struct tls_context *context)
{
    SSL_CTX *next;
    int64_t not_after_s;
    enum status status = load(call, &context->files, &next, &not_after_s);
    if (status != STATUS_OK) {
        return status;
    }
    CHECK(pthread_mutex_lock(&context->lock) == 0);
    SSL_CTX *before = context->current;
    context->current = next;
    context->not_after_s = not_after_s;
    CHECK(pthread_mutex_unlock(&context->lock) == 0);
    SSL_CTX_free(before); /* sessions of it hold it */
    return STATUS_OK;
}

int64_t tls_context_not_after_s(const struct tls_context *context)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&context->lock;
    CHECK(pthread_mutex_lock(lock) == 0);
    int64_t not_after_s = context->not_after_s;
    CHECK(pthread_mutex_unlock(lock) == 0);
    return not_after_s;
}

SSL *openssl_context_session(struct tls_context *context)
{
    CHECK(pthread_mutex_lock(&context->lock) == 0);
    SSL_CTX *current = context->current;
    CHECK(SSL_CTX_up_ref(current) == 1);
    CHECK(pthread_mutex_unlock(&context->lock) == 0);
    SSL *ssl = SSL_new(current);
    SSL_CTX_free(current);
    return ssl;
}

BIO_METHOD *openssl_context_bio_method(struct tls_context *context)
{
    return context->method;
}

const char *openssl_context_peer_name(const struct tls_context *context)
{
    return context->peer_name;
}

bool openssl_context_is_server(const struct tls_context *context)
{
    return context->files.side == TLS_SERVER;
}

int64_t openssl_context_handshake_timeout_ms(const struct tls_context *context)
{
    return context->handshake_timeout_ms;
}

void openssl_context_hold(struct tls_context *context)
{
    (void)atomic_fetch_add(&context->references, 1);
}

void openssl_context_release(struct tls_context *context)
{
    if (atomic_fetch_sub(&context->references, 1) == 1) {
        SSL_CTX_free(context->current);
        BIO_meth_free(context->method);
        CHECK(pthread_mutex_destroy(&context->lock) == 0);
        free(context);
    }
}

void tls_context_destroy(struct tls_context *context)
{
    if (context != NULL) {
        openssl_context_release(context);
    }
}
