/* marquee stream: the roles of a broker, each a process of its own between two topics. */
#include <inttypes.h>

#include "marquee/command_stop.h"
#include "marquee/event_log.h"
#include "marquee/stream_aggregate.h"
#include "marquee/stream_transform.h"
#include "marquee/terminal.h"
#include "json/json.h"

static const struct config_option options[] = {
    {.name = "from",
     .kind = CONFIG_TEXT,
     .argument = "TOPIC",
     .help = "what is read; else provider-events (transform) or ratings"},
    {.name = "to",
     .kind = CONFIG_TEXT,
     .argument = "TOPIC",
     .help = "what is written; else ratings, rating-windows, or FROM.movie, FROM.actor, …"},
    {.name = "refused",
     .kind = CONFIG_TEXT,
     .argument = "TOPIC",
     .help = "where to set aside what is refused; else FROM.refused"},
    {.name = "group",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .help = "the consumer group; else stream-transform, …"},
    {.name = "scale",
     .kind = CONFIG_TEXT,
     .argument = "PROVIDER=SCALE;…",
     .default_value = "*=points",
     .help = "transform: stars, percent, points, thumbs or MIN..MAX; * is any other"},
    {.name = "key",
     .kind = CONFIG_CHOICE,
     .argument = "user|record|same",
     .default_value = "same",
     .help = "transform, route: the key of what is written"},
    {.name = "window",
     .kind = CONFIG_DURATION,
     .argument = "TIME",
     .default_value = "1m",
     .help = "aggregate: the length of a window",
     .minimum = 1,
     .maximum = INT64_C(366) * 24 * 3600 * 1000},
    {.name = "lateness",
     .kind = CONFIG_DURATION,
     .argument = "TIME",
     .default_value = "10s",
     .help = "aggregate: how long a window stays open behind its end",
     .minimum = 0,
     .maximum = INT64_C(366) * 24 * 3600 * 1000},
    {.name = "batch",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "1000",
     .help = "events that are taken at once",
     .minimum = 1,
     .maximum = EVENTLOG_BATCH_MAX},
    {.name = "exit-when-idle",
     .kind = CONFIG_DURATION,
     .argument = "TIME",
     .default_value = "0s",
     .help = "end when nothing came for so long; 0: never",
     .minimum = 0,
     .maximum = INT64_C(24) * 3600 * 1000},
    {.name = "json", .kind = CONFIG_BOOLEAN, .help = "print the summary at the end as JSON"},
    EVENT_LOG_OPTIONS,
};

static const struct config_program program = {
    .name = "marquee stream",
    .service = CONFIG_COMMANDS,
    .summary = "marquee stream: read one topic of the event log and write others, until stopped.",
    .usage = "[OPTIONS] transform | aggregate | route",
    .epilogue =
        "transform  values from each provider's scale to points of 0 to 10\n"
        "aggregate  votes counted by record, in windows of event time\n"
        "route      events by record type, to FROM.movie, FROM.actor, FROM.soundtrack\n\n"
        "At least once, with event ids that follow from the place in the log, so that the rating\n"
        "service applies each event once. Several processes of one group share the partitions.\n"
        "docs/events.md says what each guarantees.\n"
        "\nexit status: 0 it was stopped or is idle, 1 it failed, 2 wrong usage\n"
        "\nexample: marquee stream transform --scale 'letterboxd=stars;tomatoes=percent'\n"
        "         marquee stream aggregate --window 1h --from ratings --to rating-windows\n"
        "         marquee stream route --from ratings\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 1,
};

struct stream {
    struct session *session;
    struct event_log log;
    struct command_stop stop;
    struct eventlog_processor processor;
    struct stream_transform transform;
    struct stream_route route;
    struct stream_aggregate aggregate;
    struct text from;
    struct text group;
};

/* A role: what it reads and writes unless told otherwise. */
struct role {
    struct text name;
    struct text from;
    struct text to; /* empty: as `from` */
    struct text group;
    enum status (*process)(void *state, struct call *call, const struct eventlog_batch *batch,
                           struct eventlog_outputs *outputs);
    /* Sets the processor's state and positions. */
    enum status (*set_up)(struct stream *stream, struct text to, struct text refused,
                          struct eventlog_positions *positions);
    void (*sum_up)(const struct stream *stream, struct json_writer *writer);
};

