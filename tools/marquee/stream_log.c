#include "marquee/stream_log.h"

#include "eventlog/kafka_eventlog.h"
#include "eventlog/local_eventlog.h"

enum { CREATE_TOPIC_MS = 30000 };

static enum status kafka_options(struct stream_log *log, struct call *call,
                                 struct kafka_eventlog_options *ret_options)
{
    const struct config *config = log->session->config;
    struct text rest = config_text(config, "kafka-settings");
    struct text *settings =
        arena_calloc(call->arena, KAFKA_EVENTLOG_SETTINGS_MAX, sizeof(*settings));
    size_t count = 0;
    if (settings == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for settings");
    }
    while (rest.length > 0) {
        if (count == KAFKA_EVENTLOG_SETTINGS_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "--kafka-settings: more than %d",
                             KAFKA_EVENTLOG_SETTINGS_MAX);
        }
        settings[count++] = text_next(&rest, ';');
    }
    *ret_options =
        (struct kafka_eventlog_options){.bootstrap = config_text(config, "kafka-brokers"),
                                        .settings = settings,
                                        .setting_count = count};
    return STATUS_OK;
}

enum status stream_log_open(struct stream_log *log, struct session *session)
{
    *log = (struct stream_log){.session = session};
    if (text_equal(config_text(session->config, "event-log"), TEXT("kafka"))) {
        return STATUS_OK;
    }
    const struct local_eventlog_options options = {
        .directory = config_text(session->config, "event-log-directory").data};
    return local_eventlog_open(&session->call, &options, &log->local);
}

void stream_log_close(struct stream_log *log)
{
    local_eventlog_close(log->local);
    log->local = NULL;
}

static enum status open_admin(struct stream_log *log, struct call *call,
                              struct eventlog_admin *ret_admin)
{
    struct loop *loop = log->session->loop;
    struct kafka_eventlog_options options;
    if (log->local != NULL) {
        return local_eventlog_admin_open(log->local, loop, call, ret_admin);
    }
    enum status status = kafka_options(log, call, &options);
    return status == STATUS_OK ? kafka_eventlog_admin_open(loop, call, &options, ret_admin)
                               : status;
}

enum status stream_log_create_topic(struct stream_log *log, struct call *call, struct text topic,
                                    const struct eventlog_topic_options *options)
{
    struct eventlog_admin admin;
    struct call create = call_within(call, CREATE_TOPIC_MS);
    enum status status = open_admin(log, &create, &admin);
    if (status == STATUS_OK) {
        status = admin.ops->create_topic(admin.state, &create, topic, options);
        admin.ops->close(admin.state);
    }
    if (status == STATUS_OK || status == STATUS_ALREADY_EXISTS) {
        return STATUS_OK;
    }
    return call_fail(call, status, "topic %.*s cannot be made: %.*s", TEXT_ARGUMENTS(topic),
                     TEXT_ARGUMENTS(create.error.message));
}

enum status stream_log_producer(struct stream_log *log, struct call *call,
                                struct eventlog_producer *ret_producer)
{
    struct loop *loop = log->session->loop;
    struct kafka_eventlog_options options;
    if (log->local != NULL) {
        return local_eventlog_producer_open(log->local, loop, call, ret_producer);
    }
    enum status status = kafka_options(log, call, &options);
    return status == STATUS_OK ? kafka_eventlog_producer_open(loop, call, &options, ret_producer)
                               : status;
}

enum status stream_log_consumer(struct stream_log *log, struct call *call, struct text group,
                                struct text topic, struct eventlog_positions positions,
                                struct eventlog_consumer *ret_consumer)
{
    struct loop *loop = log->session->loop;
    struct kafka_eventlog_options options;
    if (log->local != NULL) {
        const struct local_eventlog_consumer_options reader = {
            .group = group, .topic = topic, .positions = positions};
        return local_eventlog_consumer_open(log->local, loop, call, &reader, ret_consumer);
    }
    const struct kafka_eventlog_consumer_options reader = {
        .group = group, .topic = topic, .positions = positions};
    enum status status = kafka_options(log, call, &options);
    return status == STATUS_OK
               ? kafka_eventlog_consumer_open(loop, call, &options, &reader, ret_consumer)
               : status;
}
