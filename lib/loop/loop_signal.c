#include "loop/loop_signal.h"

#include <stdlib.h>
#include <uv.h>

#include "loop/loop.h"

struct loop_signal {
    uv_signal_t handle;
    void (*arrived)(void *state, int number);
    void *state;
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct loop_signal *loop_signal = handle->data;
    loop_signal->arrived(loop_signal->state, number);
}

static void on_close(uv_handle_t *handle)
{
    free(handle->data);
}

enum status loop_signal_open(struct loop *loop, int number,
                             void (*arrived)(void *state, int number), void *state,
                             struct loop_signal **ret_signal)
{
    struct loop_signal *loop_signal = calloc(1, sizeof(*loop_signal));
    if (loop_signal == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    loop_signal->arrived = arrived;
    loop_signal->state = state;
    loop_signal->handle.data = loop_signal;
    CHECK(uv_signal_init(loop_uv(loop), &loop_signal->handle) == 0);
    if (uv_signal_start(&loop_signal->handle, on_signal, number) != 0) {
        loop_signal_close(loop_signal);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_signal = loop_signal;
    return STATUS_OK;
}

void loop_signal_close(struct loop_signal *loop_signal)
{
    if (loop_signal != NULL) {
        uv_close((uv_handle_t *)&loop_signal->handle, on_close);
    }
}
