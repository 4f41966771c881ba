#include "process/process_eventlog.h"

#include "eventlog/local_eventlog.h"

enum status process_eventlog_add_settings(struct call *call, const struct config *config,
                                          struct text *settings, size_t *count)
{
    struct text rest = config_text(config, "kafka-settings");
    while (rest.length > 0) {
        if (*count == KAFKA_EVENTLOG_SETTINGS_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "--kafka-settings: more than %d",
                             KAFKA_EVENTLOG_SETTINGS_MAX);
        }
        settings[(*count)++] = text_next(&rest, ';');
    }
    return STATUS_OK;
}

static enum status read_kafka_options(struct process_eventlog *log, struct call *call,
                                      const struct config *config)
{
    log->kafka = (struct kafka_eventlog_options){.bootstrap = config_text(config, "kafka-brokers"),
                                                 .settings = log->settings};
    return process_eventlog_add_settings(call, config, log->settings, &log->kafka.setting_count);
}

enum status process_eventlog_open(struct process_eventlog *log, struct call *call,
                                  const struct config *config, struct text kind,
                                  struct local_eventlog *shared)
{
    *log = (struct process_eventlog){.local = NULL};
    if (text_equal(kind, TEXT("kafka"))) {
        return read_kafka_options(log, call, config);
    }
    if (shared != NULL) {
        log->local = shared;
        log->is_borrowed = true;
        return STATUS_OK;
    }
    const struct local_eventlog_options options = {
        .directory = config_text(config, "event-log-directory").data};
    return local_eventlog_open(call, &options, &log->local);
}

void process_eventlog_close(struct process_eventlog *log)
{
    if (!log->is_borrowed) {
        local_eventlog_close(log->local);
    }
    log->local = NULL;
}

enum status process_eventlog_producer_open(struct process_eventlog *log, struct loop *loop,
                                           struct call *call,
                                           struct eventlog_producer *ret_producer)
{
    return log->local != NULL ? local_eventlog_producer_open(log->local, loop, call, ret_producer)
                              : kafka_eventlog_producer_open(loop, call, &log->kafka, ret_producer);
}

enum status process_eventlog_consumer_open(struct process_eventlog *log, struct loop *loop,
                                           struct call *call, struct text group, struct text topic,
                                           struct eventlog_positions positions,
                                           struct eventlog_consumer *ret_consumer)
{
    const struct local_eventlog_consumer_options local = {
        .group = group, .topic = topic, .positions = positions};
    const struct kafka_eventlog_consumer_options kafka = {
        .group = group, .topic = topic, .positions = positions};
    return log->local != NULL
               ? local_eventlog_consumer_open(log->local, loop, call, &local, ret_consumer)
               : kafka_eventlog_consumer_open(loop, call, &log->kafka, &kafka, ret_consumer);
}

enum status process_eventlog_admin_open(struct process_eventlog *log, struct loop *loop,
                                        struct call *call, struct eventlog_admin *ret_admin)
{
    return log->local != NULL ? local_eventlog_admin_open(log->local, loop, call, ret_admin)
                              : kafka_eventlog_admin_open(loop, call, &log->kafka, ret_admin);
}
