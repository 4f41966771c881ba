#include "http/http_json.h"

#include <inttypes.h>

#include "access/access_identity.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "http/http_etag.h"
#include "http/http_operation.h"

struct call *http_json_call(struct http_exchange *exchange)
{
    struct call *call = http_exchange_call(exchange);
    if (call->deadline_ns == CALL_NO_DEADLINE) {
        call->deadline_ns = clock_monotonic_ns() + HTTP_JSON_DEADLINE_MS * CLOCK_NS_PER_MS;
    }
    return call;
}

/* NULL: the route is not described, as those of tests are. */
static const struct http_parameter *described(struct http_exchange *exchange, const char *name)
{
    const struct http_route *route = http_exchange_route(exchange);
    if (route == NULL || route->operation == NULL) {
        return NULL;
    }
    const struct http_parameter *parameter =
        http_operation_parameter(route->operation, text_of(name));
    CHECK(parameter != NULL);
    return parameter;
}

enum status http_json_optional_parameter(struct http_exchange *exchange, const char *name,
                                         struct text *ret_value)
{
    (void)described(exchange, name);
    struct call *call = http_exchange_call(exchange);
    struct text query = http_exchange_request(exchange)->query;
    enum status status = http_query_parameter(call, query, text_of(name), ret_value);
    if (status == STATUS_NOT_FOUND) {
        *ret_value = (struct text){NULL, 0};
        return STATUS_OK;
    }
    return status;
}

enum status http_json_parameter(struct http_exchange *exchange, const char *name,
                                struct text *ret_value)
{
    struct text value;
    enum status status = http_json_optional_parameter(exchange, name, &value);
    if (status != STATUS_OK) {
        return status;
    }
    if (value.data == NULL) {
        return call_fail(http_exchange_call(exchange), STATUS_INVALID_ARGUMENT,
                         "the parameter '%s' is missing", name);
    }
    *ret_value = value;
    return STATUS_OK;
}

enum status http_json_user(struct http_exchange *exchange, struct text *ret_user)
{
    struct text user;
    enum status status = http_json_optional_parameter(exchange, "userId", &user);
    if (status == STATUS_OK) {
        *ret_user =
            user.data != NULL ? user : access_user_asked(http_exchange_call(exchange), user);
    }
    return status;
}

enum status http_json_named_user(struct http_exchange *exchange, struct text *ret_user)
{
    return http_exchange_call(exchange)->identity.user.length > 0
               ? http_json_user(exchange, ret_user)
               : http_json_parameter(exchange, "userId", ret_user);
}

enum status http_json_integer_parameter(struct http_exchange *exchange, const char *name,
                                        int64_t *ret_value)
{
    const struct http_parameter *parameter = described(exchange, name);
    struct text text;
    int64_t value;
    CHECK(parameter != NULL && parameter->kind == HTTP_PARAMETER_INTEGER);
    enum status status = parameter->is_required
                             ? http_json_parameter(exchange, name, &text)
                             : http_json_optional_parameter(exchange, name, &text);
    if (status != STATUS_OK) {
        return status;
    }
    if (text.data == NULL) {
        *ret_value = parameter->otherwise;
        return STATUS_OK;
    }
    if (!text_to_i64(text, &value) || value < parameter->minimum || value > parameter->maximum) {
        return call_fail(http_exchange_call(exchange), STATUS_INVALID_ARGUMENT,
                         "%s must be %" PRId64 " to %" PRId64, name, parameter->minimum,
                         parameter->maximum);
    }
    *ret_value = value;
    return STATUS_OK;
}

