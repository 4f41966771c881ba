#include "grpc/grpc_cors.h"

#include "base/arena.h"
#include "grpc/grpc_server_private.h"

static const struct http_header vary = {TEXT_INIT("vary"), TEXT_INIT("origin")};
static const struct http_header with_credentials = {TEXT_INIT("access-control-allow-credentials"),
                                                    TEXT_INIT("true")};

static bool is_any(struct text origin)
{
    return text_equal(origin, TEXT("*"));
}

bool grpc_origin_is_valid(struct text origin)
{
    static const struct text separator = TEXT_INIT("://");
    size_t colon = text_find(origin, 0, ':');
    struct text rest = text_slice(origin, colon, origin.length);
    if (is_any(origin)) {
        return true;
    }
    /* A path, or a slash at the end, would never be what a browser sends. */
    return colon > 0 && text_starts_with(rest, separator) && rest.length > separator.length &&
           text_find(rest, separator.length, '/') == rest.length &&
           text_find(origin, 0, ' ') == origin.length;
}

bool grpc_cors_options_are_valid(const struct grpc_server_options *options)
{
    if (options->cors_origin_count > GRPC_CORS_ORIGINS_MAX) {
        return false;
    }
    for (size_t i = 0; i < options->cors_origin_count; i++) {
        /* Credentials for any: every page could act for whoever has logged in. */
        if (!grpc_origin_is_valid(options->cors_origins[i]) ||
            (is_any(options->cors_origins[i]) && options->cors_credentials)) {
            return false;
        }
    }
    return true;
}

/* What a reply to this request names as allowed: its origin, or "*". Empty: nothing. */
static struct text allowed_origin(const struct grpc_server_options *options,
                                  const struct http_request *request)
{
    if (options->cors_origin_count == 0) {
        return (struct text){NULL, 0};
    }
    struct text origin = http_header_find(request->headers, request->header_count, TEXT("origin"));
    for (size_t i = 0; origin.length > 0 && i < options->cors_origin_count; i++) {
        struct text allowed = options->cors_origins[i];
        if (is_any(allowed) || text_equal(origin, allowed)) {
            return allowed;
        }
    }
    return (struct text){NULL, 0};
}

/* The headers that every answer to an allowed origin has. */
static size_t add_origin(const struct grpc_server_options *options, struct text allowed,
                         struct http_header *headers, size_t count)
{
    headers[count++] = (struct http_header){TEXT("access-control-allow-origin"), allowed};
    if (options->cors_credentials) {
        headers[count++] = with_credentials;
    }
    return count;
}

static void reply_allowed(const struct grpc_server_method *method, struct http_exchange *exchange,
                          struct text allowed)
{
    static const struct http_header post = {TEXT_INIT("access-control-allow-methods"),
                                            TEXT_INIT("POST")};
    static const struct http_header get_too = {TEXT_INIT("access-control-allow-methods"),
                                               TEXT_INIT("GET, POST")};
    static const struct http_header max_age = {TEXT_INIT("access-control-max-age"),
                                               TEXT_INIT(GRPC_CORS_MAX_AGE_TEXT)};
    enum { HEADERS_MAX = GRPC_CORS_HEADERS_MAX + 3 };
    const struct http_request *request = http_exchange_request(exchange);
    bool may_get = method->method->kind == GRPC_UNARY && method->method->no_side_effects;
    struct text asked = http_header_find(request->headers, request->header_count,
                                         TEXT("access-control-request-headers"));
    struct http_header *headers =
        arena_calloc(http_exchange_call(exchange)->arena, HEADERS_MAX, sizeof(*headers));
    if (headers == NULL) {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    size_t count = add_origin(&method->server->options, allowed, headers, 0);
    headers[count++] = vary;
    headers[count++] = may_get ? get_too : post;
    headers[count++] = max_age;
    if (asked.length > 0) { /* metadata may have any name */
        headers[count++] = (struct http_header){TEXT("access-control-allow-headers"), asked};
    }
    http_reply(exchange,
               &(struct http_reply){.status = 204, .headers = headers, .header_count = count});
}

bool grpc_cors_preflight(const struct grpc_server_method *method, struct http_exchange *exchange)
{
    const struct grpc_server_options *options = &method->server->options;
    const struct http_request *request = http_exchange_request(exchange);
    struct text asked = http_header_find(request->headers, request->header_count,
                                         TEXT("access-control-request-method"));
    if (options->cors_origin_count == 0 || asked.length == 0 ||
        !text_equal(request->method, TEXT("OPTIONS"))) {
        return false;
    }
    struct text allowed = allowed_origin(options, request);
    if (allowed.length > 0) {
        reply_allowed(method, exchange, allowed);
    } else {
        http_reply_problem_with(exchange, 403, TEXT("the origin is not allowed to call"), &vary, 1);
    }
    return true;
}

size_t grpc_cors_add(const struct grpc_server_options *options, struct http_exchange *exchange,
                     struct http_header *headers, size_t count)
{
    if (options->cors_origin_count == 0) {
        return count;
    }
    struct text allowed = allowed_origin(options, http_exchange_request(exchange));
    struct arena *arena = http_exchange_call(exchange)->arena;
    size_t own = count;
    headers[count++] = vary; /* also where it is not allowed: a cache must not mix them up */
    if (allowed.length == 0) {
        return count;
    }
    count = add_origin(options, allowed, headers, count);
    struct text names = headers[0].name;
    for (size_t i = 1; i < own && names.data != NULL; i++) {
        names = arena_format(arena, "%.*s, %.*s", TEXT_ARGUMENTS(names),
                             TEXT_ARGUMENTS(headers[i].name));
    }
    if (names.data != NULL) {
        headers[count++] = (struct http_header){TEXT("access-control-expose-headers"), names};
    }
    return count;
}
