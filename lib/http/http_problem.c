/* Errors as application/problem+json (RFC 9457). */
#include <stdio.h>

#include "http/http_exchange.h"

enum { PROBLEM_HEADERS_MAX = 8, OWN_HEADERS = 2 };

/* The text inside a JSON string; {NULL, 0}: no memory. */
static struct text json_escape(struct arena *arena, struct text text)
{
    static const char digits[] = "0123456789abcdef";
    char *out = arena_alloc(arena, 6 * text.length + 1);
    size_t length = 0;
    if (out == NULL) {
        return (struct text){NULL, 0};
    }
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte == '"' || byte == '\\') {
            out[length++] = '\\';
            out[length++] = (char)byte;
        } else if (byte < 0x20) {
            memcpy(out + length, "\\u00", 4);
            out[length + 4] = digits[byte >> 4];
            out[length + 5] = digits[byte & 15];
            length += 6;
        } else {
            out[length++] = (char)byte;
        }
    }
    return (struct text){out, length};
}

/* When a client that is to come later may come, unless `headers` says it; {NULL, 0}: not said. */
static struct text retry_after(struct http_exchange *exchange, int http_status,
                               const struct http_header *headers, size_t header_count)
{
    const struct http_overload *overload = exchange->overload;
    bool is_later = http_status == 429 || http_status == 503;
    if (!is_later || http_header_find(headers, header_count, TEXT("retry-after")).data != NULL) {
        return (struct text){NULL, 0};
    }
    return http_retry_after(&exchange->arena,
                            overload != NULL ? overload->retry_after_ms : HTTP_RETRY_AFTER_MS);
}

struct text http_retry_after(struct arena *arena, int64_t retry_after_ms)
{
    int64_t seconds = retry_after_ms / 1000 + (retry_after_ms % 1000 > 0);
    return arena_format(arena, "%lld", (long long)seconds);
}

/* What kind of problem a status is, where nothing says it better. */
static const char *type_of(int http_status)
{
    static const struct {
        int status;
        const char *type;
    } types[] = {
        {400, "invalid_argument"},      {401, "unauthenticated"},
        {403, "permission_denied"},     {404, "not_found"},
        {405, "method_not_allowed"},    {406, "not_acceptable"},
        {408, "request_timeout"},       {409, "aborted"},
        {412, "precondition_failed"},   {413, "content_too_large"},
        {414, "uri_too_long"},          {415, "unsupported_media_type"},
        {417, "expectation_failed"},    {421, "misdirected_request"},
        {422, "unprocessable_content"}, {429, "resource_exhausted"},
        {431, "headers_too_large"},     {499, "canceled"},
        {501, "unimplemented"},         {503, "unavailable"},
        {504, "deadline_exceeded"},     {505, "version_not_supported"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        if (types[i].status == http_status) {
            return types[i].type;
        }
    }
    return http_status < 500 ? "invalid_argument" : "internal";
}

static void reply_problem(struct http_exchange *exchange, int http_status, const char *type,
                          struct text detail, const struct http_header *headers,
                          size_t header_count)
{
    struct arena *arena = &exchange->arena;
    struct http_header all[PROBLEM_HEADERS_MAX + OWN_HEADERS] = {
        {TEXT_INIT("content-type"), TEXT_INIT("application/problem+json")},
    };
    CHECK(header_count <= PROBLEM_HEADERS_MAX);
    size_t count = 1;
    struct text later = retry_after(exchange, http_status, headers, header_count);
    if (later.data != NULL) {
        all[count++] = (struct http_header){TEXT("retry-after"), later};
    }
    if (header_count > 0) {
        memcpy(all + count, headers, header_count * sizeof(headers[0]));
    }
    struct text escaped =
        text_is_utf8(detail) ? json_escape(arena, detail) : (struct text){NULL, 0};
    struct http_reply reply = {
        .status = http_status,
        .headers = all,
        .header_count = count + header_count,
        .body =
            arena_format(arena,
                         "{\"type\":\"" HTTP_PROBLEM_TYPES "%s\",\"title\":\"%s\",\"status\":%d,"
                         "\"detail\":\"%.*s\"}",
                         type, http_reason(http_status), http_status, TEXT_ARGUMENTS(escaped)),
    };
    http_reply(exchange, &reply);
}

void http_reply_problem_with(struct http_exchange *exchange, int http_status, struct text detail,
                             const struct http_header *headers, size_t header_count)
{
    reply_problem(exchange, http_status, type_of(http_status), detail, headers, header_count);
}

void http_reply_problem(struct http_exchange *exchange, enum status status)
{
    reply_problem(exchange, status_to_http(status), status_connect_name(status),
                  exchange->call.error.message, NULL, 0);
}
