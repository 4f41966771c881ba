#include "marquee/event_log.h"

#include <stdio.h>
#include <sys/stat.h>

#include "eventlog/local_eventlog.h"

static enum status read_settings(struct event_log *log, const struct config *config)
{
    struct text rest = config_text(config, "kafka-settings");
    log->kafka = (struct kafka_eventlog_options){.bootstrap = config_text(config, "kafka-brokers"),
                                                 .settings = log->settings};
    while (rest.length > 0) {
        if (log->kafka.setting_count == ARRAY_LENGTH(log->settings)) {
            return call_fail(&log->session->call, STATUS_INVALID_ARGUMENT,
                             "--kafka-settings: more than %d", KAFKA_EVENTLOG_SETTINGS_MAX);
        }
        log->settings[log->kafka.setting_count++] = text_next(&rest, ';');
    }
    return STATUS_OK;
}

static enum status open_local(struct event_log *log, enum event_log_use use)
{
    struct call *call = &log->session->call;
    const char *directory = config_text(log->session->config, "event-log-directory").data;
    char file[CONFIG_VALUE_BYTES_MAX + sizeof("/data.mdb")];
    struct stat about;
    (void)snprintf(file, sizeof(file), "%s/data.mdb", directory);
    if (use == EVENT_LOG_READ && stat(file, &about) != 0) {
        return call_fail(call, STATUS_NOT_FOUND, "there is no event log in %s", directory);
    }
    const struct local_eventlog_options options = {.directory = directory};
    return local_eventlog_open(call, &options, &log->local);
}

enum status event_log_open(struct session *session, enum event_log_use use,
                           struct event_log *ret_log)
{
    *ret_log = (struct event_log){.session = session};
    return text_equal(config_text(session->config, "event-log"), TEXT("kafka"))
               ? read_settings(ret_log, session->config)
               : open_local(ret_log, use);
}

void event_log_close(struct event_log *log)
{
    local_eventlog_close(log->local);
    log->local = NULL;
}

enum status event_log_open_producer(struct event_log *log, struct eventlog_producer *ret_producer)
{
    struct call *call = &log->session->call;
    return log->local != NULL
               ? local_eventlog_producer_open(log->local, log->session->loop, call, ret_producer)
               : kafka_eventlog_producer_open(log->session->loop, call, &log->kafka, ret_producer);
}

enum status event_log_open_admin(struct event_log *log, struct eventlog_admin *ret_admin)
{
    struct call *call = &log->session->call;
    return log->local != NULL
               ? local_eventlog_admin_open(log->local, log->session->loop, call, ret_admin)
               : kafka_eventlog_admin_open(log->session->loop, call, &log->kafka, ret_admin);
}

enum status event_log_open_reader(struct event_log *log, struct text topic,
                                  struct eventlog_positions positions,
                                  struct eventlog_consumer *ret_consumer)
{
    struct call *call = &log->session->call;
    if (log->local != NULL) {
        const struct local_eventlog_consumer_options options = {.topic = topic,
                                                                .positions = positions};
        return local_eventlog_consumer_open(log->local, log->session->loop, call, &options,
                                            ret_consumer);
    }
    const struct kafka_eventlog_consumer_options options = {.topic = topic, .positions = positions};
    return kafka_eventlog_consumer_open(log->session->loop, call, &log->kafka, &options,
                                        ret_consumer);
}
