#include "process/process.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/standard_files.h"
#include "loop/loop_signal.h"
#include "process/process_private.h"
#include "telemetry/telemetry_process.h"

extern char **environ;

/* One blocking job at a time: starting and stopping the loops. */
enum { CONTROL_WORKERS = 1, CONTROL_QUEUE_MAX = 4, EXIT_USAGE = 2 };

/* Past the drain, the rest (channels, stores) may take so long. */
#define CLOSE_TIMEOUT_MS INT64_C(3000)

/* To be told that the process drains, and again that it is gone. */
#define REGISTRY_TIMEOUT_MS INT64_C(1500)

/* A step that runs on the loops while the control fiber is parked. */
struct loop_step {
    struct process *process;
    enum status (*run)(struct process *process, struct call *call, unsigned index);
    int64_t timeout_ms;
    enum status status;
};

/* Several loops may fail at once: the operator reads one line. */
static void log_failure(struct process *process, const struct call *call)
{
    if (atomic_exchange(&process->failure_told, true)) {
        return;
    }
    struct text message = call->error.message;
    struct text detail = call->error.detail;
    /* There is nobody else to tell. The operator may know what clients may not. */
    (void)fprintf(stderr, "%s: %.*s%s%.*s\n", process->definition->program,
                  TEXT_ARGUMENTS(message.length > 0 ? message : TEXT("cannot start")),
                  detail.length > 0 ? ": " : "", TEXT_ARGUMENTS(detail));
}

static enum status run_step_on_loop(void *argument, unsigned index)
{
    struct loop_step *step = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, PROCESS_ARENA_BYTES_MAX);
    call_init(&call, &arena, step->timeout_ms);
    enum status status = step->run(step->process, &call, index);
    if (status != STATUS_OK) {
        log_failure(step->process, &call);
    }
    arena_deinit(&arena);
    return status;
}

static void run_step_on_worker(void *argument)
{
    struct loop_step *step = argument;
    step->status = loop_threads_each(step->process->threads, run_step_on_loop, step);
}

static enum status run_step(struct process *process, int64_t timeout_ms,
                            enum status (*run)(struct process *, struct call *, unsigned))
{
    struct loop_step step = {.process = process, .run = run, .timeout_ms = timeout_ms};
    enum status status = worker_call(process->pool, NULL, run_step_on_worker, &step);
    return status == STATUS_OK ? step.status : status;
}

static enum status open_step(struct process *process, struct call *call, unsigned index)
{
    if (index != 0) {
        return STATUS_OK;
    }
    enum status status = process_tls_open(process, call);
    if (status == STATUS_OK) {
        status = process_tokens_open(process, call);
    }
    if (status == STATUS_OK) {
        status = process_guard_open(process, call);
    }
    if (status == STATUS_OK) {
        status = process_idempotency_open(process, call);
    }
    if (status != STATUS_OK) {
        return status;
    }
    process->opened = true;
    status = process->definition->open(process->self, process, call);
    return status == STATUS_OK ? process_servers_bind(process, call) : status;
}

static enum status start_step(struct process *process, struct call *call, unsigned index)
{
    enum status status = process_servers_create(process, call, index);
    process->started[index] = true;
    if (status == STATUS_OK && process->definition->start != NULL) {
        status = process->definition->start(process->self, process, call, index);
    }
    return status;
}

static enum status accept_step(struct process *process, struct call *call, unsigned index)
{
    return process_servers_accept(process, call, index);
}

static enum status drain_step(struct process *process, struct call *call, unsigned index)
{
    if (process->started[index] && process->definition->drain != NULL) {
        process->definition->drain(process->self, process, index);
    }
    process_servers_drain(process, call, index);
    return STATUS_OK;
}

static enum status stop_step(struct process *process, struct call *call, unsigned index)
{
    unsigned last = process->server_count;
    if (last > 0) {
        process_server_destroy(process, --last, index);
    }
    if (process->started[index] && process->definition->stop != NULL) {
        process->definition->stop(process->self, process, call, index);
    }
    while (last > 0) {
        process_server_destroy(process, --last, index);
    }
    return STATUS_OK;
}

