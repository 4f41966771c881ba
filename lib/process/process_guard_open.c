/* What the options say of access: files read, limits made, and listeners that must not be. */
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/socket_address.h"
#include "loop/worker.h"
#include "process/process_guard.h"
#include "process/process_private.h"

static const char *const refusal_names[] = {
    [PROCESS_REFUSED_TOKEN] = "token",   [PROCESS_REFUSED_SCOPE] = "scope",
    [PROCESS_REFUSED_USER] = "user",     [PROCESS_REFUSED_ORIGIN] = "origin",
    [PROCESS_REFUSED_HOST] = "host",     [PROCESS_REFUSED_READS] = "reads",
    [PROCESS_REFUSED_WRITES] = "writes",
};

static void write_metrics(void *state, struct telemetry_page *page)
{
    struct process *process = state;
    struct process_access *access = &process->access;
    telemetry_write_family(page, "marquee_access_refused_total", "counter",
                           "Calls and requests refused, by what was wrong or too many.");
    for (size_t i = 0; i < PROCESS_REFUSALS; i++) {
        struct text label = {NULL, 0};
        char buffer[32];
        int length = snprintf(buffer, sizeof(buffer), "reason=\"%s\"", refusal_names[i]);
        label = text_of_bytes(buffer, length > 0 ? (size_t)length : 0);
        telemetry_write_sample(page, "marquee_access_refused_total", label.data,
                               (double)atomic_load(&access->refused[i]));
    }
    if (access->sessions != NULL) {
        telemetry_write_family(page, "marquee_sessions_opened_total", "counter",
                               "Sessions of browsers that were opened.");
        telemetry_write_sample(page, "marquee_sessions_opened_total", "",
                               (double)atomic_load(&access->sessions_opened));
    }
    if (access->grants != NULL) {
        telemetry_write_family(page, "marquee_access_tokens", "gauge",
                               "Tokens in the file that is named by --access-file.");
        telemetry_write_sample(page, "marquee_access_tokens", "",
                               (double)access_grants_count(access->grants));
    }
}

