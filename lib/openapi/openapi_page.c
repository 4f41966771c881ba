/* The page to try the operations at: its files lie in lib/openapi/ui/ and are in the program. */
#include "http/http_files.h"
#include "http/http_operation.h"
#include "openapi/openapi.h"

/* What marquee_http_files() makes of them. */
extern const struct http_file openapi_page_files[];

static void serve_page(void *unused, struct http_exchange *exchange)
{
    (void)unused;
    http_files_reply(http_files_find(openapi_page_files, TEXT("index.html")), exchange);
}

static void serve_file(void *unused, struct http_exchange *exchange)
{
    (void)unused;
    http_files_serve(openapi_page_files, exchange);
}

static const struct http_answer page_answers[] = {
    {200, "The page", {.media_type = "text/html"}},
    {304, "The one that `If-None-Match` names", {.media_type = NULL}},
    {.status = 0},
};
static const struct http_answer file_answers[] = {
    {200, "The file", {.media_type = "*/*"}},
    {304, "The one that `If-None-Match` names", {.media_type = NULL}},
    {.status = 0},
};
static const struct http_parameter file = {.name = "file", .about = "A file of the page"};
static const int unknown_file[] = {404, 0};

const struct http_operation openapi_page_operations[OPENAPI_PAGE_ROUTES] = {
    {.method = "GET",
     .path = "/api",
     .handle = serve_page,
     .id = "getApi",
     .summary = "A page to try this document at",
     .tag = "process",
     .answers = page_answers},
    {.method = "GET",
     .path = "/api/*",
     .handle = serve_file,
     .id = "getApiFile",
     .summary = "The files of the page",
     .tag = "process",
     .rest = &file,
     .answers = file_answers,
     .problems = unknown_file},
};
