/* kafka_client.h: one librdkafka instance on a loop: its settings, the waking of the loop by its
 * queue, and its end, which blocks and therefore takes place on a thread of its own. */
#pragma once

#include <librdkafka/rdkafka.h>

#include "eventlog/kafka_eventlog.h"

struct loop_poll;

enum { KAFKA_ERROR_BYTES = 256 };

struct kafka_setting {
    const char *name;
    const char *value;
};

/* The table's settings, then the options' own. Owned by the caller.
 * STATUS_INVALID_ARGUMENT, STATUS_RESOURCE_EXHAUSTED: the call's error says more. */
MUST_USE enum status kafka_settings_create(struct call *call,
                                           const struct kafka_eventlog_options *options,
                                           const struct kafka_setting *table, size_t count,
                                           rd_kafka_conf_t **ret_conf);

struct kafka_client {
    rd_kafka_t *handle;
    rd_kafka_queue_t *queue;
    struct loop *loop;
    struct loop_poll *poll;
    int event_fd;
    void (*ready)(struct kafka_client *client);
    void *owner;                        /* producer or consumer; NULL once it is closing */
    char last_error[KAFKA_ERROR_BYTES]; /* of the connection, for the log */
    bool refused; /* by the broker: last_error is of a certificate or a password; for the owner */
};

/* Consumes conf, into which callbacks may have been set: their opaque is the client. ready() is
 * called on the loop's thread when the queue was empty and is not any more.
 * *ret_client is owned by the caller. */
MUST_USE enum status kafka_client_open(struct loop *loop, struct call *call, rd_kafka_type_t type,
                                       rd_kafka_conf_t *conf,
                                       void (*ready)(struct kafka_client *client), void *owner,
                                       struct kafka_client **ret_client);

/* Consumes it. In a fiber, parks until it is gone, at most KAFKA_EVENTLOG_CLOSE_MS; elsewhere
 * returns at once. */
void kafka_client_close(struct kafka_client *client);

/* Runs what blocks, a bounded time, on a thread of its own and parks the fiber until it has ended.
 * Otherwise as worker_call(). */
MUST_USE enum status kafka_client_block(struct call *call, void (*run)(void *argument),
                                        void *argument);
