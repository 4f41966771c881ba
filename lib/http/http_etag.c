#include "http/http_etag.h"

#include <inttypes.h>
#include <stdio.h>

void http_etag_write(struct digest digest, char etag[static HTTP_ETAG_BYTES])
{
    (void)snprintf(etag, HTTP_ETAG_BYTES, "\"%016" PRIx64 "%016" PRIx64 "\"", digest.high,
                   digest.low);
}

/* Whether a list of tags names this one. */
static bool names_tag(struct text list, struct text etag, bool is_weak)
{
    while (list.data != NULL) {
        struct text tag = text_trim(text_next(&list, ','));
        if (is_weak && text_starts_with(tag, TEXT("W/"))) {
            tag = text_slice(tag, 2, tag.length);
        }
        if (etag.length > 0 && (text_equal(tag, TEXT("*")) || text_equal(tag, etag))) {
            return true;
        }
    }
    return false;
}

/* false: there is no such header. */
static bool look_for(const struct http_request *request, struct text name, struct text etag,
                     bool is_weak, bool *ret_named)
{
    bool found = false;
    *ret_named = false;
    for (size_t i = 0; i < request->header_count; i++) {
        if (text_equal(request->headers[i].name, name)) {
            found = true;
            *ret_named = *ret_named || names_tag(request->headers[i].value, etag, is_weak);
        }
    }
    return found;
}

bool http_etag_is_held(const struct http_request *request, struct text etag)
{
    bool named;
    return look_for(request, TEXT("if-none-match"), etag, true, &named) && named;
}

bool http_etag_is_refused(const struct http_request *request, struct text etag)
{
    bool named;
    return look_for(request, TEXT("if-match"), etag, false, &named) && !named;
}
