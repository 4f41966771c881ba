/* A session of TLS as a transport over another one. Everything that OpenSSL does in it runs in the
 * events of the transport below, in a task of its own, or in the owner's write: on the loop's
 * stack.
 */
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "http/openssl_private.h"

enum {
    PIECE_BYTES = 64 * 1024, /* of plaintext that is encrypted, then written, at once */
    PLAIN_BYTES = 64 * 1024, /* of plaintext that is received at once */
    RECORD_OF_HANDSHAKE = 22,
};

/* What is received is borrowed for the call only, and one call runs at a time on a thread. */
static _Thread_local char plain[PLAIN_BYTES];

static const struct text not_tls_reply =
    TEXT_INIT("HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"
              "content-length: 35\r\nconnection: close\r\n\r\n"
              "This port speaks TLS only (https).\n");

static void schedule(struct openssl_transport *self)
{
    if (!self->scheduled) {
        self->scheduled = true;
        loop_defer(self->loop, &self->task);
    }
}

/* The stream is of no use any more; the owner is told from the task. */
static void break_off(struct openssl_transport *self)
{
    self->broken = true;
    schedule(self);
}

static void fail_handshake(struct openssl_transport *self, const char *reason)
{
    if (self->phase == OPENSSL_SHAKING && !self->closed) {
        self->phase = OPENSSL_FAILED;
        loop_timer_stop(self->loop, &self->timer);
        self->handshake.failed(self->handshake.state, reason);
    }
}

static void establish(struct openssl_transport *self)
{
    char words[TLS_REASON_BYTES_MAX];
    if (!openssl_take_security(self, words)) {
        fail_handshake(self, words);
        return;
    }
    self->phase = OPENSSL_OPEN;
    self->transport.security = &self->security;
    loop_timer_stop(self->loop, &self->timer);
    self->handshake.established(self->handshake.state);
}

static void shake(struct openssl_transport *self)
{
    char words[TLS_REASON_BYTES_MAX];
    ERR_clear_error();
    int result = SSL_do_handshake(self->ssl);
    int error = SSL_get_error(self->ssl, result);
    if (result != 1 && error != SSL_ERROR_WANT_READ) {
        openssl_error_words(self->ssl, words);
        (void)!openssl_bio_flush(self); /* the alert, if it can be sent */
        fail_handshake(self, words);
    } else if (!openssl_bio_flush(self)) {
        fail_handshake(self, "the peer closed the connection");
    } else if (result == 1) {
        establish(self);
    }
}

static void note_end(struct openssl_transport *self, int error)
{
    if (error == SSL_ERROR_ZERO_RETURN) {
        self->finished = true;
    } else if (error != SSL_ERROR_WANT_READ) {
        self->broken = true;
        self->security.failure = ERR_reason_error_string(ERR_peek_error());
    }
    ERR_clear_error();
}

/* Takes whole records, so that none is left half in the session, and gives them to the owner at
 * once. false: there is nothing more now. */
static bool receive(struct openssl_transport *self)
{
    size_t length = 0;
    int count = 1;
    ERR_clear_error();
    while (count > 0 && sizeof(plain) - length >= SSL3_RT_MAX_PLAIN_LENGTH) {
        count = SSL_read(self->ssl, plain + length, (int)(sizeof(plain) - length));
        if (count > 0) {
            length += (size_t)count;
        } else {
            note_end(self, SSL_get_error(self->ssl, count));
        }
    }
    self->broken |= !openssl_bio_flush(self); /* an alert, an answer to an update of the keys */
    if (length > 0) {
        self->transport.events.received(self->transport.events.state, (struct text){plain, length});
    }
    return count > 0;
}

static bool can_receive(const struct openssl_transport *self)
{
    return self->phase == OPENSSL_OPEN && !self->paused && !self->closed && !self->finished &&
           !self->broken;
}

/* What was not taken is kept; what was kept and is taken is forgotten. */
static void settle(struct openssl_transport *self)
{
    struct text rest = self->incoming;
    struct buffer *kept = &self->kept;
    self->incoming = (struct text){NULL, 0};
    bool is_over = self->closed || self->finished || self->broken || self->phase == OPENSSL_FAILED;
    if (rest.length == 0 || is_over) {
        buffer_deinit(kept);
    } else if (kept->length > 0) {
        buffer_consume(kept, kept->length - rest.length);
    } else if (!buffer_append(kept, rest)) {
        self->broken = true;
    }
}

