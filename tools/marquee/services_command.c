/* marquee services: what the registry knows, and how well it is. */
#include "access/access_tokens.h"
#include "base/buffer.h"
#include "discovery/consul_discovery.h"
#include "discovery/discovery.h"
#include "http/http_client.h"
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "json/json.h"

enum {
    SERVICE_COLUMN = 12,
    INSTANCE_COLUMN = 36,
    ADDRESS_COLUMN = 24,
    JSON_BYTES_MAX = 4 * 1024 * 1024,
    ANSWER_MS = 2000, /* for a registry to show that it is there, when there are others */
};

static const struct config_option options[] = {
    {.name = "registry",
     .kind = CONFIG_TEXT,
     .argument = "[https://]HOST:PORT,…",
     .default_value = "127.0.0.1:8500",
     .help = "where the registry is; of several, the first that answers is asked"},
    SESSION_TLS_OPTIONS("the registry requires"),
    {.name = "registry-token-file",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "the first secret in it is shown to the registry"},
    {.name = "timeout",
     .kind = CONFIG_DURATION,
     .argument = "TIME",
     .default_value = "10s",
     .help = "how long it may take",
     .minimum = 1,
     .maximum = INT64_C(3600000)},
    {.name = "json", .kind = CONFIG_BOOLEAN, .help = "print a list of objects as JSON"},
};

static const struct config_program program = {
    .name = "marquee services",
    .service = "cli",
    .summary = "marquee services: list the registered instances: name, id, address, health.",
    .usage = "[OPTIONS]",
    .epilogue = COMMAND_EXIT_STATUS_HELP "\nexample: marquee services --registry 127.0.0.1:8500\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
};

struct listing {
    struct session *session;
    struct call call;
    struct http_client *client;
    struct access_tokens *tokens; /* NULL: none is shown */
    struct text registry;
    struct json_writer *writer; /* NULL: a table is printed */
};

static enum status get(struct listing *listing, const char *path, struct text name,
                       const struct json **ret_json)
{
    struct call *call = &listing->call;
    struct text registry = listing->registry;
    bool is_secure = consul_address_is_secure(&registry);
    struct http_header token = {TEXT("x-consul-token"), {NULL, 0}};
    struct http_client_reply reply;
    if (listing->tokens != NULL) {
        token.value = access_tokens_show(listing->tokens, call->arena, "");
    }
    const struct http_client_request request = {
        .method = "GET",
        .url = arena_format(call->arena, "%s://%.*s/v1/%s%.*s", is_secure ? "https" : "http",
                            TEXT_ARGUMENTS(registry), path,
                            TEXT_ARGUMENTS(http_percent_encode(call->arena, name))),
        .headers = &token,
        .header_count = listing->tokens != NULL ? 1 : 0,
    };
    enum status status = request.url.data == NULL
                             ? STATUS_RESOURCE_EXHAUSTED
                             : http_client_send(listing->client, call, &request, &reply);
    if (status == STATUS_OK && reply.status != 200) {
        return call_fail(call, STATUS_UNAVAILABLE, "the registry at %.*s answers %d: %.*s",
                         TEXT_ARGUMENTS(registry), reply.status, TEXT_ARGUMENTS(reply.body));
    }
    if (status != STATUS_OK) {
        struct text why = call->error.message;
        call_clear_error(call);
        return call_fail(call, status, "the registry at %.*s cannot be asked%s%.*s",
                         TEXT_ARGUMENTS(registry), why.length > 0 ? ": " : "", TEXT_ARGUMENTS(why));
    }
    return json_parse(call, reply.body, ret_json);
}

static struct text member_text(const struct json *object, const char *name)
{
    const struct json *value = json_member(object, name);
    return json_kind(value) == JSON_STRING ? json_string(value) : TEXT("");
}

/* Why the instance is not to be called, although it may be well; {NULL, 0}: it may be. */
static struct text maintenance_of(const struct json *check)
{
    if (!text_starts_with(member_text(check, "CheckID"), TEXT("_service_maintenance:"))) {
        return (struct text){NULL, 0};
    }
    return text_equal(member_text(check, "Notes"), TEXT(DISCOVERY_DRAIN_REASON))
               ? TEXT(DISCOVERY_DRAIN_REASON)
               : TEXT("maintenance");
}

/* The worst of the checks; without any it is well. */
static struct text health_of(const struct json *checks)
{
    static const struct text order[] = {TEXT_INIT("passing"), TEXT_INIT("warning"),
                                        TEXT_INIT("critical")};
    size_t worst = 0;
    size_t count = json_kind(checks) == JSON_ARRAY ? json_length(checks) : 0;
    for (size_t i = 0; i < count; i++) {
        struct text status = member_text(json_at(checks, i), "Status");
        struct text maintenance = maintenance_of(json_at(checks, i));
        if (maintenance.length > 0) {
            return maintenance;
        }
        size_t at = 0;
        while (at + 1 < ARRAY_LENGTH(order) && !text_equal(order[at], status)) {
            at++;
        }
        worst = at > worst ? at : worst;
    }
    return order[worst];
}

