#include "registry/handler/registry_page.h"

#include "http/http_files.h"

/* What marquee_http_files() makes of services/registry/ui/. */
extern const struct http_file registry_page_files[];

/* Whether the page itself is to be found there: what it shows is in the address, so that it can be
 * linked to. */
static bool is_view(struct text rest)
{
    static const struct text views[] = {TEXT_INIT("services"), TEXT_INIT("nodes")};
    struct text first = text_next(&rest, '/');
    bool found = first.length == 0 && rest.data == NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(views); i++) {
        found = found || text_equal(first, views[i]);
    }
    return found;
}

static void serve_page(void *unused, struct http_exchange *exchange)
{
    (void)unused;
    if (is_view(http_exchange_rest(exchange))) {
        http_files_reply(http_files_find(registry_page_files, TEXT("index.html")), exchange);
    } else {
        http_files_serve(registry_page_files, exchange);
    }
}

static void redirect(void *unused, struct http_exchange *exchange)
{
    static const struct http_header location = {TEXT_INIT("location"), TEXT_INIT("/ui/")};
    (void)unused;
    http_reply(exchange,
               &(struct http_reply){.status = 302, .headers = &location, .header_count = 1});
}

static const struct http_answer moved[] = {
    {302, "To the page", {.media_type = NULL}},
    {.status = 0},
};
static const struct http_answer file_answers[] = {
    {200, "The file", {.media_type = "text/html"}},
    {304, "The one that `If-None-Match` names", {.media_type = NULL}},
    {.status = 0},
};
static const struct http_parameter file = {
    .name = "file", .about = "A file of the page, or what it is to show", .is_required = true};
static const int unknown_file[] = {404, 0};

const struct http_operation registry_page_operations[] = {
    {.method = "GET",
     .path = "/",
     .handle = redirect,
     .id = "getRoot",
     .summary = "To the page",
     .tag = "page",
     .answers = moved,
     .traits = HTTP_OPERATION_OPEN},
    {.method = "GET",
     .path = "/ui",
     .handle = redirect,
     .id = "getUi",
     .summary = "To the page",
     .tag = "page",
     .answers = moved,
     .traits = HTTP_OPERATION_OPEN},
    {.method = "GET",
     .path = "/ui/*",
     .handle = serve_page,
     .id = "getUiFile",
     .summary = "The registry in a browser",
     .tag = "page",
     .rest = &file,
     .answers = file_answers,
     .problems = unknown_file,
     .traits = HTTP_OPERATION_OPEN},
};

const size_t registry_page_operation_count = ARRAY_LENGTH(registry_page_operations);
