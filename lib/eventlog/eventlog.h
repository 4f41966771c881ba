/* eventlog.h: a durable, partitioned log of events: topics of records that are written once, kept
 * in order, and read from any offset, by Kafka's model and words.
 *
 * A producer, a consumer and (eventlog/eventlog_admin.h) an administrator, implemented by the
 * embedded log (eventlog/local_eventlog.h), Kafka (kafka_eventlog.h) and memory (memory_eventlog.h,
 * for tests). An object belongs to one loop; its operations park the fiber.
 *
 * Publish and subscribe, or a queue, is a matter of groups: every group sees every record, and the
 * members of one group share the partitions, so that each record goes to one of them. Both in the
 * order of a partition, which is the order of a key. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

enum {
    EVENTLOG_TOPIC_BYTES_MAX = 100, /* letters, digits, '.', '_', '-', as Kafka allows */
    EVENTLOG_KEY_BYTES_MAX = 512,
    EVENTLOG_VALUE_BYTES_MAX = 1024 * 1024,
    EVENTLOG_PARTITIONS_MAX = 256,                 /* of one topic */
    EVENTLOG_GROUP_BYTES_MAX = 100,                /* letters, digits, '.', '_', '-' */
    EVENTLOG_BATCH_MAX = 100000,                   /* records of one poll or one produce */
    EVENTLOG_PRODUCE_BYTES_MAX = 64 * 1024 * 1024, /* keys, values and headers of one produce */
    EVENTLOG_HEADERS_MAX = 16,                     /* of one record */
    EVENTLOG_HEADER_NAME_BYTES_MAX = 100,          /* at least 1 */
    EVENTLOG_HEADERS_BYTES_MAX = 16 * 1024,        /* names and values of one record's */
};

/* What is said of a record beside its value: where it came from, a trace. The value is any bytes;
 * a name may occur more than once. */
struct eventlog_header {
    struct text name; /* UTF-8 without NUL */
    struct text value;
};

/* Where a record stands in its topic. */
struct eventlog_place {
    int32_t partition;
    int64_t offset; /* -1: not known (produce_once() has passed it over) */
};

struct eventlog_message {
    struct text key; /* chooses the partition: equal keys keep their order */
    /* Empty, in a compacted topic: a tombstone, by which the key is removed. (Kafka's null value:
     * what is read of it is an empty value.) */
    struct text value;
    int64_t time_ms; /* wall clock; 0: now */
    const struct eventlog_header *headers;
    size_t header_count;
    /* NULL, or where to say the record's place: written when all were delivered. */
    struct eventlog_place *place;
};

struct eventlog_record {
    int64_t offset; /* rises strictly within a partition; may have holes */
    int64_t time_ms;
    struct text key;
    struct text value;
    const struct eventlog_header *headers; /* in the order of the message's */
    size_t header_count;
};

/* Who produces, and how far it is: lets a log that can (below) know what it has already. */
struct eventlog_sequence {
    uint64_t producer_id; /* its own, at random, not 0; kept over restarts */
    int64_t first;        /* of the first message; the others follow it by one */
};

struct eventlog_producer_ops {
    /* Appends the messages in order; parks until each is durable in the log's sense or has failed.
     * Borrowed for the call. ret_delivered: how many are (always written; with the embedded log all
     * or none). STATUS_UNAVAILABLE, STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED: not all were
     * delivered; those that were not may still arrive with Kafka. STATUS_INVALID_ARGUMENT: a limit
     * above is exceeded: nothing was written. */
    enum status (*produce)(void *state, struct call *call, struct text topic,
                           const struct eventlog_message *messages, size_t count,
                           size_t *ret_delivered);

    /* The same, idempotent over restarts: of the messages, those whose sequence number this topic
     * has from this producer id are passed over and count as delivered. So whoever does not know
     * what became of a produce (DEADLINE_EXCEEDED, UNAVAILABLE, its own end) produces the same
     * messages by the same numbers again, and each is in the log once. A number may be left out,
     * never used twice. NULL: this log cannot (Kafka: idempotent only within one producer). */
    enum status (*produce_once)(void *state, struct call *call, struct text topic,
                                const struct eventlog_sequence *sequence,
                                const struct eventlog_message *messages, size_t count,
                                size_t *ret_delivered);