static enum stream_key chosen_key(const struct config *config)
{
    struct text key = config_text(config, "key");
    if (text_equal(key, TEXT("user"))) {
        return STREAM_KEY_USER;
    }
    return text_equal(key, TEXT("record")) ? STREAM_KEY_RECORD : STREAM_KEY_SAME;
}

static enum status set_up_transform(struct stream *stream, struct text to, struct text refused,
                                    struct eventlog_positions *positions)
{
    struct session *session = stream->session;
    struct stream_transform *transform = &stream->transform;
    (void)positions; /* what the group has committed */
    transform->to = to;
    transform->refused = refused;
    transform->key = chosen_key(session->config);
    stream->processor.state = transform;
    return stream_scales_parse(&session->call, config_text(session->config, "scale"),
                               &transform->scales);
}

static void sum_up_transform(const struct stream *stream, struct json_writer *writer)
{
    json_member_integer(writer, "written", (int64_t)stream->transform.written);
    json_member_integer(writer, "refused", (int64_t)stream->transform.refused_count);
}

static enum status set_up_route(struct stream *stream, struct text to, struct text refused,
                                struct eventlog_positions *positions)
{
    (void)positions;
    stream->route.prefix = to;
    stream->route.refused = refused;
    stream->route.key = chosen_key(stream->session->config);
    stream->processor.state = &stream->route;
    return STATUS_OK;
}

static void sum_up_route(const struct stream *stream, struct json_writer *writer)
{
    json_member_integer(writer, "written", (int64_t)stream->route.written);
    json_member_integer(writer, "refused", (int64_t)stream->route.refused_count);
}

static enum status open_checkpoints(void *state, struct call *call,
                                    struct eventlog_consumer *ret_consumer)
{
    struct stream *stream = state;
    return event_log_open_consumer(&stream->log, call, TEXT(""), stream->aggregate.checkpoints,
                                   (struct eventlog_positions){.get = NULL}, ret_consumer);
}

static enum status set_up_aggregate(struct stream *stream, struct text to, struct text refused,
                                    struct eventlog_positions *positions)
{
    const struct config *config = stream->session->config;
    struct stream_aggregate *aggregate = &stream->aggregate;
    (void)refused; /* what is no vote is not counted; the rating service sets it aside */
    aggregate->group = stream->group;
    aggregate->from = stream->from;
    aggregate->to = to;
    aggregate->checkpoints = TEXT("stream-checkpoints");
    aggregate->window_ms = config_duration_ms(config, "window");
    aggregate->lateness_ms = config_duration_ms(config, "lateness");
    aggregate->open_checkpoints = open_checkpoints;
    aggregate->state = stream;
    stream->processor.state = aggregate;
    *positions = stream_aggregate_positions(aggregate);
    return event_log_create_topic(
        &stream->log, &stream->session->call, aggregate->checkpoints,
        &(struct eventlog_topic_options){.partitions = 1, .cleanup = EVENTLOG_CLEANUP_COMPACT});
}

static void sum_up_aggregate(const struct stream *stream, struct json_writer *writer)
{
    const struct stream_aggregate *aggregate = &stream->aggregate;
    json_member_integer(writer, "results", (int64_t)aggregate->results);
    json_member_integer(writer, "counted", (int64_t)aggregate->counted);
    json_member_integer(writer, "late", (int64_t)aggregate->late);
    json_member_integer(writer, "repeated", (int64_t)aggregate->repeated);
    json_member_integer(writer, "passedOver", (int64_t)aggregate->passed_over);
}

static const struct role roles[] = {
    {TEXT_INIT("transform"), TEXT_INIT("provider-events"), TEXT_INIT("ratings"),
     TEXT_INIT("stream-transform"), stream_transform_process, set_up_transform, sum_up_transform},
    {TEXT_INIT("aggregate"), TEXT_INIT("ratings"), TEXT_INIT("rating-windows"),
     TEXT_INIT("stream-aggregate"), stream_aggregate_process, set_up_aggregate, sum_up_aggregate},
    {TEXT_INIT("route"), TEXT_INIT("ratings"), TEXT_INIT(""), TEXT_INIT("stream-route"),
     stream_route_process, set_up_route, sum_up_route},
};

static struct text text_or(struct text text, struct text otherwise)
{
    return text.length > 0 ? text : otherwise;
}

