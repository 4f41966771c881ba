#include "marquee/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/http_client.h"
#include "loop/loop_process.h"
#include "marquee/supervisor_private.h"
#include "marquee/terminal.h"

enum { READY_TIMEOUT_MS = 1000, CALL_BYTES_MAX = 64 * 1024 };

void supervisor_init(struct supervisor *supervisor)
{
    cancellation_init(&supervisor->stop);
    fiber_group_init(&supervisor->fibers);
    fiber_wait_init(&supervisor->changed);
    (void)snprintf(supervisor->own_process, sizeof(supervisor->own_process), "%d", (int)getpid());
}

static void on_ended(void *state, int64_t exit_status, int number)
{
    struct supervisor_child *child = state;
    child->has_ended = true;
    child->exit_status = exit_status;
    child->signal = number;
    loop_process_close(child->process);
    child->process = NULL;
    fiber_wait_signal(&child->ended);
}

static int open_log(struct supervisor_child *child)
{
    struct stat entry;
    int fd =
        open(child->log_path.data, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
    child->log_offset = fd >= 0 && fstat(fd, &entry) == 0 ? entry.st_size : 0;
    return fd;
}

/* The program as a child of `marquee child-of`, which becomes it. */
static enum status spawn(struct supervisor_child *child)
{
    struct supervisor *supervisor = child->supervisor;
    const char *arguments[SUPERVISOR_ARGUMENTS_MAX + 5];
    size_t count = 0;
    int log = open_log(child);
    if (log < 0) {
        supervisor_say(child, TERMINAL_RED, "its log cannot be opened: %s", strerrordesc_np(errno));
        return STATUS_UNAVAILABLE;
    }
    arguments[count++] = supervisor->own_path.data;
    arguments[count++] = "child-of";
    arguments[count++] = supervisor->own_process;
    arguments[count++] = child->path.data;
    for (size_t i = 0; child->arguments[i] != NULL; i++) {
        arguments[count++] = child->arguments[i];
    }
    arguments[count] = NULL;
    const struct loop_process_options options = {
        .arguments = arguments, .output_fd = log, .exited = on_ended, .state = child};
    child->has_ended = false;
    child->ready = false;
    fiber_wait_init(&child->ended);
    enum status status = loop_process_start(supervisor->loop, &options, &child->process);
    (void)close(log); /* the child's now */
    child->started_ns = clock_monotonic_ns();
    return status;
}

static bool is_address_ready(struct supervisor *supervisor, struct text address)
{
    struct arena arena;
    struct call call;
    struct http_client_reply reply;
    arena_init(&arena, CALL_BYTES_MAX);
    call_init(&call, &arena, READY_TIMEOUT_MS);
    call.cancellation = &supervisor->stop;
    const struct http_client_request request = {
        .method = "GET",
        .url = arena_format(&arena, "%s://%.*s/readyz", supervisor->secure ? "https" : "http",
                            TEXT_ARGUMENTS(address))};
    enum status status = request.url.data == NULL
                             ? STATUS_RESOURCE_EXHAUSTED
                             : http_client_send(supervisor->client, &call, &request, &reply);
    arena_deinit(&arena);
    return status == STATUS_OK && reply.status == 200;
}

static bool is_ready(struct supervisor_child *child)
{
    for (size_t i = 0; i < child->address_count; i++) {
        if (!is_address_ready(child->supervisor, child->addresses[i])) {
            return false;
        }
    }
    return true;
}

static bool is_over(const struct supervisor_child *child)
{
    return child->has_ended || child->supervisor->stop.requested;
}

/* Parks for at most a time (0: without limit), unless the child has ended or everything is to stop.
 * Returns whether one of the two is so. */
static bool wait_over(struct supervisor_child *child, int64_t timeout_ms)
{
    struct arena arena;
    struct call call;
    if (is_over(child)) {
        return true; /* the signal may have been taken already */
    }
    arena_init(&arena, CALL_BYTES_MAX);
    call_init(&call, &arena, timeout_ms);
    call.cancellation = &child->supervisor->stop;
    status_ignore(fiber_wait(&call, &child->ended)); /* whatever woke it is looked at below */
    arena_deinit(&arena);
    return is_over(child);
}

static void live_once(struct supervisor_child *child)
{
    supervisor_say(child, TERMINAL_PLAIN, "started (process %d)", loop_process_id(child->process));
    while (!wait_over(child, SUPERVISOR_READY_POLL_MS)) {
        if (is_ready(child) && !child->has_ended) {
            child->ready = child->was_ready = true;
            supervisor_say_ready(child);
            fiber_wait_signal(&child->supervisor->changed);
            break;
        }
    }
    while (!wait_over(child, 0)) {
    }
    child->ready = false;
}

/* SIGTERM, patience, SIGKILL. */
static void stop_child(struct supervisor_child *child)
{
    struct arena arena;
    struct call call;
    loop_process_signal(child->process, SIGTERM);
    arena_init(&arena, CALL_BYTES_MAX);
    call_init(&call, &arena, SUPERVISOR_STOP_MS);
    while (!child->has_ended) {
        if (fiber_wait(&call, &child->ended) != STATUS_OK && !child->has_ended) {
            loop_process_signal(child->process, SIGKILL);
            call.deadline_ns = CALL_NO_DEADLINE;
        }
    }
    arena_deinit(&arena);
    supervisor_say(child, TERMINAL_PLAIN, child->signal == SIGKILL ? "killed" : "stopped");
}

static int64_t next_backoff(const struct supervisor_child *child, int64_t backoff_ms)
{
    int64_t alive_ms = (clock_monotonic_ns() - child->started_ns) / CLOCK_NS_PER_MS;
    if (backoff_ms == 0 || alive_ms >= SUPERVISOR_BACKOFF_RESET_MS) {
        return SUPERVISOR_BACKOFF_MS;
    }
    return backoff_ms < SUPERVISOR_BACKOFF_MS_MAX / 2 ? backoff_ms * 2 : SUPERVISOR_BACKOFF_MS_MAX;
}

/* Whether it is worth while to start it again. */
static bool judge_death(struct supervisor_child *child, int64_t backoff_ms)
{
    struct supervisor *supervisor = child->supervisor;
    if (!child->was_ready && child->signal == 0) {
        supervisor_say_last_words(child);
        supervisor->failed = true;
        supervisor_stop(supervisor);
        return false;
    }
    supervisor_say_death(child, supervisor->restart ? backoff_ms : 0);
    return supervisor->restart;
}

static void live(void *argument)
{
    struct supervisor_child *child = argument;
    struct supervisor *supervisor = child->supervisor;
    struct call pause;
    int64_t backoff_ms = 0;
    while (!supervisor->stop.requested) {
        if (spawn(child) != STATUS_OK) {
            supervisor_say(child, TERMINAL_RED, "cannot be started");
            supervisor->failed = true;
            supervisor_stop(supervisor);
            break;
        }
        live_once(child);
        if (!child->has_ended) {
            stop_child(child);
            break;
        }
        if (supervisor->stop.requested) {
            supervisor_say(child, TERMINAL_PLAIN, "stopped");
            break;
        }
        backoff_ms = next_backoff(child, backoff_ms);
        if (!judge_death(child, backoff_ms)) {
            break;
        }
        call_init(&pause, supervisor->arena, 0);
        pause.cancellation = &supervisor->stop;
        status_ignore(fiber_sleep(&pause, backoff_ms * CLOCK_NS_PER_MS)); /* or is to stop */
    }
    fiber_wait_signal(&supervisor->changed);
}

enum status supervisor_start(struct supervisor *supervisor, struct supervisor_child *child)
{
    child->log_path = arena_format(supervisor->arena, "%.*s/%s.log",
                                   TEXT_ARGUMENTS(supervisor->log_directory), child->name);
    if (child->log_path.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    child->supervisor = supervisor;
    return fiber_group_start(&supervisor->fibers, live, child);
}

static bool are_ready(const struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->child_count; i++) {
        if (supervisor->children[i].supervisor != NULL && !supervisor->children[i].ready) {
            return false;
        }
    }
    return true;
}

enum status supervisor_wait_ready(struct supervisor *supervisor, struct call *call)
{
    while (!are_ready(supervisor)) {
        enum status status = fiber_wait(call, &supervisor->changed);
        if (status != STATUS_OK) {
            return status;
        }
        if (supervisor->stop.requested) {
            return STATUS_CANCELLED;
        }
    }
    return supervisor->stop.requested ? STATUS_CANCELLED : STATUS_OK;
}

void supervisor_stop(struct supervisor *supervisor)
{
    cancellation_request(&supervisor->stop);
    fiber_wait_signal(&supervisor->changed);
}

void supervisor_signal(struct supervisor *supervisor, int number)
{
    for (size_t i = 0; i < supervisor->child_count; i++) {
        if (supervisor->children[i].process != NULL) {
            loop_process_signal(supervisor->children[i].process, number);
        }
    }
}

void supervisor_kill(struct supervisor *supervisor)
{
    supervisor_signal(supervisor, SIGKILL);
}

void supervisor_join(struct supervisor *supervisor)
{
    fiber_group_join(&supervisor->fibers);
}
