/* http_etag.h: entity tags (RFC 9110 section 8.8.3) and the requests that name them (section
 * 13.1). */
#pragma once

#include "base/digest.h"
#include "http/http_server.h"

enum { HTTP_ETAG_BYTES = 37 }; /* W/, 32 digits, their quotes, and NUL */

/* Of these very bytes. */
void http_etag_write(struct digest digest, char etag[static HTTP_ETAG_BYTES]);
/* Of bytes that differ now and then and mean the same: a weak one. */
void http_etag_write_weak(struct digest digest, char etag[static HTTP_ETAG_BYTES]);

/* Whether `if-none-match` names the tag, or is "*": answer 304. Compared weakly, as section 13.1.2
 * asks. */
bool http_etag_is_held(const struct http_request *request, struct text etag);
/* Whether there is an `if-match` that neither names the tag nor is "*": answer 412. Compared
 * strongly, so that nothing names a weak tag (section 13.1.1). */
bool http_etag_is_missed(const struct http_request *request, struct text etag);

enum { HTTP_PRECONDITION_TAGS_MAX = 16 }; /* that one header may name */

/* What `if-match` or `if-none-match` of a write names. */
struct http_tags {
    bool is_given;
    bool is_any; /* "*" */
    struct digest digests[HTTP_PRECONDITION_TAGS_MAX];
    size_t count;
};

/* What a write asks to be so: there is one of `match` (section 13.1.1, compared strongly), there is
 * none of `none_match` (section 13.1.2, weakly). */
struct http_precondition {
    struct http_tags match;
    struct http_tags none_match;
};

/* Tags that are none of ours are left out: nothing has them. STATUS_INVALID_ARGUMENT: too many. */
MUST_USE enum status http_precondition_read(struct http_exchange *exchange,
                                            struct http_precondition *ret_precondition);
