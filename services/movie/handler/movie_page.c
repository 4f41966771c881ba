#include "movie/handler/movie_page.h"

#include "http/http_files.h"
#include "http/http_operation.h"

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

static const struct http_answer view_answers[] = {
    {200, "The page", {.media_type = "text/html"}},
    {304, "The one that `If-None-Match` names", {.media_type = NULL}},
    {.status = 0},
};
static const struct http_answer file_answers[] = {
    {200, "The file", {.media_type = "text/javascript"}},
    {304, "The one that `If-None-Match` names", {.media_type = NULL}},
    {.status = 0},
};
static const struct http_parameter movie = {
    .name = "id", .about = "The movie that is to be shown", .is_required = true};
static const struct http_parameter file = {
    .name = "file", .about = "Its name in web/", .is_required = true};
static const int unknown_file[] = {404, 0};

/* What a view shows is in its address, so that it can be linked to: the page is at all of them. */
static const struct http_operation operations[MOVIE_PAGE_ROUTE_COUNT] = {
    {.method = "GET",
     .path = "/",
     .handle = serve_view,
     .id = "getPage",
     .summary = "The page: what is best, what is new",
     .tag = "page",
     .answers = view_answers},
    {.method = "GET",
     .path = "/film/*",
     .handle = serve_view,
     .id = "getFilmView",
     .summary = "The page, showing a movie",
     .tag = "page",
     .rest = &movie,
     .answers = view_answers},
    {.method = "GET",
     .path = "/import",
     .handle = serve_view,
     .id = "getImportView",
     .summary = "The page, importing votes",
     .tag = "page",
     .answers = view_answers},
    {.method = "GET",
     .path = "/lists",
     .handle = serve_view,
     .id = "getListsView",
     .summary = "The page, showing lists",
     .tag = "page",
     .answers = view_answers},
    {.method = "GET",
     .path = "/search",
     .handle = serve_view,
     .id = "getSearchView",
     .summary = "The page, showing what is found",
     .tag = "page",
     .answers = view_answers},
    {.method = "GET",
     .path = "/votes",
     .handle = serve_view,
     .id = "getVotesView",
     .summary = "The page, showing the reader's own votes",
     .tag = "page",
     .answers = view_answers},
    {.method = "GET",
     .path = "/assets/*",
     .handle = serve_file,
     .id = "getPageFile",
     .summary = "A file of the page",
     .tag = "page",
     .rest = &file,
     .answers = file_answers,
     .problems = unknown_file},
};

void movie_page_routes(struct http_route routes[static MOVIE_PAGE_ROUTE_COUNT])
{
    http_operations_route(operations, ARRAY_LENGTH(operations), NULL, routes);
}
