/* event_log.h: the event log that a command's options name, for all commands that open one. */
#pragma once

#include "marquee/session.h"
#include "process/process_eventlog.h"

/* For the table of a command. */
#define EVENT_LOG_OPTIONS                                                                          \
    {.name = "event-log",                                                                          \
     .kind = CONFIG_CHOICE,                                                                        \
     .argument = "local|kafka",                                                                    \
     .default_value = "local",                                                                     \
     .help = "which event log"},                                                                   \
        PROCESS_EVENTLOG_OPTIONS

/* It stays where it is while it is open. */
struct event_log {
    struct session *session;
    struct process_eventlog log;
};

/* What may be opened of it. */
enum event_log_use {
    EVENT_LOG_READ,  /* a local log must be there: STATUS_NOT_FOUND */
    EVENT_LOG_WRITE, /* one that is not there is made */
};

/* In a fiber. STATUS_INVALID_ARGUMENT: bad settings. Otherwise as local_eventlog_open(). */
MUST_USE enum status event_log_open(struct session *session, enum event_log_use use,
                                    struct event_log *ret_log);

/* What was opened is closed before. One that was zeroed and never opened is accepted. */
void event_log_close(struct event_log *log);

/* Statuses of the log's own functions. */
MUST_USE enum status event_log_open_admin(struct event_log *log, struct call *call,
                                          struct eventlog_admin *ret_admin);
MUST_USE enum status event_log_open_producer(struct event_log *log, struct call *call,
                                             struct eventlog_producer *ret_producer);

/* group: empty for a reader by itself, of all partitions. positions: as eventlog.h says, {NULL}:
 * what the group has committed to the log. */
MUST_USE enum status event_log_open_consumer(struct event_log *log, struct call *call,
                                             struct text group, struct text topic,
                                             struct eventlog_positions positions,
                                             struct eventlog_consumer *ret_consumer);

/* Makes a topic that is not to be as its first producer would make it; one that exists is left as
 * it is. Statuses as eventlog_admin_ops.create_topic(), but never ALREADY_EXISTS. */
MUST_USE enum status event_log_create_topic(struct event_log *log, struct call *call,
                                            struct text topic,
                                            const struct eventlog_topic_options *options);
