/* kafka_consumer_private.h: a Kafka consumer in two parts: what it has fetched and gives out
 * (kafka_consumer.c), and which partitions it is assigned, from which offsets
 * (kafka_consumer_assignment.c).
 *
 * librdkafka 2.0 may mix messages from before and after a rebalance in one batch. Here the
 * rebalance callback only notes the assignment: whatever came in the same batch is dropped, then
 * the stored positions are asked for (which parks), then the partitions are assigned with them. So
 * no message of an earlier assignment is ever given, and nothing needs a seek. */
#pragma once

#include "eventlog/kafka_client.h"
#include "loop/fiber.h"
#include "loop/loop.h"

struct kafka_partition {
    bool owned;
    int64_t next_offset; /* where reading stands: 0 where no position was stored */
};

struct kafka_consumer {
    struct kafka_client *client;
    struct eventlog_positions positions;
    bool has_group;    /* otherwise it reads every partition */
    struct text topic; /* in topic_name */
    char topic_name[EVENTLOG_TOPIC_BYTES_MAX + 1];
    struct fiber_wait news;
    bool absence_told;
    bool absent;    /* to be told */
    char loss[384]; /* not empty: reading has stopped */

    rd_kafka_topic_partition_list_t *assignment; /* NULL: none */
    bool assign_due;                             /* the assignment waits for positions */
    bool rebalanced;                             /* the callback was called */
    int64_t position_due_ns;
    struct kafka_partition partitions[EVENTLOG_PARTITIONS_MAX];

    rd_kafka_message_t **messages; /* ordered by partition and offset; NULL where given back */
    size_t message_count;
    size_t message_at; /* the first that was not given */
    size_t message_capacity;
    struct eventlog_record *records;
    size_t record_capacity;
    struct eventlog_header *headers; /* of all of them */
    size_t header_capacity;
};

/* To be set into the settings of the client whose owner is the consumer. */
void kafka_consumer_set_rebalance(rd_kafka_conf_t *conf);

/* Asks for the positions and assigns. STATUS_UNAVAILABLE: not now, again at position_due_ns. */
MUST_USE enum status kafka_consumer_assign(struct kafka_consumer *consumer, struct call *call);

/* Without a group: takes every partition of the topic, to be assigned. STATUS_UNAVAILABLE: not now,
 * again at position_due_ns. */
MUST_USE enum status kafka_consumer_take_all(struct kafka_consumer *consumer, struct call *call);

/* Forgets the assignment, not what librdkafka knows of it. */
void kafka_consumer_forget_assignment(struct kafka_consumer *consumer);

bool kafka_consumer_owns(const struct kafka_consumer *consumer, int32_t partition);