enum status http_json_boolean_parameter(struct http_exchange *exchange, const char *name,
                                        bool *ret_value)
{
    const struct http_parameter *parameter = described(exchange, name);
    struct text text;
    CHECK(parameter != NULL && parameter->kind == HTTP_PARAMETER_BOOLEAN);
    enum status status = parameter->is_required
                             ? http_json_parameter(exchange, name, &text)
                             : http_json_optional_parameter(exchange, name, &text);
    if (status != STATUS_OK) {
        return status;
    }
    if (text.data != NULL && !text_equal(text, TEXT("true")) && !text_equal(text, TEXT("false"))) {
        return call_fail(http_exchange_call(exchange), STATUS_INVALID_ARGUMENT,
                         "%s must be true or false", name);
    }
    *ret_value = text_equal(text, TEXT("true"));
    return STATUS_OK;
}

static bool is_utf8(struct text charset)
{
    bool is_quoted = charset.length >= 2 && text_starts_with(charset, TEXT("\"")) &&
                     text_ends_with(charset, TEXT("\""));
    struct text name = is_quoted ? text_slice(charset, 1, charset.length - 1) : charset;
    return text_equal_ignoring_case(name, TEXT("utf-8")) ||
           text_equal_ignoring_case(name, TEXT("us-ascii"));
}

/* Other parameters than the charset mean nothing to JSON (RFC 8259 section 11). */
static bool are_parameters_of_utf8(struct text parameters)
{
    while (parameters.data != NULL) {
        struct text value = text_trim(text_next(&parameters, ';'));
        struct text name = text_next(&value, '=');
        if (text_equal_ignoring_case(name, TEXT("charset")) && !is_utf8(value)) {
            return false;
        }
    }
    return true;
}

/* Without a content-type the body is taken as JSON: that is what the Go reference's clients send.
 */
static bool is_json_type(struct text essence)
{
    return essence.length == 0 || text_equal_ignoring_case(essence, TEXT("application/json"));
}

/* What is of no form that is read here. false: a reply was made. */
static bool check_form(struct http_exchange *exchange)
{
    static const struct http_header codings = {TEXT_INIT("accept-encoding"), TEXT_INIT("identity")};
    const struct http_request *request = http_exchange_request(exchange);
    struct text coding =
        http_header_find(request->headers, request->header_count, TEXT("content-encoding"));
    struct text parameters =
        http_header_find(request->headers, request->header_count, TEXT("content-type"));
    struct text essence = text_trim(text_next(&parameters, ';'));
    if (!is_json_type(essence)) {
        http_reply_problem_with(exchange, 415, TEXT("the body must be application/json"), NULL, 0);
    } else if (!are_parameters_of_utf8(parameters)) {
        http_reply_problem_with(exchange, 415, TEXT("the body must be in UTF-8"), NULL, 0);
    } else if (coding.length > 0 && !text_equal_ignoring_case(coding, TEXT("identity"))) {
        http_reply_problem_with(exchange, 415, TEXT("the body must not be compressed"), &codings,
                                1);
    } else {
        return true;
    }
    return false;
}

bool http_json_read(struct http_exchange *exchange, size_t bytes_max, const struct json **ret_body)
{
    struct call *call = http_json_call(exchange);
    struct text body;
    if (!check_form(exchange)) {
        return false;
    }
    enum status status = http_read_all(exchange, bytes_max, &body);
    if (status == STATUS_RESOURCE_EXHAUSTED) {
        http_reply_problem_with(exchange, 413, TEXT("the body is too large"), NULL, 0);
        return false;
    }
    if (status == STATUS_OK) {
        status = json_parse(call, body, ret_body);
    }
    if (status != STATUS_OK) {
        http_reply_problem(exchange, status);
        return false;
    }
    return true;
}

bool http_json_reply_open(struct http_json_reply *reply, struct http_exchange *exchange,
                          enum status status)
{
    if (status != STATUS_OK) {
        http_reply_problem(exchange, status);
        return false;
    }
    reply->exchange = exchange;
    reply->age_count = 0;
    json_writer_init(&reply->writer, http_exchange_body(exchange, HTTP_BODY_BYTES_MAX));
    return true;
}

