#include "base/call.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"

/* The longest message kept; longer ones are cut at a character border. */
enum { MESSAGE_BYTES_MAX = 1024 };

void cancellation_init(struct cancellation *cancellation)
{
    cancellation->requested = false;
    list_init(&cancellation->hooks);
}

void cancellation_request(struct cancellation *cancellation)
{
    if (cancellation->requested) {
        return;
    }
    cancellation->requested = true;
    struct list *link;
    while ((link = list_take_first(&cancellation->hooks)) != NULL) {
        struct cancel_hook *hook = CONTAINER_OF(link, struct cancel_hook, link);
        hook->notify(hook);
    }
}

void cancellation_add_hook(struct cancellation *cancellation, struct cancel_hook *hook)
{
    list_append(&cancellation->hooks, &hook->link);
}

void cancellation_remove_hook(struct cancel_hook *hook)
{
    list_remove(&hook->link);
}

static int64_t deadline_after_ms(int64_t timeout_ms)
{
    int64_t deadline_ns;
    if (timeout_ms <= 0 || __builtin_mul_overflow(timeout_ms, CLOCK_NS_PER_MS, &deadline_ns) ||
        __builtin_add_overflow(deadline_ns, clock_monotonic_ns(), &deadline_ns)) {
        return CALL_NO_DEADLINE;
    }
    return deadline_ns;
}

void call_init(struct call *call, struct arena *arena, int64_t timeout_ms)
{
    *call = (struct call){
        .deadline_ns = deadline_after_ms(timeout_ms),
        .arena = arena,
        .identity = {.trace = trace_start()},
    };
}

struct call call_within(const struct call *parent, int64_t timeout_ms)
{
    struct call call = *parent;
    int64_t deadline_ns = deadline_after_ms(timeout_ms);
    if (deadline_ns < call.deadline_ns) {
        call.deadline_ns = deadline_ns;
    }
    call_clear_error(&call);
    return call;
}

static size_t character_border(const char *text, size_t length)
{
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) {
        length--;
    }
    return length;
}

static void note(struct call *call, struct text *kept, const char *format, va_list arguments)
    PRINTF_LIKE(3, 0);

static void note(struct call *call, struct text *kept, const char *format, va_list arguments)
{
    char buffer[MESSAGE_BYTES_MAX + 2]; /* one more than is kept: it tells where a border is */
    if (kept->length > 0) {
        return;
    }
    int length = vsnprintf(buffer, sizeof(buffer), format, arguments);
    if (length < 0) {
        return;
    }
    size_t kept_length =
        length <= MESSAGE_BYTES_MAX ? (size_t)length : character_border(buffer, MESSAGE_BYTES_MAX);
    /* Without memory for the words, the status still says what happened. */
    *kept = arena_copy(call->arena, (struct text){buffer, kept_length});
}

enum status call_fail(struct call *call, enum status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(call, &call->error.message, format, arguments);
    va_end(arguments);
    return status;
}

enum status call_fail_detail(struct call *call, enum status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(call, &call->error.detail, format, arguments);
    va_end(arguments);
    return status;
}

void call_clear_error(struct call *call)
{
    call->error = (struct call_error){.message = {NULL, 0}};
}

enum status call_check_at(const struct call *call, int64_t now_ns)
{
    if (call->cancellation != NULL && call->cancellation->requested) {
        return STATUS_CANCELLED;
    }
    return now_ns >= call->deadline_ns ? STATUS_DEADLINE_EXCEEDED : STATUS_OK;
}

enum status call_check(const struct call *call)
{
    bool is_timed = call->deadline_ns != CALL_NO_DEADLINE;
    return call_check_at(call, is_timed ? clock_monotonic_ns() : 0);
}

int64_t call_remaining_ns(const struct call *call)
{
    if (call->deadline_ns == CALL_NO_DEADLINE) {
        return INT64_MAX;
    }
    int64_t left = call->deadline_ns - clock_monotonic_ns();
    return left > 0 ? left : 0;
}
