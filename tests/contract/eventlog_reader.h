/* eventlog_reader.h: the other side of a log in tests: messages that can be told apart, and a store
 * of positions and of what was applied, which notices every loss, repetition and disorder. */
#pragma once

#include "eventlog/eventlog.h"

enum { READER_PARTITIONS_MAX = 16, READER_KEYS_MAX = 64, READER_KEY_BYTES = 16 };

/* Applies batches like a database: position and records together, by compare and set. */
struct reader_store {
    int64_t next_offset[READER_PARTITIONS_MAX];
    bool has_position[READER_PARTITIONS_MAX];
    unsigned failures; /* so many questions for a position are answered UNAVAILABLE */
    /* Of each key: how many were applied, and where. */
    unsigned applied[READER_KEYS_MAX];
    int32_t partition_of[READER_KEYS_MAX];
    size_t total;
    size_t refused; /* batches whose position did not fit */
};

void reader_store_init(struct reader_store *store);

/* Positions that ask the store, which is borrowed. */
struct eventlog_positions reader_store_positions(struct reader_store *store);

/* Asserts that records rise, keys keep their order and partition, and values are as written.
 * false: the batch does not begin at the stored position; nothing was applied. */
bool reader_store_apply(struct reader_store *store, const struct eventlog_batch *batch);

/* Produces messages first_sequence, … of each of the keys, `each` of every key, in one call. */
void reader_produce(struct eventlog_producer producer, struct call *call, struct text topic,
                    unsigned keys, unsigned first_sequence, unsigned each);

/* Polls and applies until `total` were applied in all; asserts that no more come with them. */
void reader_consume(struct eventlog_consumer consumer, struct reader_store *store,
                    struct call *call, size_t count_max, size_t total);
