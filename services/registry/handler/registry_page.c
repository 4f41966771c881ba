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

const struct http_route registry_page_routes[] = {
    {"GET", "/", redirect, NULL},
    {"GET", "/ui", redirect, NULL},
    {"GET", "/ui/*", serve_page, NULL},
};

const size_t registry_page_route_count = ARRAY_LENGTH(registry_page_routes);
