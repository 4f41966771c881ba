/* http_browser.h: what browsers say of a request: its cookies, and which page made it. */
#pragma once

#include "http/http_server.h"

/* The value of the first cookie of that name (RFC 6265 section 5.4), within the headers; {NULL, 0}:
 * there is none. Over HTTP/2 cookies may come in several headers (RFC 9113 section 8.2.3). */
struct text http_cookie_find(const struct http_header *headers, size_t count, struct text name);

/* Whether it changes nothing, by its method (RFC 9110 section 9.2.1). */
MUST_USE bool http_is_safe(const struct http_request *request);

/* Whether a page of this server's own origin made the request: `sec-fetch-site` says so (W3C Fetch
 * Metadata); where a browser does not send that, `origin` names the host that was asked. false also
 * where neither is there: no browser made it that can be trusted to tell. */
MUST_USE bool http_is_same_origin(const struct http_request *request);

/* Whether a page of another origin may have made it, without being asked first (CORS): a body of
 * another type than JSON, or of none. */
MUST_USE bool http_has_simple_body(const struct http_request *request);
