/* marquee ingest: rating events from a file into the event log, from where the rating service takes
 * them. */
#include "base/random.h"
#include "marquee/event_ingest.h"
#include "marquee/event_log.h"
#include "marquee/progress.h"
#include "marquee/session.h"

static const struct config_option options[] = {
    {.name = "key",
     .kind = CONFIG_CHOICE,
     .argument = "user|record",
     .default_value = "user",
     .help = "events of one user, or of one record, keep their order"},
    {.name = "topic",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .default_value = "ratings",
     .help = "the topic to append to"},
    EVENT_LOG_OPTIONS,
    SESSION_TIMEOUT_OPTION("60s", "how long the delivery of one batch may take"),
    {.name = "position",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "keep there how far it is; a run that was killed goes on from there"},
    {.name = "batch",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "10000",
     .help = "events appended at once",
     .minimum = 1,
     .maximum = EVENT_INGEST_BATCH_MAX},
    {.name = "raw",
     .kind = CONFIG_BOOLEAN,
     .help = "append what stands there, without looking whether it is an event"},
    {.name = "json", .kind = CONFIG_BOOLEAN, .help = "print the counts as a JSON object"},
};

static const struct config_program program = {
    .name = "marquee ingest",
    .service = CONFIG_COMMANDS,
    .summary = "marquee ingest: append rating events to the event log.",
    .usage = "[OPTIONS] FILE",
    .epilogue =
        "FILE is a JSON array of events, or one event a line (api/events.md); - is standard\n"
        "input. What is not an event is refused and listed, and the rest goes on.\n"
        "With --position, a run that was killed at any time is begun again by the same command:\n"
        "into the local log each event goes once; with Kafka, a batch of events may come twice.\n"
        "\nexit status: 0, 1 something was refused or not delivered, 2 wrong usage,\n"
        "3 no such file\n"
        "\nexample: marquee ingest --event-log-directory var/eventlog events.json\n"
        "         marquee ingest --position events.position events.json\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 1,
};

struct ingestion {
    struct event_ingest events;
    struct file_source file;
    struct progress progress;
};

static enum status keep_position(void *state, struct call *call,
                                 const struct ingest_position *position)
{
    const struct config *config = state;
    return ingest_position_store(call, config_text(config, "position").data,
                                 config_text(config, "topic"), position);
}

/* Where the position file says, or at the beginning. */
static enum status find_position(struct session *session, struct event_ingest *events)
{
    struct text path = config_text(session->config, "position");
    if (path.length == 0) {
        random_secret(&events->position.producer_id, sizeof(events->position.producer_id));
        events->position.producer_id |= 1; /* not 0 */
        return STATUS_OK;
    }
    events->keep = keep_position;
    events->keep_state = (void *)(uintptr_t)session->config;
    return ingest_position_load(&session->call, path.data, events->topic, &events->position);
}

static void show_progress(void *state, uint64_t delivered)
{
    struct ingestion *ingestion = state;
    progress_update(&ingestion->progress, ingestion->file.done, delivered);
}

static void print_json(FILE *output, const struct ingestion *ingestion)
{
    const struct event_ingest *events = &ingestion->events;
    (void)fprintf(output,
                  "{\"read\":%llu,\"appended\":%llu,\"refused\":%llu,\"notDelivered\":%llu,"
                  "\"passedOver\":%llu,\"seconds\":%.3f}\n",
                  (unsigned long long)events->read, (unsigned long long)events->delivered,
                  (unsigned long long)events->complaints.count,
                  (unsigned long long)events->undelivered, (unsigned long long)events->passed_over,
                  progress_seconds(&ingestion->progress));
}

static void print_counts(FILE *output, const struct ingestion *ingestion)
{
    const struct event_ingest *events = &ingestion->events;
    if (events->passed_over > 0) {
        (void)fprintf(output, "%llu passed over, as the position says; ",
                      (unsigned long long)events->passed_over);
    }
    (void)fprintf(output, "%llu read, %llu appended, %llu refused, %llu not delivered, in %.1f s\n",
                  (unsigned long long)events->read, (unsigned long long)events->delivered,
                  (unsigned long long)events->complaints.count,
                  (unsigned long long)events->undelivered, progress_seconds(&ingestion->progress));
}

/* With the producer that is open. */
static enum status ingest(struct session *session, struct ingestion *ingestion)
{
    struct event_ingest *events = &ingestion->events;
    const struct config *config = session->config;
    events->topic = config_text(config, "topic");
    enum status status = find_position(session, events);
    if (status == STATUS_OK) {
        status =
            file_source_open(&session->call, config_argument(config, 0).data, &ingestion->file);
    }
    if (status != STATUS_OK) {
        return status;
    }
    events->source = file_source_bytes(&ingestion->file);
    events->file = ingestion->file.name;
    events->batch_max = (size_t)config_integer(config, "batch");
    events->key_is_record = text_equal(config_text(config, "key"), TEXT("record"));
    events->raw = config_boolean(config, "raw");
    events->timeout_ms = config_duration_ms(config, "timeout");
    events->complaints.errors = session->input->errors;
    events->progressed = show_progress;
    events->progressed_state = ingestion;
    progress_init(&ingestion->progress, session->input->errors, "events", ingestion->file.size);
    status = event_ingest_run(events, &session->call);
    progress_end(&ingestion->progress);
    file_source_close(&ingestion->file);
    if (config_boolean(config, "json")) {
        print_json(session->input->output, ingestion);
    } else {
        print_counts(session->input->output, ingestion);
    }
    session->failed = events->complaints.count > 0 || events->undelivered > 0;
    return status;
}

static enum status ingest_into(struct event_log *log, struct ingestion *ingestion)
{
    struct eventlog_producer *producer = &ingestion->events.producer;
    enum status status = event_log_open_producer(log, &log->session->call, producer);
    if (status == STATUS_OK) {
        status = ingest(log->session, ingestion);
        producer->ops->close(producer->state);
    }
    return status;
}

static enum status run(struct session *session)
{
    struct ingestion *ingestion = arena_calloc(&session->arena, 1, sizeof(*ingestion));
    if (ingestion == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    struct event_log *log = arena_calloc(&session->arena, 1, sizeof(*log));
    if (log == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = event_log_open(session, EVENT_LOG_WRITE, log);
    if (status != STATUS_OK) {
        return status;
    }
    status = ingest_into(log, ingestion);
    event_log_close(log);
    /* A malformed file is a failure, not a wrong usage. */
    return status == STATUS_INVALID_ARGUMENT ? STATUS_DATA_LOSS : status;
}

int ingest_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}
