/* http_route.h: the route table, made once for quick look-ups: exact paths by hash, then the
 * longest `/...` prefix. Read only after it was made. */
#pragma once

#include "http/http_server.h"

struct http_route_table;

/* STATUS_INVALID_ARGUMENT: two rows with the same method and path. STATUS_RESOURCE_EXHAUSTED: no
 * memory. routes: borrowed for the table's life. */
MUST_USE enum status http_route_table_create(const struct http_route *routes, size_t count,
                                             struct http_route_table **ret_table);
void http_route_table_destroy(struct http_route_table *table);

struct http_route_match {
    const struct http_route *route; /* NULL: none */
    struct text rest;               /* what '*' stood for */
    const struct http_route
        *other; /* without route: one with this path but another method, or NULL */
};

/* The row that serves a method of a path, without query. */
struct http_route_match http_route_find(const struct http_route_table *table, struct text method,
                                        struct text path);

/* The methods of the rows with the path of `route`: "GET, HEAD, PUT"; valid in the arena. */
struct text http_route_allow(const struct http_route_table *table, const struct http_route *route,
                             struct arena *arena);