static bool is_tagged(const struct http_exchange *exchange, int http_status)
{
    const struct http_route *route = http_exchange_route(exchange);
    return http_status == 200 && route != NULL && route->operation != NULL &&
           (route->operation->traits & HTTP_OPERATION_TAGGED) != 0;
}

void http_json_reply_age(struct http_json_reply *reply, const char *name, int64_t age_ms)
{
    CHECK(reply->age_count < HTTP_JSON_AGES_MAX);
    reply->ages[reply->age_count].name = name;
    reply->ages[reply->age_count].age_ms = age_ms;
    reply->age_count++;
}

/* Into the object, before its end. false: no room. */
static bool write_ages(const struct http_json_reply *reply)
{
    struct buffer *body = reply->writer.buffer;
    if (reply->age_count == 0) {
        return true;
    }
    CHECK(body->length >= 2 && body->data[body->length - 1] == '}');
    body->length--;
    bool fits = true;
    for (size_t i = 0; i < reply->age_count && fits; i++) {
        fits =
            buffer_format(body, "%s\"%s\":%" PRId64, body->data[body->length - 1] == '{' ? "" : ",",
                          reply->ages[i].name, reply->ages[i].age_ms);
    }
    return fits && buffer_append(body, TEXT("}"));
}

/* Without the content for who has it. */
static void reply_tagged(struct http_exchange *exchange, struct text body, const char *etag)
{
    const struct http_request *request = http_exchange_request(exchange);
    const struct http_header headers[] = {
        {TEXT("content-type"), TEXT("application/json")},
        {TEXT("etag"), text_of(etag)},
    };
    if (http_etag_is_missed(request, text_of(etag))) {
        http_reply_problem_with(exchange, 412, TEXT("what there is has another tag"), NULL, 0);
        return;
    }
    bool is_held = http_etag_is_held(request, text_of(etag));
    http_reply(exchange, &(struct http_reply){.status = is_held ? 304 : 200,
                                              .headers = headers,
                                              .header_count = ARRAY_LENGTH(headers),
                                              .body = body,
                                              .is_constant = true});
}

/* Of the content before its ages are in it. NULL: no memory. */
static const char *write_tag(struct http_json_reply *reply)
{
    char *etag = arena_alloc(http_exchange_call(reply->exchange)->arena, HTTP_ETAG_BYTES);
    if (etag != NULL) {
        struct digest digest = digest_of(buffer_text(reply->writer.buffer));
        (reply->age_count > 0 ? http_etag_write_weak : http_etag_write)(digest, etag);
    }
    return etag;
}

void http_json_reply_send(struct http_json_reply *reply, int http_status)
{
    static const struct http_header headers[] = {
        {TEXT_INIT("content-type"), TEXT_INIT("application/json")}};
    struct buffer *body = reply->writer.buffer;
    bool fits = json_writer_end(&reply->writer);
    bool has_tag = fits && is_tagged(reply->exchange, http_status);
    const char *etag = has_tag ? write_tag(reply) : NULL;
    if (has_tag && etag == NULL) {
        http_reply_problem(reply->exchange, STATUS_RESOURCE_EXHAUSTED);
    } else if (!fits || !write_ages(reply)) {
        http_reply_problem_with(reply->exchange, 500, TEXT("the reply would be too large"), NULL,
                                0);
    } else if (has_tag) {
        reply_tagged(reply->exchange, buffer_text(body), etag);
    } else {
        http_reply(reply->exchange, &(struct http_reply){.status = http_status,
                                                         .headers = headers,
                                                         .header_count = ARRAY_LENGTH(headers),
                                                         .body = buffer_text(body)});
    }
}

void http_json_reply_outcome(struct http_exchange *exchange, enum status status)
{
    if (status == STATUS_OK) {
        http_reply(exchange, &(struct http_reply){.status = 200});
    } else {
        http_reply_problem(exchange, status);
    }
}
