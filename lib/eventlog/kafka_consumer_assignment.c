#include "base/clock.h"
#include "eventlog/kafka_consumer_private.h"

void kafka_consumer_forget_assignment(struct kafka_consumer *consumer)
{
    if (consumer->assignment != NULL) {
        rd_kafka_topic_partition_list_destroy(consumer->assignment);
        consumer->assignment = NULL;
    }
    for (int32_t i = 0; i < EVENTLOG_PARTITIONS_MAX; i++) {
        consumer->partitions[i].owned = false;
    }
    consumer->assign_due = false;
}

static void handle_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t reason,
                             rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct kafka_client *client = opaque;
    struct kafka_consumer *consumer = client->owner;
    if (consumer == NULL) { /* leaving the group, on another thread */
        (void)rd_kafka_assign(handle, NULL);
        return;
    }
    consumer->rebalanced = true;
    kafka_consumer_forget_assignment(consumer);
    if (reason == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        consumer->assignment = rd_kafka_topic_partition_list_copy(partitions);
        consumer->assign_due = true;
        consumer->position_due_ns = 0;
    } else {
        (void)rd_kafka_assign(handle, NULL);
    }
}

void kafka_consumer_set_rebalance(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_rebalance_cb(conf, handle_rebalance);
}

bool kafka_consumer_owns(const struct kafka_consumer *consumer, int32_t partition)
{
    return partition >= 0 && partition < EVENTLOG_PARTITIONS_MAX &&
           consumer->partitions[partition].owned;
}

static enum status ask_position(struct kafka_consumer *consumer, struct call *call,
                                rd_kafka_topic_partition_t *element)
{
    struct call asking = call_within(call, 0);
    int64_t next_offset;
    enum status status = consumer->positions.get(consumer->positions.state, &asking,
                                                 consumer->topic, element->partition, &next_offset);
    if (status == STATUS_NOT_FOUND) {
        next_offset = 0;
        element->offset = RD_KAFKA_OFFSET_BEGINNING;
    } else if (status == STATUS_OK) {
        element->offset = next_offset;
    } else {
        return status;
    }
    consumer->partitions[element->partition] =
        (struct kafka_partition){.owned = true, .next_offset = next_offset};
    return STATUS_OK;
}

static enum status retry_later(struct kafka_consumer *consumer)
{
    consumer->position_due_ns =
        loop_now_ns(consumer->client->loop) + KAFKA_EVENTLOG_POSITION_RETRY_MS * CLOCK_NS_PER_MS;
    return STATUS_UNAVAILABLE;
}

enum status kafka_consumer_assign(struct kafka_consumer *consumer, struct call *call)
{
    if (consumer->position_due_ns > loop_now_ns(consumer->client->loop)) {
        return STATUS_UNAVAILABLE;
    }
    for (int i = 0; i < consumer->assignment->cnt; i++) {
        rd_kafka_topic_partition_t *element = &consumer->assignment->elems[i];
        CHECK(element->partition >= 0);
        if (element->partition >= EVENTLOG_PARTITIONS_MAX) {
            return call_fail(call, STATUS_FAILED_PRECONDITION,
                             "the topic has more than %d partitions", EVENTLOG_PARTITIONS_MAX);
        }
        if (ask_position(consumer, call, element) != STATUS_OK) {
            return retry_later(consumer);
        }
    }
    if (rd_kafka_assign(consumer->client->handle, consumer->assignment) !=
        RD_KAFKA_RESP_ERR_NO_ERROR) {
        return retry_later(consumer);
    }
    consumer->assign_due = false;
    return STATUS_OK;
}
