/* marquee feed: the latest votes, as they come: a subscriber of the log beside the rating service,
 * which sees every event too. */
#include <stdlib.h>

#include "base/clock.h"
#include "eventlog/eventlog_processor.h"
#include "eventlog/eventlog_scan.h"
#include "marquee/command_stop.h"
#include "marquee/event_log.h"
#include "marquee/terminal.h"
#include "json/json.h"

enum {
    LAST_MAX = 1000,
    LAST_BYTES_MAX = 16 * 1024 * 1024, /* of those; older ones are passed over */
    LINE_BYTES_MAX = 2 * EVENTLOG_VALUE_BYTES_MAX,
    EVENT_ARENA_BYTES_MAX = 16 * 1024 * 1024,
    USER_COLUMN = 16,
    VALUE_COLUMN = 6,
};

static const struct config_option options[] = {
    {.name = "topic",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .default_value = "ratings",
     .help = "the topic of rating events"},
    {.name = "last",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "20",
     .help = "without --group: how many of those that are there already",
     .minimum = 0,
     .maximum = LAST_MAX},
    {.name = "follow", .kind = CONFIG_BOOLEAN, .help = "go on with what comes, until stopped"},
    {.name = "group",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .help = "go on where this group was, and keep its place in the log"},
    {.name = "json", .kind = CONFIG_BOOLEAN, .help = "print one event a line, as JSON"},
    EVENT_LOG_OPTIONS,
};

static const struct config_program program = {
    .name = "marquee feed",
    .service = CONFIG_COMMANDS,
    .summary = "marquee feed: show the latest votes from the event log.",
    .usage = "[OPTIONS]",
    .epilogue =
        "Without --group it keeps no place: the last events, then with --follow those that come.\n"
        "With --group every event since that group's place, at least once; others who read the\n"
        "topic (the rating service is the group rating) see every event all the same.\n"
        "\nexit status: 0, 1 it failed, 2 wrong usage, 3 there is no such topic\n"
        "\nexample: marquee feed --follow\n"
        "         marquee feed --group newsletter --json >>news.jsonl\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
};

/* An event that is kept until it is printed: its record, and what that points to, on the heap. */
struct kept_event {
    int32_t partition;
    struct eventlog_record record;
    size_t bytes;
    struct eventlog_header headers[];
};

struct feed {
    struct session *session;
    struct event_log log;
    struct command_stop stop;
    struct eventlog_processor processor;
    struct text topic;
    struct arena arena; /* of one event */
    /* The last ones, a ring: the oldest is at `kept_from`. */
    struct kept_event *kept[LAST_MAX];
    size_t kept_from;
    size_t kept_count;
    size_t kept_bytes;
};

/* One of an event's members, for people; "-" where it is none. */
static struct text member(const struct json *event, const char *name)
{
    const struct json *value = json_member(event, name);
    if (json_kind(value) == JSON_STRING) {
        return json_string(value).length > 0 ? json_string(value) : TEXT("-");
    }
    bool is_number = json_kind(value) == JSON_INTEGER || json_kind(value) == JSON_REAL;
    return is_number ? json_number_text(value) : TEXT("-");
}

static void print_for_people(FILE *output, int64_t time_ms, const struct json *event)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    bool is_delete = text_equal(member(event, "eventType"), TEXT("delete"));
    terminal_print(output, clock_format(time_ms, time));
    (void)fputs("  ", output);
    terminal_print_padded(output, member(event, "userId"), USER_COLUMN);
    terminal_print_padded(output, is_delete ? TEXT("gone") : member(event, "value"), VALUE_COLUMN);
    terminal_print(output, member(event, "recordType"));
    (void)fputc(' ', output);
    terminal_print(output, member(event, "recordId"));
    (void)fputs("  ", output);
    terminal_print(output, member(event, "providerId"));
    (void)fputc('\n', output);
}

