/* event_log.h: the event log that a command's options name, for all commands that open one. */
#pragma once

#include "eventlog/eventlog_admin.h"
#include "eventlog/kafka_eventlog.h"
#include "marquee/session.h"

struct local_eventlog;

/* For the table of a command. */
#define EVENT_LOG_OPTIONS                                                                          \
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
        .help = "more settings for librdkafka: TLS, SASL, times"                                   \
    }

struct event_log {
    struct session *session;
    struct local_eventlog *local; /* NULL: Kafka */
    struct kafka_eventlog_options kafka;
    struct text settings[KAFKA_EVENTLOG_SETTINGS_MAX];
};

/* What may be opened of it. */
enum event_log_use {
    EVENT_LOG_READ, /* a local log must be there: STATUS_NOT_FOUND */
    EVENT_LOG_WRITE,
};

/* STATUS_INVALID_ARGUMENT: bad settings. Otherwise as local_eventlog_open(). */
MUST_USE enum status event_log_open(struct session *session, enum event_log_use use,
                                    struct event_log *ret_log);

/* What was opened is closed before. */
void event_log_close(struct event_log *log);

/* Statuses of the log's own functions. */
MUST_USE enum status event_log_open_producer(struct event_log *log,
                                             struct eventlog_producer *ret_producer);
MUST_USE enum status event_log_open_admin(struct event_log *log, struct eventlog_admin *ret_admin);

/* Of no group: all of the topic. */
MUST_USE enum status event_log_open_reader(struct event_log *log, struct text topic,
                                           struct eventlog_positions positions,
                                           struct eventlog_consumer *ret_consumer);
