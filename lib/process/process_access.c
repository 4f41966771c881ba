/* What the hooks of a definition may ask of their process. */
#include "process/process_private.h"

unsigned process_add_listener(struct process *process, const struct process_listener *listener)
{
    CHECK(process->server_count < PROCESS_LISTENERS_MAX &&
          listener->interceptor_count <= PROCESS_INTERCEPTORS_MAX);
    struct process_server *server = &process->servers[process->server_count];
    server->process = process;
    server->spec = *listener;
    server->fd = -1;
    return process->server_count++;
}

void process_add_check(struct process *process, const char *name,
                       bool (*is_ready)(void *state, struct call *call, struct text *ret_reason),
                       void *state)
{
    CHECK(process->check_count < PROCESS_CHECKS_MAX);
    process->checks[process->check_count++] = (struct process_check){name, is_ready, state};
}

enum status process_set_default(struct process *process, struct call *call, const char *name,
                                struct text value)
{
    struct call lasting;
    call_init(&lasting, &process->arena, 0);
    enum status status = config_set_default(&lasting, process->config, name, value);
    return status == STATUS_OK
               ? status
               : call_fail(call, status, "%.*s", TEXT_ARGUMENTS(lasting.error.message));
}

const struct config *process_config(const struct process *process)
{
    return process->config;
}

const struct log *process_log(const struct process *process)
{
    return &process->log;
}

struct telemetry *process_telemetry(struct process *process)
{
    return process->telemetry;
}

unsigned process_loop_count(const struct process *process)
{
    return loop_threads_count(process->threads);
}

struct loop *process_loop(struct process *process, unsigned index)
{
    return loop_threads_at(process->threads, index);
}

struct http_server *process_http_server(struct process *process, unsigned listener, unsigned loop)
{
    CHECK(listener < process->server_count);
    return process->servers[listener].http[loop];
}

struct text process_listener_address(const struct process *process, unsigned listener)
{
    CHECK(listener < process->server_count);
    return text_of(process->servers[listener].address);
}
