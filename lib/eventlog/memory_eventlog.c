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
        list_init(&log->groups);
    }
    return log;
}

static void partition_free(struct memory_partition *partition)
{
    for (size_t i = 0; i < partition->count; i++) {
        free(partition->records[i].memory);
    }
    free(partition->records);
}

void memory_topic_free(struct memory_topic *topic)
{
    for (int32_t i = 0; i < topic->options.partitions; i++) {
        partition_free(&topic->partitions[i]);
    }
    list_remove(&topic->link);
    free(topic);
}

void memory_eventlog_destroy(struct memory_eventlog *log)
{
    if (log == NULL) {
        return;
    }
    CHECK(list_is_empty(&log->consumers));
    struct list *link;
    while ((link = list_take_first(&log->topics)) != NULL) {
        memory_topic_free(CONTAINER_OF(link, struct memory_topic, link));
    }
    while ((link = list_take_first(&log->groups)) != NULL) {
        free(CONTAINER_OF(link, struct memory_group, link));
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
    CHECK(topic != NULL && partition >= 0 && partition < topic->options.partitions);
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

struct memory_topic *memory_eventlog_add(struct memory_eventlog *log, struct text name,
                                         const struct eventlog_topic_options *options)
{
    if (memory_eventlog_find(log, name) != NULL) {
        return NULL;
    }
    struct memory_topic *topic = calloc(1, sizeof(*topic));
    if (topic != NULL) {
        memcpy(topic->name, name.data, name.length);
        topic->name_length = name.length;
        topic->options = *options;
        if (topic->options.partitions == 0) {
            topic->options.partitions = log->partitions;
        }
        list_append(&log->topics, &topic->link);
    }
    return topic;
}

static struct memory_topic *find_or_create(struct memory_eventlog *log, struct text name)
{
    struct memory_topic *topic = memory_eventlog_find(log, name);
    const struct eventlog_topic_options options = {0};
    return topic != NULL ? topic : memory_eventlog_add(log, name, &options);
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

static size_t message_bytes(const struct eventlog_message *message)
{
    size_t bytes = message->header_count * sizeof(*message->headers);
    bytes += message->key.length + message->value.length;
    for (size_t i = 0; i < message->header_count; i++) {
        bytes += message->headers[i].name.length + message->headers[i].value.length;
    }
    return bytes;
}

static struct text copy_to(char **to, struct text text)
{
    if (text.length > 0) {
        memcpy(*to, text.data, text.length);
    }
    struct text copy = text_of_bytes(*to, text.length);
    *to += text.length;
    return copy;
}

static bool append_record(struct memory_partition *partition,
                          const struct eventlog_message *message)
{
    size_t count = message->header_count;
    struct eventlog_header *headers =
        reserve_record(partition) ? malloc(message_bytes(message) + 1) : NULL;
    if (headers == NULL) {
        return false;
    }
    char *rest = (char *)(headers + count);
    for (size_t i = 0; i < count; i++) {
        headers[i].name = copy_to(&rest, message->headers[i].name);
        headers[i].value = copy_to(&rest, message->headers[i].value);
    }
    partition->records[partition->count] = (struct memory_record){
        .memory = headers,
        .record = {
            .offset = (int64_t)partition->count,
            .time_ms = message->time_ms == 0 ? clock_wall_ms() : message->time_ms,
            .key = copy_to(&rest, message->key),
            .value = copy_to(&rest, message->value),
            .headers = headers,
            .header_count = count,
        }};
    partition->count++;
    return true;
}

/* Moves the producer's to the front. */
static struct memory_sequence *sequence_of(struct memory_topic *topic, uint64_t producer_id)
{
    struct memory_sequence found = {.producer_id = producer_id};
    size_t place = 0;
    while (place < MEMORY_SEQUENCES_MAX - 1 && topic->sequences[place].producer_id != producer_id) {
        place++;
    }
    if (topic->sequences[place].producer_id == producer_id) {
        found = topic->sequences[place];
    }
    memmove(&topic->sequences[1], &topic->sequences[0], place * sizeof(found));
    topic->sequences[0] = found;
    return &topic->sequences[0];
}

/* How many of the messages the topic has from this producer. */
static size_t known_messages(struct memory_topic *topic, const struct eventlog_sequence *sequence,
                             size_t count)
{
    int64_t known = sequence_of(topic, sequence->producer_id)->next - sequence->first;
    if (known <= 0) {
        return 0;
    }
    return (size_t)known < count ? (size_t)known : count;
}

static void note_messages(struct memory_topic *topic, const struct eventlog_sequence *sequence,
                          size_t delivered)
{
    struct memory_sequence *known = sequence_of(topic, sequence->producer_id);
    int64_t next = sequence->first + (int64_t)delivered;
    known->next = known->next > next ? known->next : next;
}

static void say_place(const struct eventlog_message *message, int32_t partition, int64_t offset)
{
    if (message->place != NULL) {
        *message->place = (struct eventlog_place){partition, offset};
    }
}

static enum status producer_produce_once(void *state, struct call *call, struct text topic,
                                         const struct eventlog_sequence *sequence,
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
    *ret_delivered = sequence == NULL ? 0 : known_messages(found, sequence, count);
    for (size_t i = 0; i < *ret_delivered; i++) {
        say_place(&messages[i], eventlog_partition(messages[i].key, found->options.partitions), -1);
    }
    for (size_t i = *ret_delivered; i < count && status == STATUS_OK; i++) {
        int32_t partition = eventlog_partition(messages[i].key, found->options.partitions);
        if (append_record(&found->partitions[partition], &messages[i])) {
            say_place(&messages[i], partition, (int64_t)found->partitions[partition].count - 1);
            (*ret_delivered)++;
        } else {
            status = call_fail(call, STATUS_UNAVAILABLE, "the log is full");
        }
    }
    if (sequence != NULL) {
        note_messages(found, sequence, *ret_delivered);
    }
    memory_eventlog_wake(log);
    return status;
}

static enum status producer_produce(void *state, struct call *call, struct text topic,
                                    const struct eventlog_message *messages, size_t count,
                                    size_t *ret_delivered)
{
    return producer_produce_once(state, call, topic, NULL, messages, count, ret_delivered);
}

static void producer_close(void *state)
{
    (void)state; /* the log is its caller's */
}

enum status memory_eventlog_producer_open(struct memory_eventlog *log, struct call *call,
                                          struct eventlog_producer *ret_producer)
{
    static const struct eventlog_producer_ops ops = {.produce = producer_produce,
                                                     .produce_once = producer_produce_once,
                                                     .close = producer_close};
    (void)call;
    *ret_producer = (struct eventlog_producer){.ops = &ops, .state = log};
    return STATUS_OK;
}
