#include "eventlog/memory_eventlog.h"

#include <stdlib.h>

#include "base/clock.h"
#include "eventlog/memory_eventlog_private.h"

struct memory_eventlog *memory_eventlog_create(int32_t partitions)
{
    CHECK(partitions > 0 && partitions <= EVENTLOG_PARTITIONS_MAX);
    struct memory_eventlog *log = calloc(1, sizeof(*log));
    if (log != NULL) {
        log->partitions = partitions;
        list_init(&log->topics);
        list_init(&log->consumers);
    }
    return log;
}

static void partition_free(struct memory_partition *partition)
{
    for (size_t i = 0; i < partition->count; i++) {
        free((void *)(uintptr_t)partition->records[i].record.key.data);
    }
    free(partition->records);
}

void memory_eventlog_destroy(struct memory_eventlog *log)
{
    if (log == NULL) {
        return;
    }
    CHECK(list_is_empty(&log->consumers));
    struct list *link;
    while ((link = list_take_first(&log->topics)) != NULL) {
        struct memory_topic *topic = CONTAINER_OF(link, struct memory_topic, link);
        for (int32_t i = 0; i < log->partitions; i++) {
            partition_free(&topic->partitions[i]);
        }
        free(topic);
    }
    free(log);
}

struct memory_topic *memory_eventlog_find(struct memory_eventlog *log, struct text name)
{
    for (struct list *link = log->topics.next; link != &log->topics; link = link->next) {
        struct memory_topic *topic = CONTAINER_OF(link, struct memory_topic, link);
        if (text_equal(text_of_bytes(topic->name, topic->name_length), name)) {
            return topic;
        }
    }
    return NULL;
}

enum status memory_eventlog_take_fault(struct memory_eventlog *log,
                                       enum memory_eventlog_operation operation)
{
    struct memory_fault *fault = &log->faults[operation];
    if (fault->times == 0) {
        return STATUS_OK;
    }
    fault->times--;
    return fault->status;
}

void memory_eventlog_fail(struct memory_eventlog *log, enum memory_eventlog_operation operation,
                          enum status status, unsigned times)
{
    log->faults[operation] = (struct memory_fault){.status = status, .times = times};
    memory_eventlog_wake(log);
}

static struct memory_partition *existing_partition(struct memory_eventlog *log, struct text name,
                                                   int32_t partition)
{
    struct memory_topic *topic = memory_eventlog_find(log, name);
    CHECK(topic != NULL && partition >= 0 && partition < log->partitions);
    return &topic->partitions[partition];
}

void memory_eventlog_lose(struct memory_eventlog *log, struct text topic, int32_t partition,
                          int64_t offset)
{
    struct memory_partition *found = existing_partition(log, topic, partition);
    CHECK(offset >= 0 && (size_t)offset < found->count);
    found->records[offset].lost = true;
}

void memory_eventlog_trim(struct memory_eventlog *log, struct text topic, int32_t partition,
                          int64_t begin_offset)
{
    struct memory_partition *found = existing_partition(log, topic, partition);
    CHECK(begin_offset >= 0 && (size_t)begin_offset <= found->count);
    found->begin_offset = begin_offset;
}

static struct memory_topic *find_or_create(struct memory_eventlog *log, struct text name)
{
    struct memory_topic *topic = memory_eventlog_find(log, name);
    if (topic == NULL) {
        topic = calloc(1, sizeof(*topic));
        if (topic != NULL) {
            memcpy(topic->name, name.data, name.length);
            topic->name_length = name.length;
            list_append(&log->topics, &topic->link);
        }
    }
    return topic;
}

static bool reserve_record(struct memory_partition *partition)
{
    if (partition->count == MEMORY_EVENTLOG_RECORDS_MAX) {
        return false;
    }
    if (partition->count == partition->capacity) {
        size_t capacity = partition->capacity == 0 ? 16 : partition->capacity * 2;
        struct memory_record *records =
            realloc(partition->records, capacity * sizeof(*partition->records));
        if (records == NULL) {
            return false;
        }
        partition->records = records;
        partition->capacity = capacity;
    }
    return true;
}

static bool append_record(struct memory_partition *partition,
                          const struct eventlog_message *message)
{
    size_t bytes = message->key.length + message->value.length;
    char *copy = reserve_record(partition) ? malloc(bytes + 1) : NULL;
    if (copy == NULL) {
        return false;
    }
    if (message->key.length > 0) {
        memcpy(copy, message->key.data, message->key.length);
    }
    if (message->value.length > 0) {
        memcpy(copy + message->key.length, message->value.data, message->value.length);
    }
    partition->records[partition->count] = (struct memory_record){
        .record = {
            .offset = (int64_t)partition->count,
            .time_ms = message->time_ms == 0 ? clock_wall_ms() : message->time_ms,
            .key = text_of_bytes(copy, message->key.length),
            .value = text_of_bytes(copy + message->key.length, message->value.length),
        }};
    partition->count++;
    return true;
}

static enum status producer_produce(void *state, struct call *call, struct text topic,
                                    const struct eventlog_message *messages, size_t count,
                                    size_t *ret_delivered)
{
    struct memory_eventlog *log = state;
    *ret_delivered = 0;
    size_t bytes;
    enum status status = eventlog_check_messages(call, topic, messages, count, &bytes);
    if (status == STATUS_OK) {
        status = call_check(call);
    }
    if (status == STATUS_OK) {
        status = memory_eventlog_take_fault(log, MEMORY_EVENTLOG_PRODUCE);
    }
    if (status != STATUS_OK || count == 0) {
        return status == STATUS_OK ? STATUS_OK : call_fail(call, status, "nothing was produced");
    }
    struct memory_topic *found = find_or_create(log, topic);
    if (found == NULL) {
        return call_fail(call, STATUS_UNAVAILABLE, "no memory for a topic");
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        int32_t partition = eventlog_partition(messages[i].key, log->partitions);
        if (append_record(&found->partitions[partition], &messages[i])) {
            (*ret_delivered)++;
        } else {
            status = call_fail(call, STATUS_UNAVAILABLE, "the log is full");
        }
    }
    memory_eventlog_wake(log);
    return status;
}

static void producer_close(void *state)
{
    (void)state; /* the log is its caller's */
}

enum status memory_eventlog_producer_open(struct memory_eventlog *log, struct call *call,
                                          struct eventlog_producer *ret_producer)
{
    static const struct eventlog_producer_ops ops = {.produce = producer_produce,
                                                     .close = producer_close};
    (void)call;
    *ret_producer = (struct eventlog_producer){.ops = &ops, .state = log};
    return STATUS_OK;
}
