/* marquee up: the registry and the services, with sample data, on this machine. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>

#include "access/access_tokens.h"
#include "http/http_client.h"
#include "loop/loop_signal.h"
#include "marquee/own_directory.h"
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "marquee/up_children.h"
#include "marquee/up_sample.h"
#include "marquee/up_tokens.h"
#include "rating/rating_guard.h"

#define READY_TIMEOUT_MS INT64_C(60000)

#define LISTEN_OPTION(service, port, who)                                                          \
    {                                                                                              \
        .name = "listen-" service, .kind = CONFIG_TEXT, .argument = "HOST:PORT",                   \
        .default_value = "127.0.0.1:" port, .help = "where " who " answers"                        \
    }

static const struct config_option options[] = {
    {.name = "data",
     .kind = CONFIG_TEXT,
     .argument = "DIRECTORY",
     .default_value = "var",
     .help = "where stores, event log and logs are kept"},
    {.name = "restart",
     .kind = CONFIG_BOOLEAN,
     .default_value = "true",
     .help = "start again what dies; --no-restart does not"},
    {.name = "sample",
     .kind = CONFIG_BOOLEAN,
     .default_value = "true",
     .help = "load the sample movies and votes, once; --no-sample does not"},
    {.name = "single-process", .kind = CONFIG_BOOLEAN, .help = "run the services in one process"},
    {.name = "rating-source",
     .kind = CONFIG_CHOICE,
     .argument = "call|cached|local",
     .default_value = "call",
     .help = "where the movie service takes ratings from (docs/events.md)"},
    RATING_GUARD_OPTIONS,
    LISTEN_OPTION("metadata", "8081", "the metadata service"),
    LISTEN_OPTION("rating", "8082", "the rating service"),
    LISTEN_OPTION("movie", "8083", "the movie service"),
    LISTEN_OPTION("review", "8084", "the review service"),
    LISTEN_OPTION("recommendation", "8085", "the recommendation service"),
    LISTEN_OPTION("registry", "8500", "the registry"),
    {.name = "listen-dns",
     .kind = CONFIG_TEXT,
     .argument = "HOST:PORT",
     .default_value = "127.0.0.1:8600",
     .help = "where the registry answers DNS; empty for nowhere"},
    {.name = "tls-certificate",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "all serve TLS only, with this certificate and those above it (PEM)"},
    {.name = "tls-key",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "the certificate's key (PEM, not encrypted)"},
    {.name = "tls-client-ca",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "all require clients' certificates, from these authorities (PEM)"},
    {.name = "tls-ca",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "whom they trust when they ask each other and the registry (PEM)"},
    {.name = "tls-peer-name",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .help = "the name that the certificate has; else the hosts that are listened on"},
    {.name = "access",
     .kind = CONFIG_BOOLEAN,
     .help = "ask callers for tokens (marquee token): DATA/access is made, with one of an admin"},
    {.name = "open-reads",
     .kind = CONFIG_BOOLEAN,
     .help = "with --access: to read, nobody needs a token"},
    {.name = "trust-network",
     .kind = CONFIG_BOOLEAN,
     .help = "listen beyond loopback although nobody is asked who they are"},
    {.name = "token-file",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "who calls a service must show a secret of it; they show each other the first"},
    {.name = "registry-token-file",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "who asks the registry must show a secret of it; the services show the first"},
    {.name = "registry-read-token-file",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "or one of it, to read alone"},
};

static const struct config_program program = {
    .name = "marquee up",
    .service = CONFIG_COMMANDS,
    .summary = "marquee up: start the registry and the services, and start again what dies.",
    .usage = "[OPTIONS]",
    .epilogue = "Ctrl-C stops everything, in peace; a second one at once.\n\n"
                "exit status: 0 it was stopped, 1 something did not start, 2 wrong usage\n\n"
                "example: marquee up --data var --no-sample\n"
                "         marquee up --burst-guard quarantine --burst-floor 50\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
};

struct up {
    struct session *session;
    struct supervisor supervisor;
    struct up_addresses addresses;
    struct up_access access;
    struct loop_signal *signals[3];
    struct text data;
    unsigned signal_count;
};

static void on_signal(void *state, int number)
{
    struct up *up = state;
    (void)number;
    if (up->signal_count++ == 0) {
        /* A failed write has nobody to be told. */
        (void)fputs("stopping\n", up->session->input->output);
        (void)fflush(up->session->input->output);
        supervisor_stop(&up->supervisor);
    } else {
        supervisor_kill(&up->supervisor);
    }
}

/* The children read their files again. */
static void on_hangup(void *state, int number)
{
    struct up *up = state;
    supervisor_signal(&up->supervisor, number);
}