static void tell_end(struct openssl_transport *self)
{
    bool is_over = self->finished || (self->inner_ended && self->kept.length == 0);
    bool is_due = self->broken || (is_over && !self->paused);
    if (self->phase != OPENSSL_OPEN || self->closed || self->told_ended || !is_due) {
        return;
    }
    self->told_ended = true;
    self->security.truncated = !self->finished;
    self->transport.events.ended(self->transport.events.state);
}

/* Takes what has come, behind what was kept. */
static void take(struct openssl_transport *self, struct text bytes)
{
    if (self->kept.length > 0) {
        if (bytes.length > 0 && !buffer_append(&self->kept, bytes)) {
            self->broken = true;
        }
        bytes = buffer_text(&self->kept);
    }
    self->incoming = bytes;
    if (self->phase == OPENSSL_SHAKING) {
        shake(self);
    }
    while (can_receive(self) && receive(self)) {
    }
    settle(self);
    tell_end(self);
}

/* Somebody who speaks another protocol. */
static void refuse_plaintext(struct openssl_transport *self, char first)
{
    if (first >= 'A' && first <= 'Z') {
        /* What does not go at once is not worth waiting for. */
        (void)!self->inner->ops->write(self->inner->state, not_tls_reply);
    }
    fail_handshake(self, "it does not speak TLS");
}

static void on_received(void *state, struct text bytes)
{
    struct openssl_transport *self = state;
    if (self->closed || self->finished || self->broken || self->phase == OPENSSL_FAILED) {
        return;
    }
    if (!self->begun) {
        self->begun = true;
        if (bytes.data[0] != RECORD_OF_HANDSHAKE) {
            refuse_plaintext(self, bytes.data[0]);
            return;
        }
    }
    take(self, bytes);
}

static void shut_inner(struct openssl_transport *self)
{
    if (self->shut && !self->inner_shut && self->unsent.length == 0) {
        self->inner_shut = true;
        self->inner->ops->shutdown(self->inner->state);
    }
}

static void on_drained(void *state)
{
    struct openssl_transport *self = state;
    if (self->closed || self->broken) {
        return;
    }
    if (!openssl_bio_drained(self)) {
        break_off(self);
        return;
    }
    shut_inner(self);
    if (self->blocked && self->unsent.length == 0) {
        self->blocked = false;
        self->transport.events.drained(self->transport.events.state);
    }
}

static void on_ended(void *state)
{
    struct openssl_transport *self = state;
    self->inner_ended = true;
    if (self->closed) {
        return;
    }
    fail_handshake(self, "the peer closed the connection");
    if (self->phase == OPENSSL_FAILED && !self->closed && self->transport.events.ended != NULL) {
        self->transport.events.ended(self->transport.events.state);
        return;
    }
    tell_end(self);
}

static void on_timeout(struct loop_timer *timer)
{
    fail_handshake(CONTAINER_OF(timer, struct openssl_transport, timer),
                   "the handshake took too long");
}

/* false: broken. */
static bool encrypt(struct openssl_transport *self, struct text piece)
{
    ERR_clear_error();
    bool done = SSL_write(self->ssl, piece.data, (int)piece.length) == (int)piece.length;
    ERR_clear_error();
    return openssl_bio_flush(self) && done;
}

/* A piece counts as taken when its ciphertext has left, so that an owner who has written everything
 * may close. Until then it is written again, and not encrypted again. */
static ssize_t write_bytes(void *state, struct text bytes)
{
    struct openssl_transport *self = state;
    if (self->broken || self->shutting || self->phase != OPENSSL_OPEN) {
        return -1;
    }
    if (self->unsent.length > 0) {
        self->blocked = true;
        return 0;
    }
    CHECK(self->held <= bytes.length);
    size_t taken = self->held;
    self->held = 0;
    while (taken < bytes.length) {
        struct text piece = text_slice(bytes, taken, taken + PIECE_BYTES);
        if (!encrypt(self, piece)) {
            break_off(self);
            return -1;
        }
        if (self->unsent.length > 0) {
            self->held = piece.length;
            self->blocked = true;
            break;
        }
        taken += piece.length;
    }
    return (ssize_t)taken;
}

