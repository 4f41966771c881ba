/* kafka_admin_private.h: the administrator in two parts: topics (kafka_admin.c), and groups
 * (kafka_admin_groups.c). Questions to the broker block; each is asked on a thread of its own, and
 * what it answers is read on the loop's. */
#pragma once

#include "eventlog/eventlog_admin.h"
#include "eventlog/kafka_client.h"

enum { KAFKA_ADMIN_ASK_MS = 10000, KAFKA_ADMIN_GROUPS_MAX = 1000 };

struct kafka_admin {
    struct kafka_client *client;
};

/* Asks, by send(), and parks until the answer is there, for as long as the call and
 * KAFKA_ADMIN_ASK_MS allow. *ret_answer is destroyed by the caller; its own errors are not looked
 * at. STATUS_UNAVAILABLE: it was not answered; the call's detail says why. */
MUST_USE enum status
kafka_admin_ask(struct kafka_admin *admin, struct call *call, rd_kafka_admin_op_t operation,
                void (*send)(rd_kafka_t *handle, const rd_kafka_AdminOptions_t *options,
                             rd_kafka_queue_t *queue, void *argument),
                void *argument, rd_kafka_event_t **ret_answer);

/* Where partitions begin and end. They are valid in the call's arena. */
struct kafka_admin_bounds {
    const char *topic;
    int32_t partition;
    int64_t begin; /* -1: the topic has gone */
    int64_t end;
};
MUST_USE enum status kafka_admin_find_bounds(struct kafka_admin *admin, struct call *call,
                                             struct kafka_admin_bounds *rows, size_t count);

MUST_USE enum status kafka_admin_list_groups(void *state, struct call *call,
                                             struct eventlog_groups *ret_groups);