static void print_row(FILE *output, struct text service, struct text instance, struct text address,
                      struct text health)
{
    bool is_well = text_equal(health, TEXT("passing"));
    terminal_print_padded(output, service, SERVICE_COLUMN);
    terminal_print_padded(output, instance, INSTANCE_COLUMN);
    (void)fputc(' ', output);
    terminal_print_padded(output, address, ADDRESS_COLUMN);
    (void)fputs(terminal_colour(output, is_well ? TERMINAL_GREEN : TERMINAL_RED), output);
    terminal_print(output, health);
    (void)fprintf(output, "%s\n", terminal_colour(output, TERMINAL_PLAIN));
}

static enum status list_entry(struct listing *listing, const struct json *entry)
{
    const struct json *service = json_member(entry, "Service");
    const struct json *port = json_member(service, "Port");
    struct text name = member_text(service, "Service");
    struct text instance = member_text(service, "ID");
    struct text health = health_of(json_member(entry, "Checks"));
    struct text address = arena_format(
        listing->call.arena, "%.*s:%lld", TEXT_ARGUMENTS(member_text(service, "Address")),
        json_kind(port) == JSON_INTEGER ? (long long)json_integer(port) : 0);
    if (address.data == NULL) {
        return call_fail(&listing->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the list");
    }
    if (listing->writer == NULL) {
        print_row(listing->session->input->output, name, instance, address, health);
        return STATUS_OK;
    }
    json_open_object(listing->writer);
    json_member_string(listing->writer, "service", name);
    json_member_string(listing->writer, "instance", instance);
    json_member_string(listing->writer, "address", address);
    json_member_string(listing->writer, "health", health);
    json_close_object(listing->writer);
    return STATUS_OK;
}

/* The first of several that answers; of the others, says why not. The last is taken in any case. */
static void choose_registry(struct listing *listing)
{
    struct text registries = config_text(listing->session->config, "registry");
    listing->registry = text_trim(text_next(&registries, ','));
    while (registries.data != NULL) {
        const struct json *leader;
        struct listing attempt = *listing;
        attempt.call = call_within(&listing->call, ANSWER_MS);
        if (get(&attempt, "status/leader", TEXT(""), &leader) == STATUS_OK) {
            break;
        }
        (void)fprintf(listing->session->input->errors, "marquee services: %.*s\n",
                      TEXT_ARGUMENTS(attempt.call.error.message));
        listing->registry = text_trim(text_next(&registries, ','));
    }
}

static enum status list_service(struct listing *listing, struct text name)
{
    const struct json *entries;
    enum status status = get(listing, "health/service/", name, &entries);
    size_t count =
        status == STATUS_OK && json_kind(entries) == JSON_ARRAY ? json_length(entries) : 0;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = list_entry(listing, json_at(entries, i));
    }
    return status;
}

static enum status list_all(struct listing *listing)
{
    const struct json *services;
    const struct json *tags;
    struct text name;
    size_t position = 0;
    enum status status = get(listing, "catalog/services", TEXT(""), &services);
    while (status == STATUS_OK && json_next_member(services, &position, &name, &tags)) {
        status = list_service(listing, name);
    }
    return status;
}

static enum status list_json(struct listing *listing)
{
    struct buffer buffer;
    struct json_writer writer;
    buffer_init(&buffer, JSON_BYTES_MAX);
    json_writer_init(&writer, &buffer);
    listing->writer = &writer;
    json_open_array(&writer);
    enum status status = list_all(listing);
    json_close_array(&writer);
    if (status == STATUS_OK && !json_writer_end(&writer)) {
        status = call_fail(&listing->call, STATUS_RESOURCE_EXHAUSTED, "the list is too long");
    }
    if (status == STATUS_OK) {
        (void)fprintf(listing->session->input->output, "%.*s\n",
                      TEXT_ARGUMENTS(buffer_text(&buffer)));
    }
    buffer_deinit(&buffer);
    return status;
}

static enum status run(struct session *session)
{
    struct listing listing = {.session = session};
    const struct config *config = session->config;
    struct text token_file = config_text(config, "registry-token-file");
    enum status status = token_file.length > 0
                             ? access_tokens_open(&session->call, token_file.data, &listing.tokens)
                             : STATUS_OK;
    if (status == STATUS_OK) {
        status = http_client_create(session->loop, &listing.client);
    }
    if (status != STATUS_OK) {
        access_tokens_destroy(listing.tokens);
        return status;
    }
    http_client_set_tls(listing.client,
                        &(struct http_client_tls){
                            .ca_file = config_text(config, "tls-ca").data,
                            .certificate_file = config_text(config, "tls-certificate").data,
                            .key_file = config_text(config, "tls-key").data,
                            .peer_name = config_text(config, "tls-peer-name").data,
                        });
    listing.call = call_within(&session->call, config_duration_ms(config, "timeout"));
    choose_registry(&listing);
    status = config_boolean(config, "json") ? list_json(&listing) : list_all(&listing);
    session->call.error = listing.call.error;
    http_client_destroy(listing.client);
    access_tokens_destroy(listing.tokens);
    return status;
}

int services_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}
