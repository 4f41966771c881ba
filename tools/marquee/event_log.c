#include "marquee/event_log.h"

#include <stdio.h>
#include <sys/stat.h>

enum { CREATE_TOPIC_MS = 30000 };

static enum status look_for_local(struct session *session)
{
    const char *directory = config_text(session->config, "event-log-directory").data;
    char file[CONFIG_VALUE_BYTES_MAX + sizeof("/data.mdb")];
    struct stat about;
    (void)snprintf(file, sizeof(file), "%s/data.mdb", directory);
    return stat(file, &about) == 0 ? STATUS_OK
                                   : call_fail(&session->call, STATUS_NOT_FOUND,
                                               "there is no event log in %s", directory);
}

enum status event_log_open(struct session *session, enum event_log_use use,
                           struct event_log *ret_log)
{
    struct text kind = config_text(session->config, "event-log");
    *ret_log = (struct event_log){.session = session};
    if (use == EVENT_LOG_READ && text_equal(kind, TEXT("local"))) {
        enum status status = look_for_local(session);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return process_eventlog_open(&ret_log->log, &session->call, session->config, kind, NULL);
}

void event_log_close(struct event_log *log)
{
    process_eventlog_close(&log->log);
}

enum status event_log_open_admin(struct event_log *log, struct call *call,
                                 struct eventlog_admin *ret_admin)
{
    return process_eventlog_admin_open(&log->log, log->session->loop, call, ret_admin);
}

enum status event_log_open_producer(struct event_log *log, struct call *call,
                                    struct eventlog_producer *ret_producer)
{
    return process_eventlog_producer_open(&log->log, log->session->loop, call, ret_producer);
}

enum status event_log_open_consumer(struct event_log *log, struct call *call, struct text group,
                                    struct text topic, struct eventlog_positions positions,
                                    struct eventlog_consumer *ret_consumer)
{
    return process_eventlog_consumer_open(&log->log, log->session->loop, call, group, topic,
                                          positions, ret_consumer);
}

enum status event_log_create_topic(struct event_log *log, struct call *call, struct text topic,
                                   const struct eventlog_topic_options *options)
{
    struct eventlog_admin admin;
    struct call create = call_within(call, CREATE_TOPIC_MS);
    enum status status = event_log_open_admin(log, &create, &admin);
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
