#include "http/http_browser.h"

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
