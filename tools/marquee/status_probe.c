#include "marquee/status_probe.h"

#include "access/access_tokens.h"
#include "marquee/metrics_page.h"

const struct status_figure status_figures[STATUS_FIGURE_COUNT] = {
    [STATUS_FIGURE_MEMORY] = {.family = "process_resident_memory_bytes", .name = "memoryBytes"},
    [STATUS_FIGURE_START] = {.family = "process_start_time_seconds", .name = "startedAt"},
    [STATUS_FIGURE_REQUESTS] = {.family = "marquee_requests_total", .name = "requests"},
    {.family = "marquee_consumer_lag_events",
     .name = "lagEvents",
     .text = "events behind",
     .is_always = true},
    {.family = "marquee_ingestion_waiting_seconds",
     .is_max = true,
     .name = "storeWaitSeconds",
     .text = "seconds that events have waited for the store",
     .is_bad = true},
    {.family = "marquee_dead_letters_total",
     .name = "deadLetters",
     .text = "dead letters since it started"},
    {.family = "marquee_relay_lag_changes",
     .name = "relayLagChanges",
     .text = "changes not relayed yet"},
    {.family = "marquee_rating_copy_age_seconds",
     .is_max = true,
     .name = "ratingCopyAgeSeconds",
     .text = "seconds is the age of its copy of ratings",
     .is_always = true},
};

static enum status get(struct status_probe *probe, const char *path,
                       struct http_client_reply *ret_reply)
{
    struct session *session = probe->view->session;
    struct http_header token = {TEXT("authorization"), {NULL, 0}};
    if (session->tokens != NULL) {
        token.value = access_tokens_show(session->tokens, probe->call.arena, "Bearer ");
    }
    const struct http_client_request request = {
        .method = "GET",
        .url =
            arena_format(probe->call.arena, "%s://%.*s%s", session->tls != NULL ? "https" : "http",
                         TEXT_ARGUMENTS(probe->instance->address), path),
        .headers = &token,
        .header_count = session->tokens != NULL ? 1 : 0,
    };
    return request.url.data == NULL
               ? STATUS_RESOURCE_EXHAUSTED
               : http_client_send(probe->view->client, &probe->call, &request, ret_reply);
}

/* The lines that say what is wrong, without the others. */
static struct text failures_of(struct arena *arena, struct text page)
{
    char *lines = arena_alloc(arena, page.length + 1);
    size_t length = 0;
    while (lines != NULL && page.data != NULL) {
        struct text line = text_next(&page, '\n');
        if (text_starts_with(line, TEXT("FAIL "))) {
            struct text words = text_slice(line, strlen("FAIL "), line.length);
            memcpy(lines + length, words.data, words.length);
            length += words.length;
            lines[length++] = '\n';
        }
    }
    return lines == NULL ? TEXT("no memory") : text_of_bytes(lines, length);
}

static void read_figures(struct status_probe *probe, struct text page)
{
    for (size_t i = 0; i < STATUS_FIGURE_COUNT; i++) {
        const struct status_figure *figure = &status_figures[i];
        probe->known[i] = figure->is_max
                              ? metrics_page_max(page, figure->family, &probe->values[i])
                              : metrics_page_sum(page, figure->family, &probe->values[i]);
    }
}

void status_probe_run(struct status_probe *probe)
{
    struct http_client_reply reply;
    enum status status = get(probe, "/readyz", &reply);
    if (status != STATUS_OK) {
        struct text words = probe->call.error.message;
        probe->reasons = words.length > 0 ? words : text_of(status_name(status));
        return;
    }
    probe->is_ready = reply.status == 200;
    probe->reasons = failures_of(probe->call.arena, reply.body);
    if (!probe->is_ready && probe->reasons.length == 0) {
        probe->reasons = arena_format(probe->call.arena, "/readyz answers %d", reply.status);
    }
    if (get(probe, "/metrics", &reply) == STATUS_OK && reply.status == 200) {
        read_figures(probe, reply.body);
    }
}

bool status_probe_is_well(const struct status_probe *probe)
{
    bool is_well = probe->is_ready && text_equal(probe->instance->health, TEXT("passing"));
    for (size_t i = 0; i < STATUS_FIGURE_COUNT; i++) {
        is_well = is_well && !(status_figures[i].is_bad && probe->known[i] && probe->values[i] > 0);
    }
    return is_well;
}
