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

/* Whether the request has an `if-match` that does not name the tag: answer 412. Compared strongly,
 * as section 13.1.1 asks; "*" is any. etag empty: there is nothing, which no tag and no "*" is. */
bool http_etag_is_refused(const struct http_request *request, struct text etag);