static enum status print_json(struct feed *feed, int32_t partition,
                              const struct eventlog_record *record, bool is_event)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    struct buffer buffer;
    struct json_writer writer;
    buffer_init(&buffer, LINE_BYTES_MAX);
    json_writer_init(&writer, &buffer);
    json_open_object(&writer);
    json_member_string(&writer, "topic", feed->topic);
    json_member_integer(&writer, "partition", partition);
    json_member_integer(&writer, "offset", record->offset);
    json_member_string(&writer, "time", clock_format(record->time_ms, time));
    json_write_name(&writer, is_event ? TEXT("event") : TEXT("bytes"));
    if (is_event) {
        json_write_raw(&writer, record->value);
    } else {
        json_write_base64(&writer, record->value);
    }
    if (record->header_count > 0) {
        json_write_name(&writer, TEXT("headers"));
        json_open_array(&writer);
        for (size_t i = 0; i < record->header_count; i++) {
            json_open_object(&writer);
            json_member_string(&writer, "name", record->headers[i].name);
            json_member_string(&writer, "value", record->headers[i].value);
            json_close_object(&writer);
        }
        json_close_array(&writer);
    }
    json_close_object(&writer);
    bool fits = json_writer_end(&writer);
    (void)fprintf(feed->session->input->output, "%.*s\n", TEXT_ARGUMENTS(buffer_text(&buffer)));
    buffer_deinit(&buffer);
    return fits ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

static enum status print_event(struct feed *feed, int32_t partition,
                               const struct eventlog_record *record)
{
    struct call call;
    const struct json *event = NULL;
    enum status status = STATUS_OK;
    call_init(&call, &feed->arena, 0);
    bool is_event = json_parse(&call, record->value, &event) == STATUS_OK;
    if (config_boolean(feed->session->config, "json")) {
        status = print_json(feed, partition, record, is_event);
    } else {
        print_for_people(feed->session->input->output, record->time_ms, is_event ? event : NULL);
    }
    arena_reset(&feed->arena);
    return status;
}

static void drop_oldest(struct feed *feed)
{
    struct kept_event *event = feed->kept[feed->kept_from];
    feed->kept_bytes -= event->bytes;
    feed->kept_from = (feed->kept_from + 1) % LAST_MAX;
    feed->kept_count--;
    free(event);
}

static struct text copy_to(char **to, struct text text)
{
    if (text.length > 0) {
        memcpy(*to, text.data, text.length);
    }
    struct text copy = text_of_bytes(*to, text.length);
    *to += text.length;
    return copy;
}

/* NULL: no memory. */
static struct kept_event *copy_event(int32_t partition, const struct eventlog_record *record)
{
    size_t bytes = record->header_count * sizeof(*record->headers) + record->value.length;
    for (size_t i = 0; i < record->header_count; i++) {
        bytes += record->headers[i].name.length + record->headers[i].value.length;
    }
    struct kept_event *event = malloc(sizeof(*event) + bytes + 1);
    if (event == NULL) {
        return NULL;
    }
    char *rest = (char *)(event->headers + record->header_count);
    event->partition = partition;
    event->bytes = bytes;
    event->record = *record;
    event->record.key = TEXT(""); /* it is not printed */
    event->record.value = copy_to(&rest, record->value);
    event->record.headers = event->headers;
    for (size_t i = 0; i < record->header_count; i++) {
        event->headers[i].name = copy_to(&rest, record->headers[i].name);
        event->headers[i].value = copy_to(&rest, record->headers[i].value);
    }
    return event;
}

static enum status keep_event(struct feed *feed, struct call *call, int32_t partition,
                              const struct eventlog_record *record)
{
    size_t last = (size_t)config_integer(feed->session->config, "last");
    if (last == 0) {
        return STATUS_OK;
    }
    struct kept_event *event = copy_event(partition, record);
    if (event == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for events");
    }
    while (feed->kept_count > 0 &&
           (feed->kept_count == last || feed->kept_bytes + event->bytes > LAST_BYTES_MAX)) {
        drop_oldest(feed);
    }
    feed->kept[(feed->kept_from + feed->kept_count) % LAST_MAX] = event;
    feed->kept_count++;
    feed->kept_bytes += event->bytes;
    return STATUS_OK;
}

static enum status keep_batch(void *state, struct call *call, const struct eventlog_batch *batch)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        status = keep_event(state, call, batch->partition, &batch->records[i]);
    }
    return status;
}

