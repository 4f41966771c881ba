/* http_browser.h: what browsers say of a request: its cookies, which page made it, and by which
 * name of ours. */
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

/* The host of an authority ("localhost:8083", "[::1]:8083"), without port, brackets, and the dot
 * that may end a name; within it. Empty: it is malformed, or there is none. */
struct text http_host_of(struct text authority);

/* Whether no name server can lead the host elsewhere than to this machine: "localhost" and names
 * below it (RFC 6761 section 6.3), 127.0.0.0/8, ::1. */
MUST_USE bool http_host_is_loopback(struct text host);

/* Whether a browser can have sent it on behalf of a page, whatever the page tried: all but gRPC
 * over HTTP/2 proper. There `te: trailers` must be sent, which Fetch lets no page set ("forbidden
 * request-header"); and without TLS no browser speaks HTTP/2. What browsers do send of themselves,
 * `origin` and `sec-fetch-site`, gives the rest away. */
MUST_USE bool http_may_be_browser(const struct http_request *request);
