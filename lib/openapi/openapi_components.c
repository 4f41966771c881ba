/* What a document refers to, once each. */
#include "openapi/openapi_components.h"

#include "http/http_message.h"
#include "idempotency/idempotency.h"

/* Of the components' names of what a method answers. */
#define CONNECT_PREFIX "Connect"

void openapi_member_text(struct openapi *openapi, const char *name, struct text text)
{
    if (text.length > 0) {
        json_member_string(&openapi->json, name, text);
    }
}

void openapi_open_schema(struct openapi *openapi)
{
    struct text description = openapi->description;
    openapi->description = (struct text){NULL, 0};
    json_open_object(&openapi->json);
    openapi_member_text(openapi, "description", description);
}

void openapi_write_members(struct openapi *openapi, const char *members)
{
    if (members[0] != '\0') {
        json_write_raw(&openapi->json, text_of(members));
    }
}

void openapi_mark_answered(struct openapi *openapi, struct text message)
{
    struct openapi_symbol *symbol = openapi_find(&openapi->descriptors, message);
    if (symbol == NULL || symbol->is_answered) {
        return;
    }
    symbol->is_answered = true;
    const Google__Protobuf__DescriptorProto *descriptor = symbol->message;
    for (size_t i = 0; descriptor != NULL && i < descriptor->n_field; i++) {
        if (descriptor->field[i]->has_type_name) {
            openapi_mark_answered(openapi, proto_text(descriptor->field[i]->type_name));
        }
    }
}

static struct text component_name(struct openapi *openapi, const struct openapi_use *use)
{
    bool has_two = use->flavour == OPENAPI_INPUT && use->symbol->is_answered;
    return arena_format(openapi->arena, "%.*s%s", TEXT_ARGUMENTS(use->symbol->full_name),
                        has_two ? "-Input" : "");
}

static void note_use(struct openapi *openapi, const struct openapi_use *use)
{
    if (use->symbol->is_used[use->flavour]) {
        return;
    }
    if (openapi->use_count == OPENAPI_USES_MAX) {
        openapi->status = STATUS_RESOURCE_EXHAUSTED;
        return;
    }
    use->symbol->is_used[use->flavour] = true;
    openapi->uses[openapi->use_count++] = *use;
}

void openapi_write_reference(struct openapi *openapi, struct text name,
                             enum openapi_flavour flavour)
{
    struct openapi_use use = {openapi_find(&openapi->descriptors, name), flavour};
    if (use.symbol == NULL) {
        openapi->status = STATUS_INVALID_ARGUMENT;
        json_open_object(&openapi->json);
        json_close_object(&openapi->json);
        return;
    }
    note_use(openapi, &use);
    struct text place =
        arena_format(openapi->arena, "schemas/%.*s", TEXT_ARGUMENTS(component_name(openapi, &use)));
    openapi_write_place(openapi, place.data != NULL ? place.data : "");
}

void openapi_write_place(struct openapi *openapi, const char *place)
{
    struct text reference = arena_format(openapi->arena, "#/components/%s", place);
    openapi_open_schema(openapi);
    json_member_string(&openapi->json, "$ref", reference);
    json_close_object(&openapi->json);
}

static void write_status_of(struct openapi *openapi, int status, const char *prefix)
{
    CHECK(status > 0 && status < OPENAPI_STATUSES_MAX);
    struct text name = arena_format(openapi->arena, "%d", status);
    struct text place = arena_format(openapi->arena, "responses/%s%d", prefix, status);
    json_write_name(&openapi->json, name);
    openapi_write_place(openapi, place.data != NULL ? place.data : "");
}

void openapi_write_problem(struct openapi *openapi, int status)
{
    openapi->problems[status] = true;
    write_status_of(openapi, status, "");
}

void openapi_write_connect_problem(struct openapi *openapi, int status)
{
    openapi->connect_problems[status] = true;
    write_status_of(openapi, status, CONNECT_PREFIX);
}

/* RFC 9457, and Connect's error (connectrpc.com/docs/protocol, "Error"). */
static const char problem_schema[] =
    "{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"detail\"],\"properties\":{"
    "\"type\":{\"type\":\"string\",\"format\":\"uri-reference\",\"description\":\"What kind of "
    "problem it is: stable, for programs\"},"
    "\"title\":{\"type\":\"string\",\"description\":\"The same in words\"},"
    "\"status\":{\"type\":\"integer\",\"minimum\":400,\"maximum\":599},"
    "\"detail\":{\"type\":\"string\",\"description\":\"What is wrong with this request, for "
    "people\"}}}";
