/* process_eventlog.h: the event log that a program's options name, the embedded one or Kafka, and
 * its producers and consumers. */
#pragma once

#include "config/config.h"
#include "eventlog/eventlog_admin.h"
#include "eventlog/kafka_eventlog.h"

struct local_eventlog;
struct loop;

/* The options that say where logs are, for the tables of programs; which one it is each program
 * asks by an option of its own, a choice of "local|kafka". */
#define PROCESS_EVENTLOG_OPTIONS                                                                   \
    {.name = "event-log-directory",                                                                \
     .kind = CONFIG_TEXT,                                                                          \
     .argument = "DIRECTORY",                                                                      \
     .default_value = "var/eventlog",                                                              \
     .help = "the directory of the local event log"},                                              \
        {.name = "kafka-brokers",                                                                  \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "HOST:PORT,…",                                                                \
         .default_value = "127.0.0.1:9092",                                                        \
         .help = "where to find Kafka"},                                                           \
    {                                                                                              \
        .name = "kafka-settings", .kind = CONFIG_TEXT, .argument = "NAME=VALUE;…",                 \
        .help = "more settings for librdkafka: TLS, SASL, times"                                   \
    }

struct process_eventlog {
    /* private */
    struct local_eventlog *local; /* NULL with Kafka */
    bool is_borrowed;
    struct kafka_eventlog_options kafka;
    struct text settings[KAFKA_EVENTLOG_SETTINGS_MAX];
};

/* Opens the log of the kind ("local", "kafka"). shared: an embedded log that the process has open
 * already, borrowed, as a directory is opened only once in a process; else NULL. It blocks for some
 * file operations. Texts of the configuration are borrowed. As local_eventlog_open(); also
 * STATUS_INVALID_ARGUMENT: too many settings. ret_log is set in any case, for close. */
MUST_USE enum status process_eventlog_open(struct process_eventlog *log, struct call *call,
                                           const struct config *config, struct text kind,
                                           struct local_eventlog *shared);

/* Adds the settings of --kafka-settings behind the `*count` that are there: for who opens Kafka
 * with settings of its own. STATUS_INVALID_ARGUMENT: these are over KAFKA_EVENTLOG_SETTINGS_MAX. */
MUST_USE enum status process_eventlog_add_settings(struct call *call, const struct config *config,
                                                   struct text *settings, size_t *count);

/* When its producers, consumers and administrators are closed, and before their loops are. One that
 * was zeroed and never opened is accepted. */
void process_eventlog_close(struct process_eventlog *log);

/* For the loop; as those of the kinds. Names are borrowed for the call, the state of `positions`
 * until close. */
MUST_USE enum status process_eventlog_producer_open(struct process_eventlog *log, struct loop *loop,
                                                    struct call *call,
                                                    struct eventlog_producer *ret_producer);
MUST_USE enum status process_eventlog_consumer_open(struct process_eventlog *log, struct loop *loop,
                                                    struct call *call, struct text group,
                                                    struct text topic,
                                                    struct eventlog_positions positions,
                                                    struct eventlog_consumer *ret_consumer);
MUST_USE enum status process_eventlog_admin_open(struct process_eventlog *log, struct loop *loop,
                                                 struct call *call,
                                                 struct eventlog_admin *ret_admin);
