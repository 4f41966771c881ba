#include <stdlib.h>

#include "eventlog/memory_eventlog_private.h"

enum { POSITION_RETRY_MS = 100 };

struct memory_position {
    bool started;
    int64_t from_offset; /* 0 where no position was stored, else next_offset */
    int64_t next_offset;
};

struct memory_consumer {
    struct list link;
    struct memory_eventlog *log;
    struct memory_group *group; /* NULL: none, all is read */
    char topic_name[EVENTLOG_TOPIC_BYTES_MAX];
    struct text topic; /* there */
    struct eventlog_positions positions;
    struct fiber_wait news;
    bool absence_told;
    bool lost;
    struct memory_position partitions[EVENTLOG_PARTITIONS_MAX];
    int32_t next_partition;
    struct eventlog_record *records;
    size_t record_capacity;
};

static struct memory_consumer *consumer_at(struct list *link)
{
    return CONTAINER_OF(link, struct memory_consumer, link);
}

void memory_eventlog_wake(struct memory_eventlog *log)
{
    for (struct list *link = log->consumers.next; link != &log->consumers; link = link->next) {
        fiber_wait_signal(&consumer_at(link)->news);
    }
}

/* Made when it is not there. NULL: no memory. */
static struct memory_group *find_group(struct memory_eventlog *log, struct text name,
                                       struct text topic)
{
    for (struct list *link = log->groups.next; link != &log->groups; link = link->next) {
        struct memory_group *group = CONTAINER_OF(link, struct memory_group, link);
        if (text_equal(group->group, name) && text_equal(group->topic, topic)) {
            return group;
        }
    }
    struct memory_group *group = calloc(1, sizeof(*group));
    if (group == NULL) {
        return NULL;
    }
    memcpy(group->names, name.data, name.length);
    memcpy(group->names + name.length, topic.data, topic.length);
    group->group = text_of_bytes(group->names, name.length);
    group->topic = text_of_bytes(group->names + name.length, topic.length);
    for (size_t i = 0; i < ARRAY_LENGTH(group->committed); i++) {
        group->committed[i] = -1;
    }
    list_append(&log->groups, &group->link);
    return group;
}

/* Partitions go round among the members, by their places in the list. */
static const struct memory_consumer *find_owner(const struct memory_eventlog *log,
                                                const struct memory_group *group, int32_t partition,
                                                unsigned *ret_place)
{
    const struct memory_consumer *members[EVENTLOG_PARTITIONS_MAX];
    unsigned places[EVENTLOG_PARTITIONS_MAX];
    unsigned place = 0;
    int32_t count = 0;
    for (struct list *link = log->consumers.next;
         link != &log->consumers && count < EVENTLOG_PARTITIONS_MAX; link = link->next) {
        place++;
        if (consumer_at(link)->group == group) {
            places[count] = place;
            members[count++] = consumer_at(link);
        }
    }
    *ret_place = count == 0 ? 0 : places[partition % count];
    return count == 0 ? NULL : members[partition % count];
}

unsigned memory_group_owner(const struct memory_eventlog *log, const struct memory_group *group,
                            int32_t partition)
{
    unsigned place;
    (void)find_owner(log, group, partition, &place);
    return place;
}

static bool owns(const struct memory_consumer *consumer, int32_t partition)
{
    unsigned place;
    return consumer->group == NULL ||
           find_owner(consumer->log, consumer->group, partition, &place) == consumer;
}

static enum status lose(struct memory_consumer *consumer)
{
    consumer->lost = true;
    return STATUS_DATA_LOSS;
}