static enum status open_signals(struct up *up)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    bool has_files = up_access_is_secure(&up->access) || up->access.tokens.length > 0 ||
                     up->access.registry_tokens.length > 0;
    enum status status = has_files ? loop_signal_open(up->session->loop, SIGHUP, on_hangup, up,
                                                      &up->signals[ARRAY_LENGTH(numbers)])
                                   : STATUS_OK;
    for (size_t i = 0; i < ARRAY_LENGTH(numbers) && status == STATUS_OK; i++) {
        status = loop_signal_open(up->session->loop, numbers[i], on_signal, up, &up->signals[i]);
    }
    return status;
}

/* The folder and those above it. */
static enum status make_directory(struct call *call, struct text path)
{
    char buffer[PATH_MAX];
    if (path.length == 0 || !text_to_c_string(path, buffer, sizeof(buffer))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the folder's path is empty or too long");
    }
    for (size_t end = 1; end <= path.length; end++) {
        char kept = buffer[end];
        if (kept != '/' && kept != '\0') {
            continue;
        }
        buffer[end] = '\0';
        if (mkdir(buffer, S_IRWXU) != 0 && errno != EEXIST) {
            return call_fail(call, STATUS_UNAVAILABLE, "%s: %s", buffer, strerrordesc_np(errno));
        }
        buffer[end] = kept;
    }
    return STATUS_OK;
}

/* Tokens are made if need be, and this session, which loads the sample, shows what services do. */
static enum status open_access(struct up *up)
{
    struct session *session = up->session;
    enum status status = make_directory(&session->call, up->data);
    if (status == STATUS_OK) {
        status = up_tokens_make(&session->call, up->data, session->input->output, &up->access);
    }
    access_tokens_destroy(session->tokens);
    session->tokens = NULL;
    return status == STATUS_OK
               ? access_tokens_open(&session->call, up->access.tokens.data, &session->tokens)
               : status;
}

static enum status prepare(struct up *up)
{
    struct session *session = up->session;
    struct supervisor *supervisor = &up->supervisor;
    struct call *call = &session->call;
    *supervisor = (struct supervisor){
        .loop = session->loop,
        .output = session->input->output,
        .restart = config_boolean(session->config, "restart"),
        .arena = &session->arena,
        .log_directory = arena_format(&session->arena, "%.*s/log", TEXT_ARGUMENTS(up->data)),
    };
    const struct up_shape shape = {
        .data = up->data,
        .single_process = config_boolean(session->config, "single-process"),
        .rating_source = config_text(session->config, "rating-source"),
        .guard = {.guard = config_text(session->config, "burst-guard"),
                  .window_ms = config_duration_ms(session->config, "burst-window"),
                  .floor = config_integer(session->config, "burst-floor"),
                  .multiple = config_integer(session->config, "burst-multiple")},
    };
    supervisor_init(supervisor);
    call->cancellation = &supervisor->stop;
    session->addresses[SESSION_METADATA] = up_address_reached(call->arena, up->addresses.metadata);
    enum status status = own_directory_program(call, TEXT(""), &supervisor->own_path);
    if (status == STATUS_OK) {
        status = up_access_check(call, &up->access);
    }
    if (status == STATUS_OK && config_boolean(session->config, "access")) {
        status = open_access(up);
    }
    if (status == STATUS_OK) {
        status = up_children_define(supervisor, call, &up->addresses, &up->access, &shape);
    }
    if (status == STATUS_OK) {
        status = up_addresses_check(call, &up->addresses);
    }
    if (status == STATUS_OK) {
        status = make_directory(call, supervisor->log_directory);
    }
    if (status == STATUS_OK) {
        status = http_client_create(session->loop, &supervisor->client);
    }
    if (status != STATUS_OK) {
        return status;
    }
    supervisor->secure = up_access_is_secure(&up->access);
    http_client_set_tls(supervisor->client,
                        &(struct http_client_tls){.ca_file = up->access.ca.data,
                                                  .certificate_file = up->access.certificate.data,
                                                  .key_file = up->access.key.data,
                                                  .peer_name = up->access.peer_name.data});
    return open_signals(up);
}

/* Starts the children [from, to) and waits for them to be ready. */
static enum status start(struct up *up, size_t from, size_t to)
{
    struct supervisor *supervisor = &up->supervisor;
    struct call call = call_within(&up->session->call, READY_TIMEOUT_MS);
    enum status status = STATUS_OK;
    for (size_t i = from; i < to && status == STATUS_OK; i++) {
        status = supervisor_start(supervisor, &supervisor->children[i]);
    }
    if (status == STATUS_OK) {
        status = supervisor_wait_ready(supervisor, &call);
    }
    if (status == STATUS_DEADLINE_EXCEEDED) {
        return call_fail(&up->session->call, status, "not everything was ready after %d s",
                         (int)(READY_TIMEOUT_MS / 1000));
    }
    return status;
}

