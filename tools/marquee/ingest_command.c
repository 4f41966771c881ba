/* marquee ingest: rating events from a file into the event log, from where the rating service takes
 * them. */
#include "eventlog/kafka_eventlog.h"
#include "eventlog/local_eventlog.h"
#include "marquee/event_ingest.h"
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
    {.name = "event-log",
     .kind = CONFIG_CHOICE,
     .argument = "local|kafka",
     .default_value = "local",
     .help = "which event log"},
    {.name = "event-log-directory",
     .kind = CONFIG_TEXT,
     .argument = "DIRECTORY",
     .default_value = "var/eventlog",
     .help = "the directory of the local event log"},
    {.name = "kafka-brokers",
     .kind = CONFIG_TEXT,
     .argument = "HOST:PORT,…",
     .default_value = "127.0.0.1:9092",
     .help = "where to find Kafka"},
    {.name = "timeout",
     .kind = CONFIG_DURATION,
     .argument = "TIME",
     .default_value = "60s",
     .help = "how long the delivery of one batch may take",
     .minimum = 1,
     .maximum = INT64_C(3600000)},
    {.name = "raw",
     .kind = CONFIG_BOOLEAN,
     .help = "append what stands there, without looking whether it is an event"},
};

static const struct config_program program = {
    .name = "marquee ingest",
    .service = "cli",
    .summary = "marquee ingest: append rating events to the event log.",
    .usage = "[OPTIONS] FILE",
    .epilogue =
        "FILE is a JSON array of events, or one event a line (api/events.md); - is standard\n"
        "input. What is not an event is refused and listed, and the rest goes on.\n"
        "\nexit status: 0, 1 something was refused or not delivered, 2 wrong usage,\n"
        "3 no such file\n"
        "\nexample: marquee ingest --event-log-directory var/eventlog events.json\n",
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

static void show_progress(void *state, uint64_t delivered)
{
    struct ingestion *ingestion = state;
    progress_update(&ingestion->progress, ingestion->file.done, delivered);
}

/* With the producer that is open. */
static enum status ingest(struct session *session, struct ingestion *ingestion)
{
    struct event_ingest *events = &ingestion->events;
    const struct config *config = session->config;
    enum status status =
        file_source_open(&session->call, config_argument(config, 0).data, &ingestion->file);
    if (status != STATUS_OK) {
        return status;
    }
    events->source = file_source_bytes(&ingestion->file);
    events->file = ingestion->file.name;
    events->topic = config_text(config, "topic");
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
    (void)fprintf(session->input->output,
                  "%llu read, %llu appended, %llu refused, %llu not delivered, in %.1f s\n",
                  (unsigned long long)events->read, (unsigned long long)events->delivered,
                  (unsigned long long)events->complaints.count,
                  (unsigned long long)events->undelivered, progress_seconds(&ingestion->progress));
    session->failed = events->complaints.count > 0 || events->undelivered > 0;
    return status;
}

static enum status ingest_local(struct session *session, struct ingestion *ingestion)
{
    struct local_eventlog *log;
    struct call *call = &session->call;
    const struct local_eventlog_options local = {
        .directory = config_text(session->config, "event-log-directory").data};
    enum status status = local_eventlog_open(call, &local, &log);
    if (status != STATUS_OK) {
        return status;
    }
    status = local_eventlog_producer_open(log, session->loop, call, &ingestion->events.producer);
    if (status == STATUS_OK) {
        status = ingest(session, ingestion);
        ingestion->events.producer.ops->close(ingestion->events.producer.state);
    }
    local_eventlog_close(log);
    return status;
}

static enum status ingest_kafka(struct session *session, struct ingestion *ingestion)
{
    const struct kafka_eventlog_options kafka = {.bootstrap =
                                                     config_text(session->config, "kafka-brokers")};
    enum status status = kafka_eventlog_producer_open(session->loop, &session->call, &kafka,
                                                      &ingestion->events.producer);
    if (status == STATUS_OK) {
        status = ingest(session, ingestion);
        ingestion->events.producer.ops->close(ingestion->events.producer.state);
    }
    return status;
}

static enum status run(struct session *session)
{
    struct ingestion *ingestion = arena_calloc(&session->arena, 1, sizeof(*ingestion));
    if (ingestion == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = text_equal(config_text(session->config, "event-log"), TEXT("kafka"))
                             ? ingest_kafka(session, ingestion)
                             : ingest_local(session, ingestion);
    /* A malformed file is a failure, not a wrong usage. */
    return status == STATUS_INVALID_ARGUMENT ? STATUS_DATA_LOSS : status;
}

int ingest_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}
