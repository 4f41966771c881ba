/* Ciphertext between a session and the transport below. What a session writes is gathered and goes
 * out in one write; what it reads is taken from where it was received. Nothing is kept while a
 * connection is idle. */
#include <openssl/bio.h>
#include <string.h>

#include "http/openssl_private.h"

/* Of one session at a time: whoever makes a session write flushes before anything else runs. Holds
 * what becomes of OPENSSL_PIECE_BYTES of plaintext; more spills into `unsent`. */
enum { GATHERED_BYTES_MAX = 72 * 1024 };
static _Thread_local char gathered[GATHERED_BYTES_MAX];
static _Thread_local size_t gathered_length;

static bool spill(struct openssl_transport *self)
{
    bool done = gathered_length == 0 ||
                buffer_append(&self->unsent, (struct text){gathered, gathered_length});
    gathered_length = 0;
    return done;
}

static int write_ciphertext(BIO *bio, const char *bytes, int length)
{
    struct openssl_transport *self = BIO_get_data(bio);
    size_t size = (size_t)length;
    BIO_clear_retry_flags(bio);
    if (size > GATHERED_BYTES_MAX - gathered_length && !spill(self)) {
        return -1;
    }
    if (size > GATHERED_BYTES_MAX) {
        return buffer_append(&self->unsent, (struct text){bytes, size}) ? length : -1;
    }
    memcpy(gathered + gathered_length, bytes, size);
    gathered_length += size;
    return length;
}

static int read_ciphertext(BIO *bio, char *bytes, int length_max)
{
    struct openssl_transport *self = BIO_get_data(bio);
    struct text part = text_slice(self->incoming, 0, (size_t)length_max);
    BIO_clear_retry_flags(bio);
    if (part.length == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(bytes, part.data, part.length);
    self->incoming = text_slice(self->incoming, part.length, self->incoming.length);
    return (int)part.length;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH; /* the caller of the session does */
}

BIO_METHOD *openssl_bio_method_create(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "transport");
    if (method != NULL && (BIO_meth_set_write(method, write_ciphertext) != 1 ||
                           BIO_meth_set_read(method, read_ciphertext) != 1 ||
                           BIO_meth_set_ctrl(method, control) != 1)) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
}

bool openssl_bio_attach(struct openssl_transport *self, BIO_METHOD *method)
{
    BIO *bio = BIO_new(method);
    if (bio == NULL) {
        return false;
    }
    BIO_set_data(bio, self);
    BIO_set_init(bio, 1);
    SSL_set_bio(self->ssl, bio, bio);
    return true;
}

/* Has the transport below take what goes. */
static ssize_t pass_on(struct openssl_transport *self, struct text bytes)
{
    struct http_transport *inner = self->inner;
    return self->inner_shut ? -1 : inner->ops->write(inner->state, bytes);
}

bool openssl_bio_flush(struct openssl_transport *self)
{
    struct text bytes = {gathered, gathered_length};
    if (self->unsent.length > 0) {
        return spill(self); /* behind what waits for the transport below to drain */
    }
    gathered_length = 0;
    if (bytes.length == 0) {
        return true;
    }
    ssize_t taken = pass_on(self, bytes);
    if (taken < 0) {
        return false;
    }
    struct text rest = text_slice(bytes, (size_t)taken, bytes.length);
    return rest.length == 0 || buffer_append(&self->unsent, rest);
}

bool openssl_bio_drained(struct openssl_transport *self)
{
    if (self->unsent.length == 0) {
        return true;
    }
    ssize_t taken = pass_on(self, buffer_text(&self->unsent));
    if (taken < 0) {
        return false;
    }
    buffer_consume(&self->unsent, (size_t)taken);
    if (self->unsent.length == 0) {
        buffer_deinit(&self->unsent);
    }
    return true;
}