static void pause_reading(void *state)
{
    struct openssl_transport *self = state;
    if (!self->paused) {
        self->paused = true;
        self->inner->ops->pause(self->inner->state);
    }
}

static void resume_reading(void *state)
{
    struct openssl_transport *self = state;
    if (self->paused) {
        self->paused = false;
        schedule(self);
    }
}

static void shutdown_writing(void *state)
{
    struct openssl_transport *self = state;
    self->shutting = true;
    schedule(self);
}

static void close_transport(void *state)
{
    struct openssl_transport *self = state;
    self->closed = true;
    loop_timer_stop(self->loop, &self->timer);
    schedule(self);
}

static const struct http_transport_ops operations = {
    .write = write_bytes,
    .pause = pause_reading,
    .resume = resume_reading,
    .shutdown = shutdown_writing,
    .close = close_transport,
};

static void shut(struct openssl_transport *self)
{
    self->shut = true;
    if (self->phase == OPENSSL_OPEN && !self->broken) {
        ERR_clear_error();
        (void)SSL_shutdown(self->ssl); /* writes close_notify; the peer's is not waited for */
        ERR_clear_error();
        self->broken |= !openssl_bio_flush(self);
    }
    if (!self->broken) {
        shut_inner(self);
    }
}

static void release(struct openssl_transport *self)
{
    if (self->inner != NULL) {
        self->inner->ops->close(self->inner->state);
    }
    SSL_free(self->ssl);
    openssl_context_release(self->context);
    buffer_deinit(&self->kept);
    buffer_deinit(&self->unsent);
    free((void *)(uintptr_t)self->security.subject);
    free(self);
}

static void run(struct loop_task *task)
{
    struct openssl_transport *self = CONTAINER_OF(task, struct openssl_transport, task);
    self->scheduled = false;
    if (self->shutting && !self->shut) {
        shut(self);
    }
    if (!self->closed && !self->paused && !self->broken && self->phase != OPENSSL_FAILED) {
        take(self, (struct text){NULL, 0});
        if (!self->closed && !self->paused) {
            self->inner->ops->resume(self->inner->state);
        }
    }
    tell_end(self);
    if (self->closed) {
        release(self);
    }
}

struct openssl_transport *openssl_transport_create(struct loop *loop, struct tls_context *context,
                                                   struct http_transport *inner,
                                                   const struct tls_handshake_events *events)
{
    struct openssl_transport *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        inner->ops->close(inner->state);
        return NULL;
    }
    *self = (struct openssl_transport){
        .transport = {.ops = &operations, .state = self},
        .inner = inner,
        .loop = loop,
        .context = context,
        .handshake = *events,
        .task = {.run = run},
        .timer = {.expire = on_timeout},
    };
    (void)snprintf(self->transport.peer, sizeof(self->transport.peer), "%s",
                   inner->peer); /* fits */
    buffer_init(&self->kept, TLS_KEPT_BYTES_MAX);
    buffer_init(&self->unsent, TLS_UNSENT_BYTES_MAX);
    openssl_context_hold(context);
    self->ssl = openssl_context_session(context);
    int64_t due_ns =
        loop_now_ns(loop) + openssl_context_handshake_timeout_ms(context) * CLOCK_NS_PER_MS;
    if (self->ssl == NULL || !openssl_bio_attach(self, openssl_context_bio_method(context)) ||
        loop_timer_start(loop, &self->timer, due_ns) != STATUS_OK) {
        release(self);
        return NULL;
    }
    inner->events = (struct http_transport_events){
        .received = on_received, .drained = on_drained, .ended = on_ended, .state = self};
    return self;
}

enum status tls_accept(struct loop *loop, struct tls_context *context, struct http_transport *inner,
                       const struct tls_handshake_events *events,
                       struct http_transport **ret_transport)
{
    CHECK(openssl_context_is_server(context));
    struct openssl_transport *self = openssl_transport_create(loop, context, inner, events);
    if (self == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    SSL_set_accept_state(self->ssl);
    *ret_transport = &self->transport;
    return STATUS_OK;
}