static enum status close_step(struct process *process, struct call *call, unsigned index)
{
    (void)call;
    if (index == 0 && process->opened && process->definition->close != NULL) {
        process->definition->close(process->self);
    }
    return STATUS_OK;
}

static enum status start_everything(struct process *process)
{
    enum status status = run_step(process, PROCESS_START_TIMEOUT_MS, open_step);
    if (status == STATUS_OK) {
        status = process_watch_hangup(process);
    }
    if (status == STATUS_OK) {
        status = run_step(process, PROCESS_START_TIMEOUT_MS, start_step);
    }
    if (status == STATUS_OK) {
        status = run_step(process, PROCESS_START_TIMEOUT_MS, accept_step);
    }
    return status;
}

static void announce_ready(struct process *process)
{
    atomic_store(&process->phase, PROCESS_READY);
    process_servers_serve(process);
    process_guard_start(process);
    int64_t elapsed_ms = (clock_monotonic_ns() - process->start_ns) / CLOCK_NS_PER_MS;
    for (unsigned i = 0; i < process->server_count; i++) {
        log_write(&process->log, LOG_INFO, "ready",
                  LOG_FIELDS(log_string("listen", process->servers[i].address),
                             log_integer("threads", process_loop_count(process)),
                             log_integer("after_ms", elapsed_ms)));
    }
}

/* A registry that does not answer holds nothing up for long. */
static void tell_registry(struct process *process,
                          void (*tell)(struct process *process, struct call *call))
{
    struct arena arena;
    struct call call;
    arena_init(&arena, PROCESS_ARENA_BYTES_MAX);
    call_init(&call, &arena, REGISTRY_TIMEOUT_MS);
    tell(process, &call);
    arena_deinit(&arena);
}

static void stop_everything(struct process *process)
{
    int64_t drain_ms = config_duration_ms(process->config, "drain-time");
    atomic_store(&process->phase, PROCESS_DRAINING);
    tell_registry(process, process_announce_drain);
    process_servers_refuse(process);
    /* Nothing to do about a step that fails on the way out; it has said so. */
    status_ignore(run_step(process, drain_ms > 0 ? drain_ms : 1, drain_step));
    tell_registry(process, process_deregister);
    status_ignore(run_step(process, CLOSE_TIMEOUT_MS, stop_step));
    status_ignore(run_step(process, CLOSE_TIMEOUT_MS, close_step));
    process_servers_unbind(process);
}

static void run_process(void *argument)
{
    struct process *process = argument;
    enum status status = start_everything(process);
    if (status == STATUS_OK) {
        announce_ready(process);
        process_register(process);
        CHECK(fiber_wait(NULL, &process->stop_asked) == STATUS_OK);
        process_servers_stop_serving(process);
        loop_timer_stop(process->control, &process->access.session_timer);
        log_write(&process->log, LOG_INFO, "stopping", NULL);
    }
    stop_everything(process);
    if (status == STATUS_OK) {
        log_write(&process->log, LOG_INFO, "stopped", NULL);
    }
    process->exit_status = status == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
    loop_stop(process->control);
}

static void on_stop_signal(void *state, int number)
{
    struct process *process = state;
    (void)number;
    if (++process->signal_count > 1) {
        log_write(&process->log, LOG_WARNING, "stopped at once, by a second signal", NULL);
        _exit(EXIT_FAILURE);
    }
    fiber_wait_signal(&process->stop_asked);
}

static unsigned thread_count(const struct process *process)
{
    int64_t asked = config_integer(process->config, "threads");
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = asked > 0 ? (unsigned)asked : cores > 0 ? (unsigned)cores : 1;
    unsigned most =
        process->definition->threads_max > 0 ? process->definition->threads_max : LOOP_THREADS_MAX;
    return count < most ? count : most;
}

static enum status set_up(struct process *process)
{
    unsigned threads = thread_count(process);
    enum status status = loop_create(&process->control);
    if (status == STATUS_OK) {
        status = worker_pool_create("control", CONTROL_WORKERS, CONTROL_QUEUE_MAX, &process->pool);
    }
    if (status == STATUS_OK) {
        status = telemetry_create(threads, &process->telemetry);
    }
    if (status == STATUS_OK) {
        telemetry_add_source(process->telemetry, process_write_refused, process);
        process->start_seconds = telemetry_process_start();
        telemetry_add_source(process->telemetry, telemetry_process_write, &process->start_seconds);
    }
    if (status == STATUS_OK) {
        status = loop_threads_start(threads, &process->threads);
    }
    return status;
}

