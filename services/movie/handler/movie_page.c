#include "movie/handler/movie_page.h"

#include "http/http_files.h"

/* What marquee_http_files() makes of web/. */
extern const struct http_file movie_page_files[];

static void serve_view(void *unused, struct http_exchange *exchange)
{
    (void)unused;
    http_files_reply(http_files_find(movie_page_files, TEXT("index.html")), exchange);
}

static void serve_file(void *unused, struct http_exchange *exchange)
{
    (void)unused;
    http_files_serve(movie_page_files, exchange);
}

/* What a view shows is in its address, so that it can be linked to: the page is at all of them. */
const struct http_route movie_page_routes[MOVIE_PAGE_ROUTE_COUNT] = {
    {"GET", "/", serve_view, NULL},         {"GET", "/film/*", serve_view, NULL},
    {"GET", "/import", serve_view, NULL},   {"GET", "/lists", serve_view, NULL},
    {"GET", "/search", serve_view, NULL},   {"GET", "/votes", serve_view, NULL},
    {"GET", "/assets/*", serve_file, NULL},
};