static enum status start(struct memory_consumer *consumer, struct call *call, int32_t index,
                         const struct memory_partition *partition)
{
    struct memory_position *position = &consumer->partitions[index];
    struct call asking = call_within(call, 0);
    enum status status = STATUS_NOT_FOUND;
    if (consumer->positions.get != NULL) {
        status = consumer->positions.get(consumer->positions.state, &asking, consumer->topic, index,
                                         &position->next_offset);
    } else if (consumer->group != NULL && consumer->group->committed[index] >= 0) {
        position->next_offset = consumer->group->committed[index];
        status = STATUS_OK;
    }
    position->from_offset = position->next_offset;
    if (status == STATUS_NOT_FOUND) {
        position->from_offset = 0;
        position->next_offset = partition->begin_offset;
        status = STATUS_OK;
    }
    position->started = status == STATUS_OK;
    return status;
}

static bool reserve_records(struct memory_consumer *consumer, size_t count)
{
    if (count > consumer->record_capacity) {
        struct eventlog_record *records = realloc(consumer->records, count * sizeof(*records));
        if (records == NULL) {
            return false;
        }
        consumer->records = records;
        consumer->record_capacity = count;
    }
    return true;
}

/* STATUS_NOT_FOUND: nothing new. */
static enum status read_partition(struct memory_consumer *consumer, int32_t index,
                                  const struct memory_partition *partition, size_t count_max,
                                  struct eventlog_batch *ret_batch)
{
    struct memory_position *position = &consumer->partitions[index];
    int64_t end = (int64_t)partition->count;
    if (position->next_offset < partition->begin_offset || position->next_offset > end) {
        return lose(consumer);
    }
    size_t available = (size_t)(end - position->next_offset);
    size_t count = available < count_max ? available : count_max;
    if (count == 0) {
        return STATUS_NOT_FOUND;
    }
    if (!reserve_records(consumer, count)) {
        return STATUS_UNAVAILABLE;
    }
    size_t given = 0;
    while (given < count && !partition->records[position->next_offset + (int64_t)given].lost) {
        consumer->records[given] =
            partition->records[position->next_offset + (int64_t)given].record;
        given++;
    }
    if (given == 0) {
        return lose(consumer);
    }
    *ret_batch = (struct eventlog_batch){
        .topic = consumer->topic,
        .partition = index,
        .from_offset = position->from_offset,
        .next_offset = position->next_offset + (int64_t)given,
        .records = consumer->records,
        .count = given,
    };
    position->next_offset += (int64_t)given;
    position->from_offset = position->next_offset;
    return STATUS_OK;
}

