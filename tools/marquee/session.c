#include "marquee/session.h"

#include "access/access_tokens.h"
#include "base/buffer.h"
#include "grpc/grpc_channel.h"
#include "http/http_message.h"
#include "http/tls.h"
#include "loop/fiber.h"
#include "marquee/command_output.h"
#include "movie.pb-c.h"
#include "movie_descriptors.h"
#include "json/proto_json.h"

const struct config_option session_options[SESSION_OPTION_COUNT] = {
    {.name = "metadata",
     .kind = CONFIG_TEXT,
     .argument = "HOST:PORT",
     .default_value = "127.0.0.1:8081",
     .help = "where the metadata service is"},
    {.name = "rating",
     .kind = CONFIG_TEXT,
     .argument = "HOST:PORT",
     .default_value = "127.0.0.1:8082",
     .help = "where the rating service is"},
    {.name = "movie",
     .kind = CONFIG_TEXT,
     .argument = "HOST:PORT",
     .default_value = "127.0.0.1:8083",
     .help = "where the movie service is"},
    SESSION_TIMEOUT_OPTION("10s", "how long one call may take"),
    SESSION_TLS_OPTIONS("services require"),
    {.name = "call-token-file",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "the first secret in it is shown to the services"},
    {.name = "token-file",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "the same, under the name that a token of `marquee token` is kept by"},
};

/* In the order of enum session_service. */
static const char *const service_names[] = {"metadata", "rating", "movie"};

enum { TIMEOUT_DEFAULT_MS = 10000 };

static enum status create_pool(struct session *session)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &batch_get_metadata_request__descriptor,
        &batch_get_metadata_response__descriptor,
        &batch_put_ratings_request__descriptor,
        &batch_put_ratings_response__descriptor,
        &delete_metadata_request__descriptor,
        &delete_metadata_response__descriptor,
        &delete_rating_request__descriptor,
        &delete_rating_response__descriptor,
        &get_dead_letter_request__descriptor,
        &get_dead_letter_response__descriptor,
        &get_metadata_request__descriptor,
        &get_metadata_response__descriptor,
        &get_movie_details_request__descriptor,
        &get_movie_details_response__descriptor,
        &get_rating_summary_request__descriptor,
        &get_rating_summary_response__descriptor,
        &list_dead_letters_request__descriptor,
        &list_dead_letters_response__descriptor,
        &list_metadata_request__descriptor,
        &list_metadata_response__descriptor,
        &list_top_ratings_request__descriptor,
        &list_top_ratings_response__descriptor,
        &list_votes_request__descriptor,
        &list_votes_response__descriptor,
        &list_recommended_movies_request__descriptor,
        &list_recommended_movies_response__descriptor,
        &list_similar_movies_request__descriptor,
        &list_similar_movies_response__descriptor,
        &list_user_ratings_request__descriptor,
        &list_user_ratings_response__descriptor,
        &match_metadata_request__descriptor,
        &match_metadata_response__descriptor,
        &put_metadata_request__descriptor,
        &put_metadata_response__descriptor,
        &search_metadata_request__descriptor,
        &search_metadata_response__descriptor,
        &put_rating_request__descriptor,
        &put_rating_response__descriptor,
        &retry_dead_letter_request__descriptor,
        &retry_dead_letter_response__descriptor,
        &retry_dead_letters_request__descriptor,
        &retry_dead_letters_response__descriptor,
        &list_quarantine_request__descriptor,
        &list_quarantine_response__descriptor,
        &release_quarantine_request__descriptor,
        &release_quarantine_response__descriptor,
        &reject_quarantine_request__descriptor,
        &reject_quarantine_response__descriptor,
        &put_movie_review_request__descriptor,
        &put_movie_review_response__descriptor,
        &get_movie_review_request__descriptor,
        &get_movie_review_response__descriptor,
        &delete_movie_review_request__descriptor,
        &delete_movie_review_response__descriptor,
        &list_movie_reviews_request__descriptor,
        &list_movie_reviews_response__descriptor,
        &list_user_movie_reviews_request__descriptor,
        &list_user_movie_reviews_response__descriptor,
        &like_movie_request__descriptor,
        &like_movie_response__descriptor,
        &unlike_movie_request__descriptor,
        &unlike_movie_response__descriptor,
        &like_review_request__descriptor,
        &like_review_response__descriptor,
        &unlike_review_request__descriptor,
        &unlike_review_response__descriptor,
        &discover_movies_request__descriptor,
        &discover_movies_response__descriptor,
        &list_genres_request__descriptor,
        &list_genres_response__descriptor,
        &search_movies_request__descriptor,
        &search_movies_response__descriptor,
    };
    if (session->pool != NULL) {
        return STATUS_OK;
    }
    const struct proto_descriptor_set set = movie_descriptor_set();
    return proto_pool_create(&set, 1, types, ARRAY_LENGTH(types), &session->pool);
}

