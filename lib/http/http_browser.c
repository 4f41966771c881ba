#include "http/http_browser.h"

#include "http/socket_address.h"

/* Within one header's value. */
static struct text find_pair(struct text pairs, struct text name)
{
    while (pairs.data != NULL) {
        struct text value = text_trim(text_next(&pairs, ';'));
        struct text given = text_next(&value, '=');
        if (value.data != NULL && text_equal(given, name)) {
            return value;
        }
    }
    return (struct text){NULL, 0};
}

struct text http_cookie_find(const struct http_header *headers, size_t count, struct text name)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(headers[i].name, TEXT("cookie"))) {
            struct text value = find_pair(headers[i].value, name);
            if (value.data != NULL) {
                return value;
            }
        }
    }
    return (struct text){NULL, 0};
}

bool http_is_safe(const struct http_request *request)
{
    return text_equal(request->method, TEXT("GET")) || text_equal(request->method, TEXT("HEAD")) ||
           text_equal(request->method, TEXT("OPTIONS"));
}

bool http_is_same_origin(const struct http_request *request)
{
    struct text site =
        http_header_find(request->headers, request->header_count, TEXT("sec-fetch-site"));
    if (site.data != NULL) {
        return text_equal(site, TEXT("same-origin"));
    }
    struct text origin = http_header_find(request->headers, request->header_count, TEXT("origin"));
    struct text host = text_slice(origin, text_find(origin, 0, ':'), origin.length);
    /* Its scheme is not compared: TLS may end at a proxy. */
    return text_starts_with(host, TEXT("://")) &&
           text_equal_ignoring_case(text_slice(host, 3, host.length), request->authority) &&
           request->authority.length > 0;
}

bool http_has_simple_body(const struct http_request *request)
{
    struct text type =
        http_header_find(request->headers, request->header_count, TEXT("content-type"));
    if (type.data == NULL) {
        return request->content_length > 0;
    }
    struct text essence = text_trim(text_next(&type, ';'));
    return !text_equal_ignoring_case(essence, TEXT("application/json")) &&
           !text_equal_ignoring_case(essence, TEXT("application/connect+json"));
}

static bool is_port(struct text text)
{
    size_t digits = 0;
    while (digits < text.length && text.data[digits] >= '0' && text.data[digits] <= '9') {
        digits++;
    }
    return digits == text.length;
}

struct text http_host_of(struct text authority)
{
    bool is_bracketed = authority.length > 0 && authority.data[0] == '[';
    size_t end = text_find(authority, 0, is_bracketed ? ']' : ':');
    struct text host = text_slice(authority, is_bracketed ? 1 : 0, end);
    struct text rest = text_slice(authority, is_bracketed ? end + 1 : end, authority.length);
    bool is_closed = !is_bracketed || end < authority.length;
    bool has_port = text_starts_with(rest, TEXT(":")) && is_port(text_slice(rest, 1, rest.length));
    if (!is_closed || (rest.length > 0 && !has_port)) {
        return (struct text){NULL, 0};
    }
    return text_ends_with(host, TEXT(".")) ? text_slice(host, 0, host.length - 1) : host;
}

bool http_host_is_loopback(struct text host)
{
    const struct text below = TEXT(".localhost");
    return socket_address_is_loopback(host) ||
           (host.length > below.length &&
            text_equal_ignoring_case(text_slice(host, host.length - below.length, host.length),
                                     below));
}

static struct text find(const struct http_request *request, struct text name)
{
    return http_header_find(request->headers, request->header_count, name);
}

bool http_may_be_browser(const struct http_request *request)
{
    struct text type = find(request, TEXT("content-type"));
    struct text essence = text_trim(text_next(&type, ';'));
    bool is_grpc = text_equal(essence, TEXT("application/grpc")) ||
                   text_starts_with(essence, TEXT("application/grpc+"));
    return request->version != 2 || !text_equal(request->method, TEXT("POST")) || !is_grpc ||
           !text_equal_ignoring_case(find(request, TEXT("te")), TEXT("trailers")) ||
           find(request, TEXT("origin")).data != NULL ||
           find(request, TEXT("sec-fetch-site")).data != NULL;
}