/* STATUS_NOT_FOUND: nothing new; ret_retry: a position is to be asked for again. */
static enum status read_any(struct memory_consumer *consumer, struct call *call, size_t count_max,
                            struct eventlog_batch *ret_batch, bool *ret_retry)
{
    struct memory_topic *topic = memory_eventlog_find(consumer->log, consumer->topic);
    int32_t count = topic == NULL ? 0 : topic->options.partitions;
    for (int32_t turn = 0; turn < count; turn++) {
        int32_t index = consumer->next_partition;
        consumer->next_partition = (index + 1) % count;
        struct memory_position *position = &consumer->partitions[index];
        if (!owns(consumer, index)) {
            position->started = false;
            continue;
        }
        if (!position->started &&
            start(consumer, call, index, &topic->partitions[index]) != STATUS_OK) {
            *ret_retry = true;
            continue;
        }
        enum status status =
            read_partition(consumer, index, &topic->partitions[index], count_max, ret_batch);
        if (status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    return STATUS_NOT_FOUND;
}

static enum status await_news(struct memory_consumer *consumer, struct call *call, bool retry)
{
    struct call waiting = call_within(call, retry ? POSITION_RETRY_MS : 0);
    enum status status = fiber_wait(&waiting, &consumer->news);
    return status == STATUS_OK ? STATUS_OK : call_check(call);
}

static enum status consumer_poll(void *state, struct call *call, size_t count_max,
                                 struct eventlog_batch *ret_batch)
{
    struct memory_consumer *consumer = state;
    CHECK(count_max > 0);
    for (;;) {
        enum status status = call_check(call);
        if (status == STATUS_OK) {
            status = memory_eventlog_take_fault(consumer->log, MEMORY_EVENTLOG_POLL);
        }
        if (status != STATUS_OK) {
            return call_fail(call, status, "no record has come");
        }
        if (memory_eventlog_find(consumer->log, consumer->topic) == NULL &&
            !consumer->absence_told) {
            consumer->absence_told = true;
            return call_fail(call, STATUS_NOT_FOUND, "the topic does not exist yet");
        }
        bool retry = false;
        status = consumer->lost ? STATUS_DATA_LOSS
                                : read_any(consumer, call, count_max, ret_batch, &retry);
        if (status == STATUS_OK) {
            return STATUS_OK;
        }
        if (status != STATUS_NOT_FOUND) {
            return call_fail(call, status,
                             "the log does not hold the records at the stored position");
        }
        status = await_news(consumer, call, retry);
        if (status != STATUS_OK) {
            return call_fail(call, status, "no record has come in time");
        }
    }
}

static void consumer_committed(void *state, const struct eventlog_batch *batch)
{
    struct memory_consumer *consumer = state;
    CHECK(batch->partition >= 0 && batch->partition < EVENTLOG_PARTITIONS_MAX);
    if (consumer->group != NULL && consumer->partitions[batch->partition].started &&
        owns(consumer, batch->partition)) {
        consumer->group->committed[batch->partition] = batch->next_offset;
    }
}

static void consumer_rewind(void *state, int32_t partition)
{
    struct memory_consumer *consumer = state;
    CHECK(partition >= 0 && partition < EVENTLOG_PARTITIONS_MAX);
    consumer->partitions[partition].started = false; /* read_any() looks whether it is owned */
}

static size_t consumer_lag(void *state, struct eventlog_lag *lags, size_t max)
{
    struct memory_consumer *consumer = state;
    struct memory_topic *topic = memory_eventlog_find(consumer->log, consumer->topic);
    size_t rows = 0;
    for (int32_t i = 0; topic != NULL && i < topic->options.partitions && rows < max; i++) {
        if (consumer->partitions[i].started && owns(consumer, i)) {
            lags[rows++] = (struct eventlog_lag){
                .partition = i,
                .next_offset = consumer->partitions[i].next_offset,
                .end_offset = (int64_t)topic->partitions[i].count,
            };
        }
    }
    return rows;
}

static void consumer_close(void *state)
{
    struct memory_consumer *consumer = state;
    list_remove(&consumer->link);
    memory_eventlog_wake(consumer->log);
    free(consumer->records);
    free(consumer);
}

enum status memory_eventlog_consumer_open(struct memory_eventlog *log, struct call *call,
                                          struct text group, struct text topic,
                                          struct eventlog_positions positions,
                                          struct eventlog_consumer *ret_consumer)
{
    static const struct eventlog_consumer_ops ops = {
        .poll = consumer_poll,
        .committed = consumer_committed,
        .rewind = consumer_rewind,
        .lag = consumer_lag,
        .close = consumer_close,
    };
    enum status status = eventlog_check_names(call, group, topic);
    if (status != STATUS_OK) {
        return status;
    }
    struct memory_consumer *consumer = calloc(1, sizeof(*consumer));
    if (consumer != NULL && group.length > 0) {
        consumer->group = find_group(log, group, topic);
    }
    if (consumer == NULL || (group.length > 0 && consumer->group == NULL)) {
        free(consumer);
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a consumer");
    }
    memcpy(consumer->topic_name, topic.data, topic.length);
    consumer->topic = text_of_bytes(consumer->topic_name, topic.length);
    consumer->log = log;
    consumer->positions = positions;
    fiber_wait_init(&consumer->news);
    list_append(&log->consumers, &consumer->link);
    memory_eventlog_wake(log);
    *ret_consumer = (struct eventlog_consumer){.ops = &ops, .state = consumer};
    return STATUS_OK;
}
