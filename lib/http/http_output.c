#include "http/http_output.h"

#include "base/clock.h"

int64_t http_output_progress(int64_t progress_ns, size_t length, int64_t now_ns)
{
    int64_t earned_ns = (int64_t)length * (CLOCK_NS_PER_S / HTTP_OUTPUT_RATE_MIN);
    return earned_ns < now_ns - progress_ns ? progress_ns + earned_ns : now_ns;
}

size_t http_output_waiting(const struct http_output *output)
{
    return output->bytes.length - output->sent;
}

/* Writes the buffer. false: the peer takes no more now, or is gone. */
static bool write_out(struct http_output *output)
{
    struct text rest = text_slice(buffer_text(&output->bytes), output->sent, output->bytes.length);
    ssize_t taken = output->transport->ops->write(output->transport->state, rest);
    if (taken < 0) {
        output->blocked = true; /* `ended` follows, if it did not come already */
        output->broken = true;
        return false;
    }
    int64_t now_ns = loop_now_ns(output->loop);
    output->progress_ns =
        output->behind ? http_output_progress(output->progress_ns, (size_t)taken, now_ns) : now_ns;
    output->behind = true;
    output->sent += (size_t)taken;
    if (output->sent < output->bytes.length) {
        output->blocked = true;
        /* Once half of it is sent, moving the rest costs no more than sending did. */
        if (output->sent >= output->bytes.length - output->sent) {
            buffer_consume(&output->bytes, output->sent);
            output->sent = 0;
        }
        return false;
    }
    output->behind = false;
    output->sent = 0;
    buffer_clear(&output->bytes);
    return true;
}

static void flush(struct http_output *output)
{
    output->wanted = false;
    while (!output->retired && !output->blocked) {
        if (http_output_waiting(output) == 0) {
            output->events->fill(output->owner);
        }
        if (output->retired || http_output_waiting(output) == 0 || !write_out(output)) {
            break;
        }
    }
    if (output->retired) {
        return;
    }
    if (output->bytes.length == 0 && output->bytes.capacity > HTTP_OUTPUT_KEPT_BYTES_MAX) {
        buffer_deinit(&output->bytes);
    }
    output->events->flushed(output->owner);
}

static void run(struct loop_task *task)
{
    struct http_output *output = CONTAINER_OF(task, struct http_output, task);
    output->scheduled = false;
    if (!output->retired) {
        if (output->wanted) {
            flush(output);
        }
    } else {
        buffer_deinit(&output->bytes);
        output->events->retired(output->owner);
    }
}

void http_output_init(struct http_output *output, struct loop *loop,
                      struct http_transport *transport, const struct http_output_events *events,
                      void *owner)
{
    *output = (struct http_output){
        .loop = loop,
        .transport = transport,
        .events = events,
        .owner = owner,
        .task = {.run = run},
        .progress_ns = loop_now_ns(loop),
    };
    buffer_init(&output->bytes, HTTP_OUTPUT_BUFFER_BYTES_MAX);
}

void http_output_schedule(struct http_output *output)
{
    if (output->blocked && !output->retired) {
        return;
    }
    output->wanted = true;
    if (!output->scheduled) {
        output->scheduled = true;
        loop_defer(output->loop, &output->task);
    }
}

void http_output_flush(struct http_output *output)
{
    if (output->wanted && !output->blocked && !output->retired) {
        flush(output);
    }
}

void http_output_drained(struct http_output *output)
{
    output->blocked = false;
    http_output_schedule(output);
}

void http_output_retire(struct http_output *output)
{
    output->retired = true;
    output->transport = NULL;
    http_output_schedule(output);
}
