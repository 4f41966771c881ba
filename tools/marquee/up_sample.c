#include "marquee/up_sample.h"

#include <inttypes.h>
#include <unistd.h>

#include "eventlog/local_eventlog.h"
#include "marquee/byte_source.h"
#include "marquee/catalogue.h"
#include "marquee/embedded_samples.h"
#include "marquee/event_ingest.h"

enum { MARK_BYTES = 64 };

static struct text catalogue_text(void)
{
    return text_of_bytes(marquee_sample_catalogue, marquee_sample_catalogue_size);
}

static struct text events_text(void)
{
    return text_of_bytes(marquee_sample_ratings, marquee_sample_ratings_size);
}

/* What the marker holds: which samples they were. */
static struct text samples_mark(char buffer[static MARK_BYTES])
{
    int length = snprintf(buffer, MARK_BYTES, "%016" PRIx64 " %016" PRIx64 "\n",
                          text_hash(catalogue_text()), text_hash(events_text()));
    return text_of_bytes(buffer, (size_t)length);
}

static bool is_loaded(const char *path)
{
    char wanted[MARK_BYTES];
    char found[MARK_BYTES];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    size_t length = fread(found, 1, sizeof(found), file);
    (void)fclose(file); /* read only: nothing is lost */
    return text_equal(text_of_bytes(found, length), samples_mark(wanted));
}

static enum status write_mark(struct call *call, const char *path)
{
    char buffer[MARK_BYTES];
    FILE *file = fopen(path, "we");
    bool written = file != NULL && fputs(samples_mark(buffer).data, file) >= 0;
    if (file == NULL || fclose(file) != 0 || !written) {
        return call_fail(call, STATUS_UNAVAILABLE, "%s cannot be written", path);
    }
    return STATUS_OK;
}

static enum status load_catalogue(struct session *session)
{
    struct bulk bulk;
    bulk_init(&bulk, session, "the sample catalogue");
    enum status status = catalogue_put(&bulk, catalogue_text());
    enum status finished = bulk_finish(&bulk);
    return status == STATUS_OK ? finished : status;
}

static enum status load_events(struct session *session, struct text event_log)
{
    struct text_source text;
    struct local_eventlog *log;
    struct eventlog_producer producer;
    struct call *call = &session->call;
    const struct local_eventlog_options options = {.directory = event_log.data};
    enum status status = local_eventlog_open(call, &options, &log);
    if (status != STATUS_OK) {
        return status;
    }
    status = local_eventlog_producer_open(log, session->loop, call, &producer);
    if (status == STATUS_OK) {
        struct event_ingest ingest = {
            .source = text_source_init(&text, events_text()),
            .producer = producer,
            .topic = TEXT("ratings"),
            .timeout_ms = session->timeout_ms,
            .complaints = {.errors = session->input->errors},
            .file = "the sample events",
        };
        status = event_ingest_run(&ingest, call);
        producer.ops->close(producer.state);
    }
    local_eventlog_close(log);
    return status;
}

enum status up_sample_load(struct session *session, struct text data, struct text event_log)
{
    struct call *call = &session->call;
    struct text mark = arena_format(call->arena, "%.*s/sample-loaded", TEXT_ARGUMENTS(data));
    if (mark.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a path");
    }
    if (is_loaded(mark.data)) {
        return STATUS_OK;
    }
    enum status status = load_catalogue(session);
    if (status == STATUS_OK) {
        status = load_events(session, event_log);
    }
    return status == STATUS_OK ? write_mark(call, mark.data) : status;
}
