/* kafka_consumer_private.h: a Kafka consumer in three parts: polling (kafka_consumer.c), what it
 * has fetched and gives out (kafka_consumer_messages.c), and which partitions it is assigned, from
 * which offsets (kafka_consumer_assignment.c).
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
    int64_t next_offset;       /* where reading stands: 0 where no position was stored */
    rd_kafka_message_t **held; /* fetched and not given, in order: held_count from held_first */
    size_t held_first;
    size_t held_count;
    size_t held_capacity;
    unsigned skips; /* batches of others since it has had something */
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

    size_t held_count; /* of all partitions */
    size_t held_bytes;
    int32_t last_given;           /* a partition */
    rd_kafka_message_t **fetched; /* while they are sorted out */
    rd_kafka_message_t **given;   /* of the last batch */
    size_t given_count;
    size_t given_capacity; /* of `records` too */
    struct eventlog_record *records;
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

/* What is an event of librdkafka and not a record. */
void kafka_consumer_note_event(struct kafka_consumer *consumer, const rd_kafka_message_t *message);

/* Room for a batch. false: no memory. */
MUST_USE bool kafka_consumer_reserve(struct kafka_consumer *consumer, size_t count);

/* Takes what librdkafka has, without waiting, until enough is held for batches of count_max. false:
 * nothing at all came. */
bool kafka_consumer_fetch(struct kafka_consumer *consumer, size_t count_max);

/* No partition has a whole batch yet, and the broker is known to have more of one. */
bool kafka_consumer_is_filling(const struct kafka_consumer *consumer, size_t count_max);

/* Whether there is something to give, and gives of one partition. false: no memory for any. */
bool kafka_consumer_has_messages(const struct kafka_consumer *consumer);
MUST_USE bool kafka_consumer_give(struct kafka_consumer *consumer, size_t count_max,
                                  struct eventlog_batch *ret_batch);

/* The last batch is over. */
void kafka_consumer_free_given(struct kafka_consumer *consumer);

/* All messages: because they come again, or with their memory. */
void kafka_consumer_drop_messages(struct kafka_consumer *consumer);
void kafka_consumer_free_messages(struct kafka_consumer *consumer);
