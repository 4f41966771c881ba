/* http_idempotency.h: plain routes that answer a repeated write as they did at first
 * (idempotency/idempotency.h).
 *
 * What makes two requests the same: method, path and query, the body's bytes, its type, and the
 * conditions if-match and if-none-match. What is kept of a reply: its status, its headers and its
 * body, if it was made whole; a reply in parts cannot be answered with again. Of the statuses, 408,
 * 409, 425, 429, 499, 503 and 504 say "try again", so that nothing is kept. */
#pragma once

#include "http/http_server.h"
#include "idempotency/idempotency.h"

/* Serves the exchange by the route's own handler, or by what it answered before; to be called in
 * its place where the request has an `idempotency_key`, when it is known who asks and that it may.
 * 400: the key is malformed. 409, with retry-after: the first attempt is under way; without: it was
 * done, and its reply could not be kept. 413: a body above HTTP_BODY_BYTES_MAX. 422: the key came
 * with another request. 429: no room for more keys. A kept reply has the header
 * IDEMPOTENCY_REPLAYED_HEADER. */
void http_idempotency_serve(struct idempotency_store *store, const struct http_route *route,
                            struct http_exchange *exchange);