static enum status open_channel(struct session *session, struct call *call,
                                enum session_service service)
{
    struct text host;
    uint16_t port;
    if (session->channels[service] != NULL) {
        return STATUS_OK;
    }
    enum status status = http_address_split(call, session->addresses[service], &host, &port);
    if (status == STATUS_OK) {
        status = create_pool(session);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct grpc_channel_options options = {
        .pool = session->pool,
        .tls = session->tls,
        .tokens = session->tokens,
        .target = service_names[service],
    };
    status = grpc_channel_create(session->loop, &options, &session->channels[service]);
    return status == STATUS_OK
               ? grpc_channel_update(session->channels[service], &session->addresses[service], 1)
               : status;
}

/* The channel's words begin with its name, which is said here already. */
static struct text without_name(struct text words, const char *name)
{
    struct text rest = text_slice(words, strlen(name), words.length);
    return text_starts_with(words, text_of(name)) && text_starts_with(rest, TEXT(": "))
               ? text_slice(rest, strlen(": "), rest.length)
               : words;
}

enum status session_ask(struct session *session, struct call *call, enum session_service service,
                        const char *path, const ProtobufCMessage *request,
                        const ProtobufCMessageDescriptor *response_type,
                        ProtobufCMessage **ret_response)
{
    enum status status = open_channel(session, call, service);
    if (status != STATUS_OK) {
        return call_fail(call, status, "no channel to the %s service", service_names[service]);
    }
    status = grpc_call_unary(session->channels[service], call, path,
                             &(struct grpc_call_options){.idempotent = true}, request,
                             response_type, ret_response);
    if (status == STATUS_UNAVAILABLE || status == STATUS_DEADLINE_EXCEEDED) {
        struct text words = without_name(call->error.message, service_names[service]);
        /* What a certificate lacks, whoever gives the command must know. */
        struct text why = session->tls != NULL ? call->error.detail : TEXT("");
        call_clear_error(call);
        return call_fail(call, status, "the %s service at %.*s: %.*s%s%.*s", service_names[service],
                         TEXT_ARGUMENTS(session->addresses[service]), TEXT_ARGUMENTS(words),
                         why.length > 0 ? ": " : "", TEXT_ARGUMENTS(why));
    }
    if (status == STATUS_UNAUTHENTICATED && session->tokens == NULL) {
        struct text words = call->error.message;
        call_clear_error(call);
        return call_fail(call, status, "%.*s (--token-file FILE, or MARQUEE_CLI_TOKEN_FILE)",
                         TEXT_ARGUMENTS(words));
    }
    return status;
}

enum status session_ask_once(struct session *session, enum session_service service,
                             const char *path, const ProtobufCMessage *request,
                             const ProtobufCMessageDescriptor *response_type,
                             ProtobufCMessage **ret_response)
{
    struct call call = call_within(&session->call, session->timeout_ms);
    enum status status =
        session_ask(session, &call, service, path, request, response_type, ret_response);
    session->call.error = call.error;
    return status;
}

enum status session_print_json(struct session *session, struct call *call,
                               const ProtobufCMessage *response)
{
    struct buffer json;
    buffer_init(&json, SESSION_JSON_BYTES_MAX);
    enum status status =
        proto_json_encode(call, proto_pool_type(session->pool, response->descriptor), response,
                          PROTO_JSON_EMIT_ZERO, &json);
    if (status == STATUS_OK) {
        /* A failed write is found when the command ends. */
        (void)fprintf(session->input->output, "%.*s\n", TEXT_ARGUMENTS(buffer_text(&json)));
    }
    buffer_deinit(&json);
    return status;
}

enum status session_print_done(struct session *session, const ProtobufCMessage *response)
{
    if (config_boolean(session->config, "json")) {
        return session_print_json(session, &session->call, response);
    }
    (void)fputs("ok\n", session->input->output); /* a failed write is found when the command ends */
    return STATUS_OK;
}

void session_call_init(struct session *session, struct call *call, struct arena *arena)
{
    arena_init(arena, SESSION_ARENA_BYTES_MAX);
    call_init(call, arena, session->timeout_ms);
    call->cancellation = session->call.cancellation;
}

static void run_body(void *argument)
{
    struct session *session = argument;
    session->status = session->body(session);
    for (size_t i = 0; i < SESSION_SERVICE_COUNT; i++) {
        grpc_channel_destroy(session->channels[i]);
    }
    loop_stop(session->loop);
}

/* The option's text, if it is among the command's; else empty. */
static struct text text_if_any(const struct session *session, const char *name)
{
    const struct config_program *program = session->program;
    const struct {
        const struct config_option *options;
        size_t count;
    } tables[] = {{program->options, program->option_count},
                  {program->more_options, program->more_option_count}};
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
        for (size_t j = 0; j < tables[i].count; j++) {
            if (strcmp(tables[i].options[j].name, name) == 0) {
                return config_text(session->config, name);
            }
        }
    }
    return (struct text){NULL, 0};
}

