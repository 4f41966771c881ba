/* stream_log.h: the event log that the options of a command name, for its consumers and producers.
 */
#pragma once

#include "eventlog/eventlog_admin.h"
#include "marquee/session.h"

struct local_eventlog;

/* For the table of a command that works on the event log. */
#define STREAM_LOG_OPTIONS                                                                         \
    {.name = "event-log",                                                                          \
     .kind = CONFIG_CHOICE,                                                                        \
     .argument = "local|kafka",                                                                    \
     .default_value = "local",                                                                     \
     .help = "which event log"},                                                                   \
        {.name = "event-log-directory",                                                            \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "DIRECTORY",                                                                  \
         .default_value = "var/eventlog",                                                          \
         .help = "the directory of the local event log"},                                          \
        {.name = "kafka-brokers",                                                                  \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "HOST:PORT,…",                                                                \
         .default_value = "127.0.0.1:9092",                                                        \
         .help = "where to find Kafka"},                                                           \
    {                                                                                              \
        .name = "kafka-settings", .kind = CONFIG_TEXT, .argument = "NAME=VALUE;…",                 \
        .help = "more settings for librdkafka"                                                     \
    }

struct stream_log {
    struct session *session;
    struct local_eventlog *local; /* NULL with Kafka */
};

/* In a fiber. Statuses as local_eventlog_open(). */
MUST_USE enum status stream_log_open(struct stream_log *log, struct session *session);

/* What was opened from it is closed before. One that was not opened is accepted. */
void stream_log_close(struct stream_log *log);

/* Makes a topic that is not to be as its first producer would make it; one that exists is left as
 * it is. Statuses as eventlog_admin_ops.create_topic(), but never ALREADY_EXISTS. */
MUST_USE enum status stream_log_create_topic(struct stream_log *log, struct call *call,
                                             struct text topic,
                                             const struct eventlog_topic_options *options);

MUST_USE enum status stream_log_producer(struct stream_log *log, struct call *call,
                                         struct eventlog_producer *ret_producer);

/* group: empty for a reader by itself. positions: as eventlog.h says, {NULL}: what the group has
 * committed to the log. */
MUST_USE enum status stream_log_consumer(struct stream_log *log, struct call *call,
                                         struct text group, struct text topic,
                                         struct eventlog_positions positions,
                                         struct eventlog_consumer *ret_consumer);