/* What cannot be written has nobody to be told. */
static void say_trouble(void *state, const struct call *call, enum status status)
{
    struct stream *stream = state;
    struct text words = call->error.message;
    (void)fprintf(stream->session->input->errors, "marquee stream: %.*s; trying again\n",
                  TEXT_ARGUMENTS(words.length > 0 ? words : text_of(status_name(status))));
}

static enum status print_summary(struct stream *stream, const struct role *role)
{
    struct session *session = stream->session;
    struct buffer buffer;
    struct json_writer writer;
    buffer_init(&buffer, SESSION_JSON_BYTES_MAX);
    json_writer_init(&writer, &buffer);
    json_open_object(&writer);
    json_member_integer(&writer, "read", (int64_t)stream->processor.consumed);
    role->sum_up(stream, &writer);
    json_close_object(&writer);
    bool fits = json_writer_end(&writer);
    struct text json = buffer_text(&buffer);
    if (config_boolean(session->config, "json")) {
        (void)fprintf(session->input->output, "%.*s\n", TEXT_ARGUMENTS(json));
    } else {
        /* {"read":3,"written":2} as people write it */
        for (size_t i = 1; fits && i + 1 < json.length; i++) {
            if (json.data[i] != '"') {
                (void)fputc(json.data[i] == ':' ? ' ' : json.data[i], session->input->output);
            }
            if (json.data[i] == ',') {
                (void)fputc(' ', session->input->output);
            }
        }
        (void)fputc('\n', session->input->output);
    }
    buffer_deinit(&buffer);
    return fits ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

static enum status process(struct stream *stream, const struct role *role)
{
    struct session *session = stream->session;
    (void)fprintf(session->input->errors, "reading %.*s as group %.*s\n",
                  TEXT_ARGUMENTS(stream->from), TEXT_ARGUMENTS(stream->group));
    enum status status = command_stop_open(&stream->stop, session);
    if (status == STATUS_OK) {
        status = eventlog_processor_run(&stream->processor, &session->call);
        status = command_stop_outcome(&stream->stop, status);
        command_stop_close(&stream->stop);
    }
    enum status printed = print_summary(stream, role);
    return status == STATUS_OK ? printed : status;
}

static enum status open_and_process(struct stream *stream, const struct role *role)
{
    const struct config *config = stream->session->config;
    struct call *call = &stream->session->call;
    struct eventlog_positions positions = {.get = NULL};
    struct text to = text_or(config_text(config, "to"), text_or(role->to, stream->from));
    struct text refused = config_text(config, "refused");
    if (refused.length == 0) {
        refused = arena_format(call->arena, "%.*s.refused", TEXT_ARGUMENTS(stream->from));
    }
    enum status status = role->set_up(stream, to, refused, &positions);
    if (status == STATUS_OK) {
        status = event_log_open_producer(&stream->log, call, &stream->processor.producer);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = event_log_open_consumer(&stream->log, call, stream->group, stream->from, positions,
                                     &stream->processor.consumer);
    if (status == STATUS_OK) {
        status = process(stream, role);
        stream->processor.consumer.ops->close(stream->processor.consumer.state);
    }
    stream->processor.producer.ops->close(stream->processor.producer.state);
    return status;
}

static enum status run(struct session *session)
{
    const struct config *config = session->config;
    struct text name = config_argument(config, 0);
    const struct role *role = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(roles); i++) {
        role = text_equal(roles[i].name, name) ? &roles[i] : role;
    }
    if (role == NULL) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                         "'%.*s' is neither transform nor aggregate nor route",
                         TEXT_ARGUMENTS(name));
    }
    struct stream *stream = arena_calloc(&session->arena, 1, sizeof(*stream));
    if (stream == NULL) {
        return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a stream");
    }
    stream->session = session;
    stream->from = text_or(config_text(config, "from"), role->from);
    stream->group = text_or(config_text(config, "group"), role->group);
    stream->processor.process = role->process;
    stream->processor.batch_max = (size_t)config_integer(config, "batch");
    stream->processor.idle_ms = config_duration_ms(config, "exit-when-idle");
    stream->processor.troubled = say_trouble;
    stream->processor.troubled_state = stream;
    enum status status = event_log_open(session, EVENT_LOG_WRITE, &stream->log);
    if (status == STATUS_OK) {
        status = open_and_process(stream, role);
        event_log_close(&stream->log);
    }
    stream_aggregate_deinit(&stream->aggregate);
    return status;
}

int stream_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}
