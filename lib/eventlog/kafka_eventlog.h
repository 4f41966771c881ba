/* kafka_eventlog.h: the event log kept by Apache Kafka, through librdkafka.
 *
 * A broker that refuses the password or certificate, or whose certificate is not to be trusted, is
 * STATUS_UNAVAILABLE at once, with its words.
 *
 * Delivery is idempotent within one producer, acknowledged by all in-sync replicas. A consumer with
 * positions of its own starts there, never at those committed to the broker, which are for lag
 * tools only; one without starts at the broker's. A position outside the topic's log is
 * STATUS_DATA_LOSS: it was made again, or retention has removed records that nobody had read. */
#pragma once

#include "eventlog/eventlog_admin.h"

struct loop;

enum {
    KAFKA_EVENTLOG_SETTINGS_MAX = 64,
    KAFKA_EVENTLOG_QUEUE_MESSAGES_MAX = 200000, /* not delivered yet; more park their fiber */
    KAFKA_EVENTLOG_QUEUE_KBYTES_MAX = 256 * 1024,
    KAFKA_EVENTLOG_DELIVERY_MS = 30000,               /* then a message has failed */
    KAFKA_EVENTLOG_LINGER_MS = 5,                     /* for batching */
    KAFKA_EVENTLOG_READ_AHEAD_KBYTES_MAX = 32 * 1024, /* fetched by a consumer and not polled */
    KAFKA_EVENTLOG_HELD_KBYTES_MAX = 64 * 1024,       /* and held besides, by partition */
    KAFKA_EVENTLOG_FILL_MS = 50,       /* so long a batch waits for what the broker has of it */
    KAFKA_EVENTLOG_SESSION_MS = 10000, /* until a dead member is noticed */
    KAFKA_EVENTLOG_METADATA_MS = 5000, /* until a new topic is noticed */
    KAFKA_EVENTLOG_POSITION_RETRY_MS = 1000, /* after eventlog_positions.get() failed */
    KAFKA_EVENTLOG_CLOSE_MS = 5000,          /* leaving goes on without us after that */
};

struct kafka_eventlog_options {
    struct text bootstrap; /* "host:port,…" */
    /* More settings of librdkafka, each "name=value" (TLS, SASL, times). Those that the promises
     * above rest on are refused. */
    const struct text *settings;
    size_t setting_count;
};

/* Connects in the background: an unreachable broker shows in produce().
 * STATUS_INVALID_ARGUMENT: a bad setting, which the call's error names.
 * STATUS_RESOURCE_EXHAUSTED: no memory, threads or descriptors. Options are borrowed for the call.
 * produce(): STATUS_INVALID_ARGUMENT also when the broker's own limit on a message is smaller. */
MUST_USE enum status kafka_eventlog_producer_open(struct loop *loop, struct call *call,
                                                  const struct kafka_eventlog_options *options,
                                                  struct eventlog_producer *ret_producer);

struct kafka_eventlog_consumer_options {
    struct text group;
    struct text topic;
    struct eventlog_positions positions;
};

/* The same. The options are borrowed for the call, the state of `positions` until close. A member
 * that is not polled for max.poll.interval.ms (5 minutes) loses its partitions; poll() itself may
 * wait longer. */
MUST_USE enum status kafka_eventlog_consumer_open(
    struct loop *loop, struct call *call, const struct kafka_eventlog_options *options,
    const struct kafka_eventlog_consumer_options *reader, struct eventlog_consumer *ret_consumer);

/* The same. Topics whose names begin with "__" are Kafka's own and not listed; bytes are not known;
 * at most 1000 groups are asked for. A topic is created with the cluster's default of replicas. */
MUST_USE enum status kafka_eventlog_admin_open(struct loop *loop, struct call *call,
                                               const struct kafka_eventlog_options *options,
                                               struct eventlog_admin *ret_admin);
