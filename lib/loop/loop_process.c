#include "loop/loop_process.h"

#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "loop/loop.h"

struct loop_process {
    uv_process_t handle;
    void (*exited)(void *state, int64_t exit_status, int signal);
    void *state;
    bool running;
};

static void on_exit_status(uv_process_t *handle, int64_t exit_status, int signal)
{
    struct loop_process *process = handle->data;
    process->running = false;
    process->exited(process->state, exit_status, signal);
}

static void on_close(uv_handle_t *handle)
{
    free(handle->data);
}

/* libuv takes its argument vectors as char **, and only reads them. */
static char **vector(const char *const *strings)
{
    union {
        const char *const *from;
        char **to;
    } both = {.from = strings};
    return both.to;
}

enum status loop_process_start(struct loop *loop, const struct loop_process_options *options,
                               struct loop_process **ret_process)
{
    struct loop_process *process = calloc(1, sizeof(*process));
    if (process == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    process->exited = options->exited;
    process->state = options->state;
    process->handle.data = process;
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}};
    for (int i = 1; i < 3; i++) {
        stdio[i].flags = UV_INHERIT_FD;
        stdio[i].data.fd = options->output_fd >= 0 ? options->output_fd : i;
    }
    uv_process_options_t spawn = {
        .exit_cb = on_exit_status,
        .file = options->arguments[0],
        .args = vector(options->arguments),
        .env = vector(options->environment),
        .stdio = stdio,
        .stdio_count = 3,
    };
    int failure = uv_spawn(loop_uv(loop), &process->handle, &spawn);
    if (failure != 0) {
        uv_close((uv_handle_t *)&process->handle, on_close);
        return failure == UV_ENOENT || failure == UV_EACCES ? STATUS_NOT_FOUND
                                                            : STATUS_RESOURCE_EXHAUSTED;
    }
    process->running = true;
    *ret_process = process;
    return STATUS_OK;
}

void loop_process_signal(struct loop_process *process, int number)
{
    if (process->running) {
        (void)uv_process_kill(&process->handle, number); /* it may have ended just now */
    }
}

int loop_process_id(const struct loop_process *process)
{
    return uv_process_get_pid(&process->handle);
}

void loop_process_close(struct loop_process *process)
{
    if (process != NULL) {
        uv_close((uv_handle_t *)&process->handle, on_close);
    }
}