static void print_addresses(const struct up *up)
{
    FILE *output = up->session->input->output;
    const struct text *log = &up->supervisor.log_directory;
    const char *scheme = up->supervisor.secure ? "https" : "http";
    (void)fprintf(
        output,
        "\n%sMarquee is up.%s\n"
        "  movie           %s://%.*s (the page; gRPC and HTTP)\n"
        "  rating          %s://%.*s\n"
        "  metadata        %s://%.*s\n"
        "  review          %s://%.*s\n"
        "  recommendation  %s://%.*s\n"
        "  registry        %s://%.*s (its page: /ui/)\n"
        "  logs            %.*s\n\n",
        terminal_colour(output, TERMINAL_BOLD), terminal_colour(output, TERMINAL_PLAIN), scheme,
        TEXT_ARGUMENTS(up->addresses.movie), scheme, TEXT_ARGUMENTS(up->addresses.rating), scheme,
        TEXT_ARGUMENTS(up->addresses.metadata), scheme, TEXT_ARGUMENTS(up->addresses.review),
        scheme, TEXT_ARGUMENTS(up->addresses.recommendation), scheme,
        TEXT_ARGUMENTS(up->addresses.registry), TEXT_ARGUMENTS(*log));
    if (up->access.grants.length > 0) {
        (void)fprintf(
            output,
            "  tokens    %.*s (marquee token --access-file; then SIGHUP)\n"
            "            marquee movie tt0133093 --token-file %.*s/access/admin-token\n\n",
            TEXT_ARGUMENTS(up->access.grants), TEXT_ARGUMENTS(up->data));
    }
    (void)fflush(output);
}

static enum status load_sample(struct up *up)
{
    struct session *session = up->session;
    if (!config_boolean(session->config, "sample")) {
        return STATUS_OK;
    }
    struct text event_log =
        arena_format(session->call.arena, "%.*s/eventlog", TEXT_ARGUMENTS(up->data));
    return event_log.data != NULL ? up_sample_load(session, up->data, event_log)
                                  : STATUS_RESOURCE_EXHAUSTED;
}

/* The registry first, so that the services find each other at once. */
static enum status run(struct up *up)
{
    enum status status = start(up, 0, 1);
    if (status == STATUS_OK) {
        status = start(up, 1, up->supervisor.child_count);
    }
    if (status == STATUS_OK) {
        status = load_sample(up);
    }
    if (status == STATUS_OK) {
        print_addresses(up);
    } else {
        supervisor_stop(&up->supervisor);
    }
    supervisor_join(&up->supervisor);
    /* Stopped by a signal is as it should be; a child that did not start has said so itself. */
    bool is_stopped = up->signal_count > 0 && !up->supervisor.failed;
    up->session->failed = !is_stopped;
    return is_stopped || status == STATUS_CANCELLED ? STATUS_OK : status;
}

static enum status run_up(struct session *session)
{
    const struct config *config = session->config;
    struct up *up = arena_calloc(&session->arena, 1, sizeof(*up));
    if (up == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    up->session = session;
    up->data = config_text(config, "data");
    up->addresses = (struct up_addresses){
        .registry = config_text(config, "listen-registry"),
        .dns = config_text(config, "listen-dns"),
        .metadata = config_text(config, "listen-metadata"),
        .rating = config_text(config, "listen-rating"),
        .movie = config_text(config, "listen-movie"),
        .review = config_text(config, "listen-review"),
        .recommendation = config_text(config, "listen-recommendation"),
    };
    up->access = (struct up_access){
        .certificate = config_text(config, "tls-certificate"),
        .key = config_text(config, "tls-key"),
        .client_ca = config_text(config, "tls-client-ca"),
        .ca = config_text(config, "tls-ca"),
        .peer_name = config_text(config, "tls-peer-name"),
        .trusts_network = config_boolean(config, "trust-network"),
        .opens_reads = config_boolean(config, "open-reads"),
        .tokens = config_text(config, "token-file"),
        .registry_tokens = config_text(config, "registry-token-file"),
        .registry_read_tokens = config_text(config, "registry-read-token-file"),
    };
    if (up->data.length == 0) { /* "/log" and the like are nobody's to be made by accident */
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT, "--data: a directory is needed");
    }
    enum status status = prepare(up);
    if (status == STATUS_OK) {
        status = run(up);
    }
    session->call.cancellation = NULL;
    http_client_destroy(up->supervisor.client);
    for (size_t i = 0; i < ARRAY_LENGTH(up->signals); i++) {
        loop_signal_close(up->signals[i]);
    }
    return status;
}

int up_command(const struct command_input *input)
{
    return session_run(input, &program, run_up);
}
