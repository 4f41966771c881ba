/* http_message.h: what HTTP/1.1 and HTTP/2 have in common: headers, limits, names and texts. */
#pragma once

#include <stdint.h>

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

enum {
    HTTP_HEADER_LIST_BYTES_MAX =
        8 * 1024, /* sum of name + value + 32, as RFC 9113 section 6.5.2 counts */
    HTTP_HEADER_COUNT_MAX = 100,
    HTTP_TARGET_BYTES_MAX = 4 * 1024,      /* of a request's path and query */
    HTTP_BODY_BYTES_MAX = 4 * 1024 * 1024, /* of a body read whole, unless a route says otherwise */
    HTTP_BODY_RATE_MIN = 1024,    /* bytes a second of a body read whole, beyond its timeout */
    HTTP_ADDRESS_BYTES_MAX = 280, /* "host:port" with its NUL */
};

struct arena;

struct http_header {
    struct text name; /* lower case */
    struct text value;
};

/* The value of the first header of that name (lower case), or {NULL, 0}. */
struct text http_header_find(const struct http_header *headers, size_t count, struct text name);

/* "Not Found"; "" for an unknown status. Static storage. */
const char *http_reason(int status);

/* The parameter of a query string ("a=1&b=2"), percent-decoded, '+' as space; valid in the call's
 * arena. STATUS_NOT_FOUND: not given (no error text is noted). STATUS_INVALID_ARGUMENT: given
 * twice, bad percent encoding, not UTF-8 or NUL in it. */
MUST_USE enum status http_query_parameter(struct call *call, struct text query, struct text name,
                                          struct text *ret_value);

/* Percent-decodes a path or its part; valid in the call's arena. STATUS_INVALID_ARGUMENT as above.
 */
MUST_USE enum status http_percent_decode(struct call *call, struct text encoded,
                                         struct text *ret_decoded);

/* The value of `retry-after` (RFC 9110 section 10.2.3): whole seconds, rounded up. {NULL, 0}: no
 * room in the arena. */
struct text http_retry_after(struct arena *arena, int64_t retry_after_ms);

/* Percent-encodes everything but RFC 3986's unreserved characters; {NULL, 0}: no room in the arena.
 */
struct text http_percent_encode(struct arena *arena, struct text raw);

/* "host:port", "[::1]:port"; the host may be a name. STATUS_INVALID_ARGUMENT: malformed.
 * Both parts point into `address`; brackets are dropped. */
MUST_USE enum status http_address_split(struct call *call, struct text address,
                                        struct text *ret_host, uint16_t *ret_port);
