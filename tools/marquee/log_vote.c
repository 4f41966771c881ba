#include "marquee/log_vote.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/random.h"
#include "marquee/event_log.h"
#include "json/json.h"

enum { EVENT_BYTES_MAX = 4096 };

/* With an id, so that it is applied once, however often the log has it. */
static enum status write_event(struct session *session, const struct rating_change *change,
                               struct text *ret_json)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    struct buffer buffer;
    struct json_writer writer;
    uint64_t id[2];
    random_fill(id, sizeof(id));
    struct text event_id =
        arena_format(&session->arena, "cli-%016" PRIx64 "%016" PRIx64, id[0], id[1]);
    buffer_init(&buffer, EVENT_BYTES_MAX);
    json_writer_init(&writer, &buffer);
    json_open_object(&writer);
    json_member_string(&writer, "userId", change->key.user);
    json_member_string(&writer, "recordId", change->key.record.id);
    json_member_string(&writer, "recordType", text_of(record_type_name(change->key.record.type)));
    if (change->kind == RATING_PUT) {
        json_member_number(&writer, "value",
                           (double)change->hundredths / RATING_HUNDREDTHS_PER_POINT);
    }
    json_member_string(&writer, "providerId", change->key.provider);
    json_member_string(&writer, "eventType",
                       change->kind == RATING_PUT ? TEXT("put") : TEXT("delete"));
    json_member_string(&writer, "eventId", event_id);
    json_member_string(&writer, "eventTime", clock_format(clock_wall_ms(), time));
    json_close_object(&writer);
    struct text json = json_writer_end(&writer) ? arena_copy(&session->arena, buffer_text(&buffer))
                                                : (struct text){NULL, 0};
    buffer_deinit(&buffer);
    if (json.data == NULL) {
        return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for an event");
    }
    *ret_json = json;
    return STATUS_OK;
}

static enum status append(struct session *session, struct eventlog_message *message)
{
    struct event_log log;
    struct eventlog_producer producer;
    size_t delivered;
    enum status status = event_log_open(session, EVENT_LOG_WRITE, &log);
    if (status != STATUS_OK) {
        return status;
    }
    status = event_log_open_producer(&log, &session->call, &producer);
    if (status == STATUS_OK) {
        struct call call = call_within(&session->call, session->timeout_ms);
        status = producer.ops->produce(producer.state, &call, config_text(session->config, "topic"),
                                       message, 1, &delivered);
        session->call.error = call.error;
        producer.ops->close(producer.state);
    }
    event_log_close(&log);
    return status;
}

static void print_place(struct session *session, const struct eventlog_place *place)
{
    FILE *output = session->input->output;
    struct text topic = config_text(session->config, "topic");
    /* A topic's name needs no escapes; a failed write is found when the command ends. */
    (void)fprintf(output,
                  config_boolean(session->config, "json")
                      ? "{\"topic\":\"%.*s\",\"partition\":%" PRId32 ",\"offset\":%" PRId64 "}\n"
                      : "ok, in %.*s at %" PRId32 ":%" PRId64 "\n",
                  TEXT_ARGUMENTS(topic), place->partition, place->offset);
}

enum status log_vote(struct session *session, enum rating_change_kind kind, int32_t hundredths)
{
    const struct config *config = session->config;
    struct call *call = &session->call;
    struct eventlog_place place = {.partition = -1, .offset = -1};
    struct rating_change change = {
        .kind = kind,
        .key = {.record = {.id = config_argument(config, 1)},
                .provider = config_text(config, "provider"),
                .user = config_argument(config, 0)},
        .hundredths = hundredths,
    };
    struct eventlog_message message = {.key = change.key.user, .place = &place};
    enum status status =
        record_type_parse(call, config_text(config, "type"), &change.key.record.type);
    if (status == STATUS_OK) {
        status = rating_change_validate(call, &change);
    }
    if (status == STATUS_OK) {
        status = write_event(session, &change, &message.value);
    }
    if (status == STATUS_OK) {
        status = append(session, &message);
    }
    if (status == STATUS_OK) {
        print_place(session, &place);
    }
    return status;
}