static const char connect_error_schema[] =
    "{\"type\":\"object\",\"required\":[\"code\"],\"properties\":{\"code\":{\"type\":\"string\","
    "\"enum\":[\"canceled\",\"unknown\",\"invalid_argument\",\"deadline_exceeded\",\"not_found\","
    "\"already_exists\",\"permission_denied\",\"resource_exhausted\",\"failed_precondition\","
    "\"aborted\",\"out_of_range\",\"unimplemented\",\"internal\",\"unavailable\",\"data_loss\","
    "\"unauthenticated\"]},\"message\":{\"type\":\"string\"},\"details\":{\"type\":\"array\","
    "\"items\":{\"type\":\"object\",\"required\":[\"type\",\"value\"],\"properties\":{"
    "\"type\":{\"type\":\"string\"},\"value\":{\"type\":\"string\",\"contentEncoding\":"
    "\"base64\"}}}}}}";
static const char problem_content[] =
    "{\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}";
static const char connect_content[] =
    "{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/ConnectError\"}},"
    "\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}";
#define RETRY_AFTER "\"description\":\"Seconds\",\"schema\":{\"type\":\"integer\",\"minimum\":0}}}"

/* What HTTP wants said beside some statuses. A method that answers 429 may mean a limit of its own,
 * which no waiting helps. */
static const struct {
    int status;
    const char *of_routes;
    const char *of_methods;
} headers_of_problems[] = {
    {401,
     "{\"www-authenticate\":{\"required\":true,\"schema\":{\"type\":\"string\",\"const\":"
     "\"Bearer\"}}}",
     "{\"www-authenticate\":{\"required\":true,\"schema\":{\"type\":\"string\",\"const\":"
     "\"Bearer\"}}}"},
    {429, "{\"retry-after\":{\"required\":true," RETRY_AFTER, "{\"retry-after\":{" RETRY_AFTER},
    {503, "{\"retry-after\":{\"required\":true," RETRY_AFTER, "{\"retry-after\":{" RETRY_AFTER},
};
static const char bearer_scheme[] =
    "{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"A token (`marquee token create`). "
    "What stands beside it in an operation is the scope that it must have; `admin` has all\"}";
static const char timeout_parameter[] =
    "{\"name\":\"connect-timeout-ms\",\"in\":\"header\",\"description\":\"How long the call may "
    "take\",\"schema\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":9999999999}}";

/* A string of RFC 8941 or a bare word, as idempotency_key_parse() takes them. */
#define KEY_PATTERN                                                                                \
    "^(\\\"([ !#-\\\\[\\\\]-~]|\\\\\\\\[\\\"\\\\\\\\])+\\\"|[!#-+\\\\--:<-\\\\[\\\\]-~]+)$"
static const char key_parameter[] =
    "{\"name\":\"" IDEMPOTENCY_HEADER "\",\"in\":\"header\",\"description\":\"Drawn for each write "
    "that is meant: what comes again with the same key is not done again, but answered as it was "
    "at first, with `" IDEMPOTENCY_REPLAYED_HEADER ": true`\",\"schema\":{\"type\":\"string\","
    "\"minLength\":1,\"maxLength\":255,\"pattern\":\"" KEY_PATTERN "\"}}";
_Static_assert(IDEMPOTENCY_KEY_BYTES_MAX == 255, "the document tells the same");

static void write_parameters(struct openapi *openapi)
{
    if (!openapi->has_timeout && !openapi->has_key) {
        return;
    }
    json_write_name(&openapi->json, TEXT("parameters"));
    json_open_object(&openapi->json);
    if (openapi->has_key) {
        json_write_name(&openapi->json, TEXT("key"));
        json_write_raw(&openapi->json, text_of(key_parameter));
    }
    if (openapi->has_timeout) {
        json_write_name(&openapi->json, TEXT("timeout"));
        json_write_raw(&openapi->json, text_of(timeout_parameter));
    }
    json_close_object(&openapi->json);
}

void openapi_write_key(struct openapi *openapi)
{
    openapi->has_key = true;
    openapi_write_place(openapi, "parameters/key");
}

static void write_schemas(struct openapi *openapi)
{
    json_write_name(&openapi->json, TEXT("schemas"));
    json_open_object(&openapi->json);
    json_write_name(&openapi->json, TEXT("ConnectError"));
    json_write_raw(&openapi->json, text_of(connect_error_schema));
    json_write_name(&openapi->json, TEXT("Problem"));
    json_write_raw(&openapi->json, text_of(problem_schema));
    /* Writing one refers to others, which come behind it. */
    for (size_t i = 0; i < openapi->use_count; i++) {
        json_write_name(&openapi->json, component_name(openapi, &openapi->uses[i]));
        openapi_write_schema(openapi, openapi->uses[i].symbol, openapi->uses[i].flavour);
    }
    json_close_object(&openapi->json);
}