static enum status print_kept(struct feed *feed)
{
    enum status status = STATUS_OK;
    while (feed->kept_count > 0) {
        const struct kept_event *event = feed->kept[feed->kept_from];
        if (status == STATUS_OK) {
            status = print_event(feed, event->partition, &event->record);
        }
        drop_oldest(feed);
    }
    return status;
}

/* What could not be written out is not committed. */
static enum status print_batch(void *state, struct call *call, const struct eventlog_batch *batch)
{
    struct feed *feed = state;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        status = print_event(feed, batch->partition, &batch->records[i]);
    }
    if (status == STATUS_OK && fflush(feed->session->input->output) != 0) {
        return call_fail(call, STATUS_UNAVAILABLE, "the output cannot be written");
    }
    return status;
}

static enum status process(void *state, struct call *call, const struct eventlog_batch *batch,
                           struct eventlog_outputs *outputs)
{
    (void)outputs; /* a subscriber writes nothing to the log */
    return print_batch(state, call, batch);
}

static enum status print_and_commit(void *state, struct call *call,
                                    const struct eventlog_batch *batch)
{
    struct feed *feed = state;
    struct eventlog_consumer consumer = feed->processor.consumer;
    enum status status = print_batch(feed, call, batch);
    if (status == STATUS_OK) {
        consumer.ops->committed(consumer.state, batch);
    }
    return status;
}

static enum status show_what_is_there(struct feed *feed, struct call *call)
{
    bool has_group = config_text(feed->session->config, "group").length > 0;
    enum status status = eventlog_scan(feed->processor.consumer, call,
                                       has_group ? print_and_commit : keep_batch, feed);
    enum status printed = print_kept(feed);
    return status == STATUS_OK ? printed : status;
}

static void say_trouble(void *state, const struct call *call, enum status status)
{
    struct feed *feed = state;
    struct text words = call->error.message;
    (void)fprintf(feed->session->input->errors, "marquee feed: %.*s; waiting\n",
                  TEXT_ARGUMENTS(words.length > 0 ? words : text_of(status_name(status))));
}

static enum status show(struct feed *feed)
{
    struct session *session = feed->session;
    struct call *call = &session->call;
    bool follows = config_boolean(session->config, "follow");
    enum status status = command_stop_open(&feed->stop, session);
    if (status != STATUS_OK) {
        return status;
    }
    status = show_what_is_there(feed, call);
    if (follows && status == STATUS_NOT_FOUND) {
        call_clear_error(call); /* the topic may come */
        status = STATUS_OK;
    }
    if (status == STATUS_OK && fflush(session->input->output) == 0 && follows) {
        status = eventlog_processor_run(&feed->processor, call);
    }
    status = command_stop_outcome(&feed->stop, status);
    command_stop_close(&feed->stop);
    return status;
}

static enum status run(struct session *session)
{
    struct feed *feed = arena_calloc(&session->arena, 1, sizeof(*feed));
    if (feed == NULL) {
        return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a feed");
    }
    feed->session = session;
    feed->topic = config_text(session->config, "topic");
    feed->processor.process = process;
    feed->processor.state = feed;
    feed->processor.troubled = say_trouble;
    feed->processor.troubled_state = feed;
    arena_init(&feed->arena, EVENT_ARENA_BYTES_MAX);
    /* A log that is only looked at is not made: its directory may be a slip of the pen. */
    bool may_come = config_boolean(session->config, "follow");
    enum status status = event_log_open(session,
                                        may_come || config_text(session->config, "group").length > 0
                                            ? EVENT_LOG_WRITE
                                            : EVENT_LOG_READ,
                                        &feed->log);
    if (status == STATUS_OK) {
        status = event_log_open_consumer(
            &feed->log, &session->call, config_text(session->config, "group"), feed->topic,
            (struct eventlog_positions){.get = NULL}, &feed->processor.consumer);
    }
    if (status == STATUS_OK) {
        status = show(feed);
        feed->processor.consumer.ops->close(feed->processor.consumer.state);
    }
    event_log_close(&feed->log);
    arena_deinit(&feed->arena);
    return status;
}

int feed_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}