    /* No produce may be running. With Kafka, from a fiber: parks, a bounded time. */
    void (*close)(void *state);
};

struct eventlog_producer {
    const struct eventlog_producer_ops *ops;
    void *state;
};

/* Records of one partition, in order. Borrowed until the next poll. */
struct eventlog_batch {
    struct text topic;
    int32_t partition;
    int64_t from_offset; /* where reading stood, 0 where no position was stored: the position to
                          * compare and set */
    int64_t next_offset; /* where it stands after these records */
    const struct eventlog_record *records;
    size_t count;
};

/* How far a partition has been read, of those that this consumer owns now. */
struct eventlog_lag {
    int32_t partition;
    int64_t next_offset; /* of this consumer */
    int64_t end_offset;  /* one past the last record; -1: not known yet */
};

/* Where reading starts, asked for each partition when this consumer comes to own it.
 * STATUS_NOT_FOUND: from the beginning. Any other failure: asked again after a pause.
 *
 * get is NULL: at what the group has committed to the log itself, which committed() stores: for
 * stream processors and tools. A record may then be given again after a crash, never passed over
 * (at least once); where nobody dies, it is given once. */
struct eventlog_positions {
    enum status (*get)(void *state, struct call *call, struct text topic, int32_t partition,
                       int64_t *ret_next_offset);
    void *state;
};

struct eventlog_consumer_ops {
    /* Parks until there are records in a partition that this consumer owns (one member of a group
     * owns a partition at a time), and gives at most `count_max` of them. STATUS_NOT_FOUND: the
     * topic does not exist yet (returned once, and not when the log finds out after it was created;
     * polling again waits for it). STATUS_DATA_LOSS: a
     * gap, a bad checksum, or a position outside the log (retention has removed what was not read,
     * the topic was made anew): reading stops here, every further poll
     * says the same; the call's error says what to do. STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED:
     * the call is over. STATUS_UNAVAILABLE: the log cannot be read now; poll again after a pause.
     */
    enum status (*poll)(void *state, struct call *call, size_t count_max,
                        struct eventlog_batch *ret_batch);

    /* Tells that everything below batch.next_offset has been applied. Does not park. With
     * positions of one's own: for lag tools only, never read back as truth. Without: the log stores
     * it durably, a moment later, and before it gives the partition to another member or is closed;
     * what a member tells of a partition that it does not own any more is not stored. */
    void (*committed)(void *state, const struct eventlog_batch *batch);

    /* Goes back to the stored position of the partition, if this consumer still owns it: after
     * STATUS_ABORTED from the store. */
    void (*rewind)(void *state, int32_t partition);

    /* Fills in at most `max` rows and returns how many. Does not park. */
    size_t (*lag)(void *state, struct eventlog_lag *lags, size_t max);

    /* Gives its partitions up at once, for the other members. No poll may be running. With Kafka,
     * from a fiber: parks, a bounded time. */
    void (*close)(void *state);
};

/* A group whose name is empty is none: its consumer reads every partition, whoever else does, and
 * has positions of its own (without: from the beginning). */
struct eventlog_consumer {
    const struct eventlog_consumer_ops *ops;
    void *state;
};

/* The partition of a key among `count`: FNV-1a of the key, modulo (not Kafka's murmur2: the
 * embedded log's own; Kafka's producer uses librdkafka's partitioner "murmur2_random"). */
int32_t eventlog_partition(struct text key, int32_t count);

/* Whether it can name a topic or a group: 1 to EVENTLOG_TOPIC_BYTES_MAX of the bytes above, and
 * neither "." nor "..". */
MUST_USE bool eventlog_name_is_valid(struct text name);

/* STATUS_INVALID_ARGUMENT: one of a consumer's two names is not valid. The group may be empty. */
MUST_USE enum status eventlog_check_names(struct call *call, struct text group, struct text topic);

/* For implementations: the limits above. STATUS_INVALID_ARGUMENT, with the call's error set, or
 * STATUS_OK. ret_bytes: the sum of keys, values, and names and values of headers. */
MUST_USE enum status eventlog_check_messages(struct call *call, struct text topic,
                                             const struct eventlog_message *messages, size_t count,
                                             size_t *ret_bytes);
