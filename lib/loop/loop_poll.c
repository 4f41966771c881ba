#include "loop/loop_poll.h"

#include <stdlib.h>
#include <uv.h>

#include "base/check.h"
#include "loop/loop.h"

struct loop_poll {
    uv_poll_t handle;
    void (*ready)(void *argument);
    void *argument;
};

static void handle_event(uv_poll_t *handle, int status, int events)
{
    struct loop_poll *poll = CONTAINER_OF(handle, struct loop_poll, handle);
    (void)status; /* an error is found by whoever reads */
    (void)events;
    poll->ready(poll->argument);
}

static void handle_closed(uv_handle_t *handle)
{
    free(CONTAINER_OF(handle, struct loop_poll, handle));
}

enum status loop_poll_open(struct loop *loop, int fd, void (*ready)(void *argument), void *argument,
                           struct loop_poll **ret_poll)
{
    struct loop_poll *poll = calloc(1, sizeof(*poll));
    if (poll == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    poll->ready = ready;
    poll->argument = argument;
    if (uv_poll_init(loop_uv(loop), &poll->handle, fd) != 0) {
        free(poll);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    CHECK(uv_poll_start(&poll->handle, UV_READABLE, handle_event) == 0);
    *ret_poll = poll;
    return STATUS_OK;
}

void loop_poll_set_writable(struct loop_poll *poll, bool wanted)
{
    int events = wanted ? UV_READABLE | UV_WRITABLE : UV_READABLE;
    CHECK(uv_poll_start(&poll->handle, events, handle_event) == 0);
}

void loop_poll_close(struct loop_poll *poll)
{
    if (poll != NULL) {
        uv_close((uv_handle_t *)&poll->handle, handle_closed);
    }
}
