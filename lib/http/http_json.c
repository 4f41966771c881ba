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

/* Without a content-type the body is taken as JSON: that is what the Go reference's clients send.
 */
static bool is_json_type(const struct http_request *request)
{
    struct text type =
        http_header_find(request->headers, request->header_count, TEXT("content-type"));
    struct text essence = text_trim(text_next(&type, ';'));
    return essence.length == 0 || text_equal_ignoring_case(essence, TEXT("application/json"));
}

bool http_json_read(struct http_exchange *exchange, size_t bytes_max, const struct json **ret_body)
{
    struct call *call = http_json_call(exchange);
    struct text body;
    if (!is_json_type(http_exchange_request(exchange))) {
        http_reply_problem_with(exchange, 415, TEXT("the body must be application/json"), NULL, 0);
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
    json_writer_init(&reply->writer, http_exchange_body(exchange, HTTP_BODY_BYTES_MAX));
    return true;
}

static bool is_tagged(const struct http_exchange *exchange, int http_status)
{
    const struct http_route *route = http_exchange_route(exchange);
    return http_status == 200 && route != NULL && route->operation != NULL &&
           (route->operation->traits & HTTP_OPERATION_TAGGED) != 0;
}

/* With the tag of the content; without the content for who has it. */
static void reply_tagged(struct http_exchange *exchange, struct text body)
{
    char *etag = arena_alloc(http_exchange_call(exchange)->arena, HTTP_ETAG_BYTES);
    if (etag == NULL) {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    http_etag_write(digest_of(body), etag);
    const struct http_header headers[] = {
        {TEXT("content-type"), TEXT("application/json")},
        {TEXT("etag"), text_of(etag)},
    };
    bool is_held = http_etag_is_held(http_exchange_request(exchange), text_of(etag));
    http_reply(exchange, &(struct http_reply){.status = is_held ? 304 : 200,
                                              .headers = headers,
                                              .header_count = ARRAY_LENGTH(headers),
                                              .body = body,
                                              .is_constant = true});
}

void http_json_reply_send(struct http_json_reply *reply, int http_status)
{
    static const struct http_header headers[] = {
        {TEXT_INIT("content-type"), TEXT_INIT("application/json")}};
    if (!json_writer_end(&reply->writer)) {
        http_reply_problem_with(reply->exchange, 500, TEXT("the reply would be too large"), NULL,
                                0);
        return;
    }
    if (is_tagged(reply->exchange, http_status)) {
        reply_tagged(reply->exchange, buffer_text(reply->writer.buffer));
        return;
    }
    http_reply(reply->exchange, &(struct http_reply){.status = http_status,
                                                     .headers = headers,
                                                     .header_count = ARRAY_LENGTH(headers),
                                                     .body = buffer_text(reply->writer.buffer)});
}

void http_json_reply_outcome(struct http_exchange *exchange, enum status status)
{
    if (status == STATUS_OK) {
        http_reply(exchange, &(struct http_reply){.status = 200});
    } else {
        http_reply_problem(exchange, status);
    }
}