static enum status open_tls(struct session *session)
{
    if (text_if_any(session, "tls-ca").length == 0) {
        return STATUS_OK;
    }
    const struct tls_options options = {
        .side = TLS_CLIENT,
        .ca_file = text_if_any(session, "tls-ca").data,
        .certificate_file = text_if_any(session, "tls-certificate").data,
        .key_file = text_if_any(session, "tls-key").data,
        .peer_name = text_if_any(session, "tls-peer-name").data,
    };
    return tls_context_create(&session->call, &options, &session->tls);
}

/* One of these is what the command calls its file of secrets. */
static enum status open_tokens(struct session *session)
{
    static const char *const names[] = {"call-token-file", "token-file"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        struct text file = text_if_any(session, names[i]);
        if (file.length > 0) {
            return access_tokens_open(&session->call, file.data, &session->tokens);
        }
    }
    return STATUS_OK;
}

static bool is_over(void *argument)
{
    const struct session *session = argument;
    return fiber_count(session->loop) == 0;
}

static enum status run_loop(struct session *session)
{
    enum status status = loop_create(&session->loop);
    if (status != STATUS_OK) {
        return call_fail(&session->call, status, "no loop can be had");
    }
    status = fiber_start(session->loop, run_body, session);
    if (status == STATUS_OK) {
        loop_run_until(session->loop, is_over, session);
        status = session->status;
    }
    loop_destroy(session->loop);
    proto_pool_destroy(session->pool);
    return status;
}

static enum status run_with_access(struct session *session)
{
    enum status status = open_tls(session);
    if (status == STATUS_OK) {
        status = open_tokens(session);
    }
    if (status == STATUS_OK) {
        status = run_loop(session);
    }
    tls_context_destroy(session->tls);
    access_tokens_destroy(session->tokens);
    return status;
}

static void read_addresses(struct session *session)
{
    session->timeout_ms = TIMEOUT_DEFAULT_MS;
    if (session->program->more_options != session_options) {
        return;
    }
    session->timeout_ms = config_duration_ms(session->config, "timeout");
    for (size_t i = 0; i < SESSION_SERVICE_COUNT; i++) {
        session->addresses[i] = config_text(session->config, service_names[i]);
    }
}

static int exit_status(enum status status)
{
    switch ((int)status) {
    case STATUS_OK:
        return COMMAND_OK;
    case STATUS_NOT_FOUND:
        return COMMAND_NOT_FOUND;
    case STATUS_INVALID_ARGUMENT:
        return COMMAND_USAGE;
    default:
        return COMMAND_FAILED;
    }
}

static int finish(struct session *session, enum status status)
{
    const struct command_input *input = session->input;
    int result = exit_status(status);
    int written = command_output_end(input, session->program->name, COMMAND_OK);
    if (written != COMMAND_OK) {
        return written;
    }
    if (status != STATUS_OK) {
        struct text words = session->call.error.message;
        (void)fprintf(input->errors, "%s: %.*s\n", session->program->name, /* nobody to tell */
                      TEXT_ARGUMENTS(words.length > 0 ? words : text_of(status_name(status))));
    }
    return result == COMMAND_OK && session->failed ? COMMAND_FAILED : result;
}

int session_run(const struct command_input *input, const struct config_program *program,
                enum status (*body)(struct session *session))
{
    struct session session = {.input = input, .program = program, .body = body};
    struct config *config;
    arena_init(&session.arena, SESSION_ARENA_BYTES_MAX);
    call_init(&session.call, &session.arena, 0);
    enum status status = config_load(&session.call, program, input->argc, input->argv,
                                     input->environment, input->output, &config);
    int result = COMMAND_OK;
    if (status == STATUS_OK) {
        session.config = config;
        read_addresses(&session);
        status = run_with_access(&session);
    } else if (status == STATUS_CANCELLED) {
        status = STATUS_OK; /* --help was given, and printed */
    } else {
        status = STATUS_INVALID_ARGUMENT;
    }
    result = finish(&session, status);
    arena_deinit(&session.arena);
    return result;
}
