/* call.h: what belongs to one request, passed first to every function that works for it: when it
 * must be done, whether anybody still wants it, where its memory is, whose it is, and what went
 * wrong.
 *
 * A call lives on one loop thread. Functions that wait return at once, with DEADLINE_EXCEEDED or
 * CANCELLED, when the call is over. */
#pragma once

#include <stdint.h>

#include "base/list.h"
#include "base/status.h"
#include "base/text.h"
#include "base/trace.h"

struct arena;

#define CALL_NO_DEADLINE INT64_MAX

/* Told once, on the call's loop thread, when the call is cancelled. Removed by whoever added it. */
struct cancel_hook {
    struct list link;
    void (*notify)(struct cancel_hook *hook);
};

struct cancellation {
    bool requested;    /* read only */
    struct list hooks; /* private */
};

void cancellation_init(struct cancellation *cancellation);

/* Marks it and notifies every hook, each once; a second request does nothing. */
void cancellation_request(struct cancellation *cancellation);

/* Added to a cancellation that was requested already, the hook is not notified: look first. */
void cancellation_add_hook(struct cancellation *cancellation, struct cancel_hook *hook);
void cancellation_remove_hook(struct cancel_hook *hook);

/* Whose call it is. */
struct call_identity {
    struct text peer; /* "127.0.0.1:40312", or empty within the process */
    /* Of the client's certificate, which was verified ("CN=movie,O=Marquee", RFC 2253); empty: it
     * showed none. */
    struct text subject;
    struct trace trace;
    /* Who that is to us: by the token or session it showed, or whom a service acts for; empty: it
     * is not known. */
    struct text user;
    unsigned scopes; /* what it may do (access/access_scope.h), if that was looked at */
    bool is_checked; /* it was: access is not open to all */
    bool is_limited; /* it was refused, for who asks did so too often */
};

/* What went wrong, in words. Both texts are valid in the call's arena. */
struct call_error {
    struct text message; /* for the client */
    struct text detail;  /* for the log only */
};

struct call {
    int64_t deadline_ns;               /* clock_monotonic_ns(), or CALL_NO_DEADLINE */
    struct cancellation *cancellation; /* borrowed; NULL: cannot be cancelled */
    struct arena *arena;               /* borrowed */
    struct call_identity identity;
    struct call_error error;
};

/* A call of the process itself (a heartbeat, a start-up step), with a new trace.
 * timeout_ms: from now; 0 means no deadline. */
void call_init(struct call *call, struct arena *arena, int64_t timeout_ms);

/* A call within `parent`: same arena, trace and cancellation, the same deadline or timeout_ms from
 * now, whichever is sooner (0: the same), and an error of its own. */
struct call call_within(const struct call *parent, int64_t timeout_ms);

/* Notes what went wrong, for the client, and returns `status`. The first message of a call stays:
 * the place that failed knows most. */
enum status call_fail(struct call *call, enum status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Notes what only the log may say (a path, a library's own text), and returns `status`. */
enum status call_fail_detail(struct call *call, enum status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Forgets the error: for a failure that was survived. */
void call_clear_error(struct call *call);

/* OK, CANCELLED or DEADLINE_EXCEEDED. */
MUST_USE enum status call_check(const struct call *call);

/* The same for who has just read clock_monotonic_ns(). */
MUST_USE enum status call_check_at(const struct call *call, int64_t now_ns);

/* Nanoseconds left, at least 0; INT64_MAX without deadline. */
int64_t call_remaining_ns(const struct call *call);