static const char *headers_of(int status, bool is_of_method)
{
    for (size_t i = 0; i < ARRAY_LENGTH(headers_of_problems); i++) {
        if (headers_of_problems[i].status == status) {
            return is_of_method ? headers_of_problems[i].of_methods
                                : headers_of_problems[i].of_routes;
        }
    }
    return NULL;
}

static void write_response(struct openapi *openapi, struct text name, const char *description,
                           const char *headers, const char *content)
{
    json_write_name(&openapi->json, name);
    json_open_object(&openapi->json);
    json_member_string(&openapi->json, "description", text_of(description));
    if (headers != NULL) {
        json_write_name(&openapi->json, TEXT("headers"));
        json_write_raw(&openapi->json, text_of(headers));
    }
    json_write_name(&openapi->json, TEXT("content"));
    json_write_raw(&openapi->json, text_of(content));
    json_close_object(&openapi->json);
}

/* Those of `wanted`, each by its status behind the prefix. */
static void write_problems(struct openapi *openapi, const bool wanted[static OPENAPI_STATUSES_MAX],
                           const char *prefix, const char *content)
{
    for (int status = 0; status < OPENAPI_STATUSES_MAX; status++) {
        if (wanted[status]) {
            write_response(openapi, arena_format(openapi->arena, "%s%d", prefix, status),
                           http_reason(status), headers_of(status, prefix[0] != '\0'), content);
        }
    }
}

static void write_responses(struct openapi *openapi)
{
    json_write_name(&openapi->json, TEXT("responses"));
    json_open_object(&openapi->json);
    write_response(openapi, TEXT("ConnectError"), "The call failed: `code` says how", NULL,
                   connect_content);
    write_problems(openapi, openapi->connect_problems, CONNECT_PREFIX, connect_content);
    write_problems(openapi, openapi->problems, "", problem_content);
    json_close_object(&openapi->json);
}

static void write_schemes(struct openapi *openapi)
{
    const char *cookie = openapi->options->session_cookie;
    json_write_name(&openapi->json, TEXT("securitySchemes"));
    json_open_object(&openapi->json);
    if (openapi->options->takes_tokens) {
        json_write_name(&openapi->json, TEXT("bearer"));
        json_write_raw(&openapi->json, text_of(bearer_scheme));
    }
    if (cookie != NULL) {
        json_write_name(&openapi->json, TEXT("session"));
        json_open_object(&openapi->json);
        json_member_string(&openapi->json, "type", TEXT("apiKey"));
        json_member_string(&openapi->json, "in", TEXT("cookie"));
        json_member_string(&openapi->json, "name", text_of(cookie));
        json_member_string(
            &openapi->json, "description",
            TEXT("What `POST /session` gives for a token. It counts in pages of this "
                 "origin, and but for GET with JSON or no body alone"));
        json_close_object(&openapi->json);
    }
    json_close_object(&openapi->json);
}

void openapi_write_components(struct openapi *openapi)
{
    json_write_name(&openapi->json, TEXT("components"));
    json_open_object(&openapi->json);
    write_schemas(openapi);
    write_responses(openapi);
    write_parameters(openapi);
    if (openapi->options->need_of != NULL) {
        write_schemes(openapi);
    }
    json_close_object(&openapi->json);
}

struct openapi_need openapi_need_of(const struct openapi *openapi,
                                    const struct http_operation *operation, struct text path)
{
    const struct openapi_options *options = openapi->options;
    return options->need_of != NULL && path.data != NULL
               ? options->need_of(options->need_state, operation, path.data)
               : (struct openapi_need){.is_asked = false};
}

static void write_requirement(struct openapi *openapi, const char *scheme, const char *scope)
{
    json_open_object(&openapi->json);
    json_write_name(&openapi->json, text_of(scheme));
    json_open_array(&openapi->json);
    if (scope != NULL) {
        json_write_string(&openapi->json, text_of(scope));
    }
    json_close_array(&openapi->json);
    json_close_object(&openapi->json);
}

void openapi_write_security(struct openapi *openapi, const struct openapi_need *need)
{
    if (openapi->options->need_of == NULL) {
        return;
    }
    json_write_name(&openapi->json, TEXT("security"));
    json_open_array(&openapi->json);
    if ((need->is_looked_at || need->is_known) && !need->is_asked) {
        json_open_object(&openapi->json);
        json_close_object(&openapi->json);
    }
    if (need->is_looked_at) {
        write_requirement(openapi, "bearer", need->scope);
    }
    if ((need->is_looked_at || need->is_known) && openapi->options->session_cookie != NULL) {
        write_requirement(openapi, "session", need->scope);
    }
    json_close_array(&openapi->json);
}
