/* movie_page.h: the page of marquee-movie, at /: its files lie in web/ and are in the program. It
 * asks this same server: POST /MovieService/Method, and /session. docs/page.md is its manual. */
#pragma once

#include "http/http_server.h"

enum { MOVIE_PAGE_ROUTE_COUNT = 7 };

/* GET of each address that a view of the page has, and of /assets/NAME. */
void movie_page_routes(struct http_route routes[static MOVIE_PAGE_ROUTE_COUNT]);