static int run_until_stopped(struct process *process)
{
    struct loop_signal *terminate = NULL;
    struct loop_signal *interrupt = NULL;
    fiber_wait_init(&process->stop_asked);
    enum status status = set_up(process);
    if (status == STATUS_OK) {
        status = loop_signal_open(process->control, SIGTERM, on_stop_signal, process, &terminate);
    }
    if (status == STATUS_OK) {
        status = loop_signal_open(process->control, SIGINT, on_stop_signal, process, &interrupt);
    }
    if (status == STATUS_OK) {
        status = process_watch_hangup(process);
    }
    if (status == STATUS_OK) {
        status = fiber_start(process->control, run_process, process);
    }
    if (status == STATUS_OK) {
        loop_run(process->control);
    } else {
        (void)fprintf(stderr, "%s: cannot start: %s\n", process->definition->program,
                      status_name(status)); /* nobody else to tell */
    }
    loop_signal_close(terminate);
    loop_signal_close(interrupt);
    loop_signal_close(process->hangup);
    process_guard_stop(process);
    worker_pool_destroy(process->pool);
    loop_threads_destroy(process->threads);
    loop_destroy(process->control);
    telemetry_destroy(process->telemetry);
    process_tls_close(process);
    process_tokens_close(process);
    process_guard_close(process);
    process_idempotency_close(process);
    return process->exit_status;
}

static enum status read_options(struct process *process, int argc, char **argv, int *ret_exit)
{
    const struct process_definition *definition = process->definition;
    const struct config_program program = {
        .name = definition->program,
        .service = definition->service,
        .summary = definition->summary,
        .usage = "[OPTIONS]",
        .options = definition->options,
        .option_count = definition->option_count,
        .more_options = process_options,
        .more_option_count = process_option_count,
    };
    struct call call;
    call_init(&call, &process->arena, 0);
    enum status status =
        config_load(&call, &program, argc, argv, environ, stdout, &process->config);
    if (status == STATUS_CANCELLED) {
        *ret_exit = EXIT_SUCCESS;
    } else if (status != STATUS_OK) {
        (void)fprintf(stderr, "%s: %.*s\n", definition->program, /* nobody else to tell */
                      TEXT_ARGUMENTS(call.error.message));
        *ret_exit = EXIT_USAGE;
    }
    return status;
}

/* Large messages have memory of their own. The C library would give it back to the kernel each
 * time, and take it again page by page: a third of the CPU time at 64 KiB. Refused, it is only
 * slower. */
static void keep_heap(void)
{
    (void)mallopt(M_TRIM_THRESHOLD, PROCESS_HEAP_KEPT_BYTES);
    (void)mallopt(M_MMAP_THRESHOLD, PROCESS_HEAP_MAPPED_BYTES);
}

int process_main(const struct process_definition *definition, void *self, int argc, char **argv)
{
    struct process *process = calloc(1, sizeof(*process));
    int exit_status = EXIT_FAILURE;
    standard_files_hold();
    keep_heap();
    /* A file at its size limit (RLIMIT_FSIZE) is a write that fails, as on a full disk. */
    (void)signal(SIGXFSZ, SIG_IGN);
    if (process == NULL) {
        return exit_status;
    }
    process->definition = definition;
    process->self = self;
    process->exit_status = EXIT_FAILURE;
    process->start_ns = clock_monotonic_ns();
    arena_init(&process->arena, PROCESS_ARENA_BYTES_MAX);
    if (read_options(process, argc, argv, &exit_status) == STATUS_OK) {
        process->log = (struct log){.fd = STDERR_FILENO, .service = definition->service};
        CHECK(log_level_parse(config_text(process->config, "log-level"), &process->log.level));
        CHECK(log_format_parse(config_text(process->config, "log-format"), &process->log.format));
        exit_status = run_until_stopped(process);
    }
    arena_deinit(&process->arena);
    free(process);
    return exit_status;
}
