/* memory_eventlog.h: an event log in memory, for tests: producers and consumers of one loop, with
 * failures on demand.
 *
 * It keeps the promises of eventlog/eventlog.h for the life of the object. Partitions are shared
 * evenly among the members of a group, which move as soon as a member opens or closes. Nothing is
 * removed by age, size or key: a topic's options are only kept. */
#pragma once

#include "eventlog/eventlog_admin.h"

struct memory_eventlog;

enum { MEMORY_EVENTLOG_RECORDS_MAX = 1000000 }; /* of a partition; then produce is UNAVAILABLE */

/* partitions: of a topic that a producer makes. NULL: no memory. Owned by the caller. */
MUST_USE struct memory_eventlog *memory_eventlog_create(int32_t partitions);

/* Its producers and consumers are closed before. NULL is accepted. */
void memory_eventlog_destroy(struct memory_eventlog *log);

/* What is appended is there for consumers at once. Always STATUS_OK. */
MUST_USE enum status memory_eventlog_producer_open(struct memory_eventlog *log, struct call *call,
                                                   struct eventlog_producer *ret_producer);

/* The names are copied; the state of `positions` is borrowed until close.
 * STATUS_INVALID_ARGUMENT: a bad name. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status memory_eventlog_consumer_open(struct memory_eventlog *log, struct call *call,
                                                   struct text group, struct text topic,
                                                   struct eventlog_positions positions,
                                                   struct eventlog_consumer *ret_consumer);

/* Always STATUS_OK. */
MUST_USE enum status memory_eventlog_admin_open(struct memory_eventlog *log, struct call *call,
                                                struct eventlog_admin *ret_admin);

enum memory_eventlog_operation { MEMORY_EVENTLOG_PRODUCE, MEMORY_EVENTLOG_POLL };

/* The next `times` operations of this kind give the status and do nothing. */
void memory_eventlog_fail(struct memory_eventlog *log, enum memory_eventlog_operation operation,
                          enum status status, unsigned times);

/* Makes a gap: the record's offset goes to nobody. The topic and the record exist. */
void memory_eventlog_lose(struct memory_eventlog *log, struct text topic, int32_t partition,
                          int64_t offset);

/* Lets the partition begin at this offset, at most at its end. The topic exists. */
void memory_eventlog_trim(struct memory_eventlog *log, struct text topic, int32_t partition,
                          int64_t begin_offset);
