/* http_etag.h: strong entity tags (RFC 9110 section 8.8.3) and the requests that name them (section
 * 13.1). */
#pragma once

#include "base/digest.h"
#include "http/http_server.h"

enum { HTTP_ETAG_BYTES = 35 }; /* 32 digits, their quotes, and NUL */

void http_etag_write(struct digest digest, char etag[static HTTP_ETAG_BYTES]);

/* Whether `if-none-match` names the tag, or is "*": answer 304. Compared weakly, as section 13.1.2
 * asks. */
bool http_etag_is_held(const struct http_request *request, struct text etag);

enum { HTTP_PRECONDITION_TAGS_MAX = 16 }; /* that one request may name */

/* What a write asks to be so: `if-match` (section 13.1.1, compared strongly), and `if-none-match:
 * *` for what must not be there yet. */
struct http_precondition {
    bool must_match;     /* there is one of the tags, or with is_any anything */
    bool must_be_absent; /* there is nothing */
    bool is_any;
    struct digest tags[HTTP_PRECONDITION_TAGS_MAX];
    size_t tag_count;
};

/* Tags that are none of ours are left out: nothing has them. STATUS_INVALID_ARGUMENT: too many. */
MUST_USE enum status http_precondition_read(struct http_exchange *exchange,
                                            struct http_precondition *ret_precondition);
