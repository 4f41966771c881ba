/* The process's certificates: its own, for those who connect, and whom it trusts itself. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "http/tls.h"
#include "process/process_private.h"

static const char *file_of(const struct process *process, const char *option)
{
    return config_text(process->config, option).data; /* ends in NUL */
}

static bool is_given(const struct process *process, const char *option)
{
    return config_text(process->config, option).length > 0;
}

static enum status check_options(const struct process *process, struct call *call)
{
    bool has_certificate = is_given(process, "tls-certificate");
    if (has_certificate != is_given(process, "tls-key")) {
        return call_fail(call, STATUS_FAILED_PRECONDITION,
                         "--tls-certificate and --tls-key are given together");
    }
    if (is_given(process, "tls-client-ca") && !has_certificate) {
        return call_fail(call, STATUS_FAILED_PRECONDITION,
                         "--tls-client-ca needs --tls-certificate");
    }
    if (is_given(process, "tls-peer-name") && !is_given(process, "tls-ca")) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "--tls-peer-name needs --tls-ca");
    }
    return STATUS_OK;
}

static void log_expiry(struct process *process)
{
    char date[32];
    time_t not_after = (time_t)tls_context_not_after_s(process->tls_server);
    struct tm parts;
    if (gmtime_r(&not_after, &parts) != NULL &&
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &parts) > 0) {
        log_write(&process->log, LOG_INFO, "certificate",
                  LOG_FIELDS(log_string("file", file_of(process, "tls-certificate")),
                             log_string("not_after", date)));
    }
}

static void write_metrics(void *state, struct telemetry_page *page)
{
    struct process *process = state;
    telemetry_write_family(page, "tls_certificate_not_after_seconds", "gauge",
                           "When the certificate that is served ends, in seconds since 1970.");
    telemetry_write_sample(page, "tls_certificate_not_after_seconds", "",
                           (double)tls_context_not_after_s(process->tls_server));
    telemetry_write_family(page, "tls_connections_refused_total", "counter",
                           "Connections that ended in their handshake, or were not of TLS.");
    telemetry_write_sample(page, "tls_connections_refused_total", "",
                           (double)atomic_load(&process->refusals));
}

/* false: there is nothing new. */
static bool reload(struct process *process, struct tls_context *context)
{
    struct arena arena;
    struct call call;
    if (context == NULL) {
        return false;
    }
    arena_init(&arena, PROCESS_ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    bool done = tls_context_reload(&call, context) == STATUS_OK;
    if (!done) {
        log_call(&process->log, LOG_ERROR, &call, "goes on with the certificates before", NULL);
    }
    arena_deinit(&arena);
    return done;
}

static void reload_certificates(void *state)
{
    struct process *process = state;
    (void)reload(process, process->tls_client);
    if (reload(process, process->tls_server)) {
        log_expiry(process);
    }
}

enum status process_tls_open(struct process *process, struct call *call)
{
    enum status status = check_options(process, call);
    if (status == STATUS_OK && is_given(process, "tls-certificate")) {
        const struct tls_options options = {
            .side = TLS_SERVER,
            .certificate_file = file_of(process, "tls-certificate"),
            .key_file = file_of(process, "tls-key"),
            .ca_file = file_of(process, "tls-client-ca"),
            .client_certificate = is_given(process, "tls-client-ca")
                                      ? TLS_CLIENT_CERTIFICATE_REQUIRED
                                      : TLS_CLIENT_CERTIFICATE_UNASKED,
        };
        status = tls_context_create(call, &options, &process->tls_server);
        if (status == STATUS_OK) {
            log_expiry(process);
            telemetry_add_source(process->telemetry, write_metrics, process);
        }
    }
    if (status == STATUS_OK && is_given(process, "tls-ca")) {
        const struct tls_options options = {
            .side = TLS_CLIENT,
            .certificate_file = file_of(process, "tls-certificate"),
            .key_file = file_of(process, "tls-key"),
            .ca_file = file_of(process, "tls-ca"),
            .peer_name = file_of(process, "tls-peer-name"),
        };
        status = tls_context_create(call, &options, &process->tls_client);
    }
    if (process->tls_server != NULL || process->tls_client != NULL) {
        process_add_reload(process, reload_certificates, process);
    }
    return status;
}

void process_tls_close(struct process *process)
{
    tls_context_destroy(process->tls_server);
    tls_context_destroy(process->tls_client);
}

bool process_may_log_refusal(struct process *process)
{
    int64_t second = loop_now_ns(loop_current()) / CLOCK_NS_PER_S;
    int64_t seen = atomic_load(&process->refusal_second);
    if (second != seen && atomic_compare_exchange_strong(&process->refusal_second, &seen, second)) {
        atomic_store(&process->refusals_logged, 0);
    }
    return atomic_fetch_add(&process->refusals_logged, 1) < PROCESS_REFUSALS_LOGGED_MAX;
}

void process_connection_refused(void *state, struct text peer, const char *reason)
{
    struct process *process = state;
    (void)atomic_fetch_add(&process->refusals, 1);
    if (process_may_log_refusal(process)) {
        log_write(&process->log, LOG_INFO, "connection refused",
                  LOG_FIELDS(log_text("peer", peer), log_string("reason", reason)));
    }
}