/* SIGHUP. */
static void reload_tokens(void *state)
{
    struct process *process = state;
    struct access_grants *grants = process->access.grants;
    struct arena arena;
    struct call call;
    struct log_field file = log_text("file", config_text(process->config, "access-file"));
    arena_init(&arena, PROCESS_ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    if (access_grants_reload(&call, grants) == STATUS_OK) {
        log_write(&process->log, LOG_INFO, "tokens read again",
                  LOG_FIELDS(file, log_integer("tokens", (int64_t)access_grants_count(grants))));
    } else {
        log_call(&process->log, LOG_ERROR, &call, "goes on with the tokens before",
                 LOG_FIELDS(file));
    }
    arena_deinit(&arena);
}

/* Services of one process ask each other, too: by a secret that nobody else knows. */
static enum status draw_own_secret(struct process *process, struct call *call)
{
    char secret[ACCESS_TOKEN_BYTES];
    access_token_draw(secret);
    enum status status = access_tokens_create(call, text_of(secret), &process->tokens);
    explicit_bzero(secret, sizeof(secret));
    return status;
}

enum status process_guard_open(struct process *process, struct call *call)
{
    struct process_access *access = &process->access;
    struct text file = config_text(process->config, "access-file");
    enum status status = STATUS_OK;
    if (file.length > 0) {
        status = access_grants_open(call, file.data, &access->grants);
    }
    if (access->grants != NULL) {
        process_add_reload(process, reload_tokens, process);
    }
    if (status == STATUS_OK && access->grants != NULL && process->tokens == NULL) {
        status = draw_own_secret(process, call);
    }
    access->is_on = access->grants != NULL || process->tokens != NULL;
    access->opens_reads = config_boolean(process->config, "open-reads");
    telemetry_add_source(process->telemetry, write_metrics, process);
    return status;
}

/* SIGHUP, and now and then. */
static void refresh_sessions(void *state)
{
    struct process *process = state;
    struct arena arena;
    struct call call;
    arena_init(&arena, PROCESS_ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    if (access_sessions_refresh(&call, process->access.sessions, clock_wall_ms()) != STATUS_OK) {
        log_call(&process->log, LOG_ERROR, &call, "goes on with the keys of sessions before", NULL);
    }
    arena_deinit(&arena);
}

enum status process_open_sessions(struct process *process, struct call *call)
{
    struct process_access *access = &process->access;
    struct text file = config_text(process->config, "session-keys");
    access->session_lifetime_ms = config_duration_ms(process->config, "session-lifetime");
    process_add_reload(process, refresh_sessions, process);
    enum status status = access_sessions_open(call, file.length > 0 ? file.data : NULL,
                                              clock_wall_ms(), &access->sessions);
    if (status == STATUS_OK && access_sessions_are_shared(access->sessions)) {
        status = worker_pool_create("sessions", 1, PROCESS_SESSION_ENDS_WAITING_MAX,
                                    &access->session_writer);
    }
    return status == STATUS_OK ? status
                               : call_fail(call, status, "no memory or threads for sessions");
}

static void look_at_ends(struct process *process)
{
    struct arena arena;
    struct call call;
    arena_init(&arena, PROCESS_ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    if (access_sessions_look(&call, process->access.sessions, clock_wall_ms()) != STATUS_OK) {
        log_call(&process->log, LOG_ERROR, &call,
                 "goes on with the sessions that it knows to be ended", NULL);
    }
    arena_deinit(&arena);
}

static void start_session_timer(struct process *process)
{
    struct loop_timer *timer = &process->access.session_timer;
    int64_t due_ns = loop_now_ns(process->control) + PROCESS_SESSION_ENDS_LOOK_MS * CLOCK_NS_PER_MS;
    if (loop_timer_start(process->control, timer, due_ns) != STATUS_OK) {
        log_write(&process->log, LOG_ERROR, "the keys of sessions stay: no timer can be had", NULL);
    }
}

static void on_session_timer(struct loop_timer *timer)
{
    struct process_access *access = CONTAINER_OF(timer, struct process_access, session_timer);
    struct process *process = CONTAINER_OF(access, struct process, access);
    int64_t now_ns = loop_now_ns(process->control);
    look_at_ends(process);
    if (now_ns >= access->session_keys_due_ns) {
        refresh_sessions(process);
        access->session_keys_due_ns = now_ns + PROCESS_SESSION_KEYS_LOOK_MS * CLOCK_NS_PER_MS;
    }
    start_session_timer(process);
}

void process_guard_start(struct process *process)
{
    struct process_access *access = &process->access;
    if (access->sessions == NULL) {
        return;
    }
    access->session_timer.expire = on_session_timer;
    access->session_keys_due_ns =
        loop_now_ns(process->control) + PROCESS_SESSION_KEYS_LOOK_MS * CLOCK_NS_PER_MS;
    start_session_timer(process);
}

void process_guard_stop(struct process *process)
{
    worker_pool_destroy(process->access.session_writer);
    process->access.session_writer = NULL;
}

void process_guard_close(struct process *process)
{
    struct process_access *access = &process->access;
    access_grants_destroy(access->grants);
    access_sessions_destroy(access->sessions);
    access_limit_destroy(access->reads);
    access_limit_destroy(access->writes);
}

static bool is_on_loopback(struct text address)
{
    struct arena arena;
    struct call call;
    struct text host;
    uint16_t port;
    arena_init(&arena, ARENA_CHUNK_BYTES);
    call_init(&call, &arena, 0);
    bool is_loopback = http_address_split(&call, address, &host, &port) == STATUS_OK &&
                       socket_address_is_loopback(host);
    arena_deinit(&arena);
    return is_loopback;
}

/* STATUS_FAILED_PRECONDITION: strangers could reach it, and nobody is asked who they are. */
static enum status check_listener(struct process *process, struct call *call,
                                  struct process_server *server)
{
    const struct process_listener *spec = &server->spec;
    const struct config *config = process->config;
    bool asks = process->access.is_on || config_text(config, "tls-client-ca").length > 0;
    struct log_field listen = log_text("listen", spec->address);
    if (spec->guards_routes && process->access.grants != NULL) {
        return call_fail(call, STATUS_FAILED_PRECONDITION,
                         "--access-file is not for this service: use --token-file");
    }
    server->is_on_loopback = is_on_loopback(spec->address);
    server->checks_hosts = process->allowed_host_count > 0 ||
                           (server->is_on_loopback && (!asks || process->access.opens_reads));
    if (server->is_on_loopback) {
        return STATUS_OK;
    }
    if (!asks && !config_boolean(config, "trust-network")) {
        return call_fail(call, STATUS_FAILED_PRECONDITION,
                         "%.*s is beyond loopback and whoever reaches it could do everything: use "
                         "--access-file, --token-file or --tls-client-ca, or --trust-network if "
                         "nobody else is on that network",
                         TEXT_ARGUMENTS(spec->address));
    }
    if (!asks) {
        log_write(&process->log, LOG_WARNING, "whoever reaches this address may do everything",
                  LOG_FIELDS(listen));
    } else if (process->tls_server == NULL) {
        log_write(&process->log, LOG_WARNING,
                  "without TLS, whoever can listen on the network learns tokens and sessions",
                  LOG_FIELDS(listen));
    }
    return STATUS_OK;
}

/* What the option says, or else what holds beyond loopback. */
static enum status create_limit(struct process *process, struct call *call, const char *option,
                                int64_t beyond_loopback, struct access_limit **ret_limit)
{
    int64_t rate = config_is_given(process->config, option)
                       ? config_integer(process->config, option)
                       : beyond_loopback;
    if (rate == 0) {
        return STATUS_OK;
    }
    enum status status = access_limit_create(
        (unsigned)rate, (unsigned)rate * PROCESS_LIMIT_BURST_SECONDS, ret_limit);
    return status == STATUS_OK ? status
                               : call_fail(call, status, "no memory for limits of clients");
}

enum status process_guard_listeners(struct process *process, struct call *call)
{
    bool strangers_come = false;
    enum status status = process_take_hosts(process, call);
    if (status != STATUS_OK) {
        return status;
    }
    for (unsigned i = 0; i < process->server_count; i++) {
        struct process_server *server = &process->servers[i];
        status = check_listener(process, call, server);
        if (status != STATUS_OK) {
            return status;
        }
        strangers_come = strangers_come || (process->access.is_on && !server->is_on_loopback);
    }
    status =
        create_limit(process, call, "rate-limit-reads",
                     strangers_come ? PROCESS_READS_BEYOND_LOOPBACK : 0, &process->access.reads);
    return status == STATUS_OK ? create_limit(process, call, "rate-limit-writes",
                                              strangers_come ? PROCESS_WRITES_BEYOND_LOOPBACK : 0,
                                              &process->access.writes)
                               : status;
}
