/* http_files.h: the few files of a page, served from memory: they are compiled into the program by
 * marquee_http_files() (cmake/http_files.cmake), so that it runs without a path to find them at.
 *
 * A client keeps a file and asks with its tag whether it is still the same (RFC 9110 sections 8.8.3
 * and 13.1.2; RFC 9111 section 5.2.2.4): a new program is seen at the next load, and an unchanged
 * file costs a 304. Who accepts gzip gets what was compressed when the program was built (RFC 9110
 * section 12.5.3), under a tag of its own. Nothing here parks or allocates. */
#pragma once

#include "http/http_server.h"

/* What the browser lets a page of ours do (CSP level 3): load its own scripts, styles and pictures,
 * ask its own server, and nothing else; nobody may frame it. No text becomes markup or a script,
 * whatever a script of the page does with it (Trusted Types). */
#define HTTP_FILES_POLICY                                                                          \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src "        \
    "'self'; "                                                                                     \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "                                \
    "require-trusted-types-for 'script'; trusted-types 'none'"

/* All texts static. A list of files ends with one without a name. */
struct http_file {
    struct text name; /* "style.css" */
    struct text type; /* "text/css; charset=utf-8" */
    struct text etag; /* strong, with its quotes: a hash of the content */
    struct text content;
    struct text gzip_etag; /* empty, as the next: compressing would not make it smaller */
    struct text gzip;
};

/* NULL: there is no file of that name. */
const struct http_file *http_files_find(const struct http_file *files, struct text name);

/* 200 with the file, or 304 when the request has it already, in either form. Beside `etag` and
 * `vary: accept-encoding`, with `cache-control: no-cache`, `content-security-policy` as above,
 * `referrer-policy: no-referrer` and `x-content-type-options: nosniff`. */
void http_files_reply(const struct http_file *file, struct http_exchange *exchange);

/* The file that the rest of the request's path names (its route ends in "/" and '*'), or 404 as
 * problem+json. */
void http_files_serve(const struct http_file *files, struct http_exchange *exchange);
