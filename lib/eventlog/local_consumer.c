#include <stdlib.h>

#include "base/clock.h"
#include "eventlog/local_consumer_private.h"
#include "eventlog/local_lease.h"

static void handle_wake(void *argument)
{
    struct local_consumer *consumer = argument;
    if (local_wake_drain(&consumer->wake)) {
        consumer->members_changed = true;
    }
    fiber_wait_signal(&consumer->news);
}

static enum status fail_unreadable(struct call *call, const struct local_failure *failure)
{
    (void)call_fail_detail(call, STATUS_UNAVAILABLE, "%s", failure->text);
    return call_fail(call, STATUS_UNAVAILABLE, "the event log cannot be read");
}

/* STATUS_NOT_FOUND: there is no topic yet. */
static enum status find_topic(struct local_consumer *consumer, struct call *call)
{
    if (consumer->topic_known) {
        return STATUS_OK;
    }
    struct local_failure failure = {.text = ""};
    enum status status =
        local_store_find_topic(consumer->log->store, consumer->topic, &consumer->found, &failure);
    consumer->topic_known = status == STATUS_OK;
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        return status;
    }
    return status == STATUS_DATA_LOSS ? call_fail(call, status, "%s", failure.text)
                                      : fail_unreadable(call, &failure);
}

/* STATUS_UNAVAILABLE: not now. */
static enum status ask_position(struct local_consumer *consumer, struct call *call, int32_t index)
{
    struct local_partition *partition = &consumer->partitions[index];
    struct call asking = call_within(call, 0);
    int64_t next_offset;
    enum status status = consumer->positions.get(consumer->positions.state, &asking,
                                                 consumer->topic, index, &next_offset);
    if (status == STATUS_NOT_FOUND) {
        next_offset = 0; /* where every partition begins */
        status = STATUS_OK;
    }
    if (status != STATUS_OK) {
        partition->start_due_ns =
            loop_now_ns(consumer->loop) + LOCAL_EVENTLOG_POSITION_RETRY_MS * CLOCK_NS_PER_MS;
        return STATUS_UNAVAILABLE;
    }
    partition->next_offset = next_offset;
    partition->started = true;
    return STATUS_OK;
}

/* Asks for the position of every partition that is new. Returns when one must be asked again, or
 * INT64_MAX. */
static int64_t start_partitions(struct local_consumer *consumer, struct call *call)
{
    int64_t due_ns = INT64_MAX;
    for (int32_t i = 0; i < consumer->found.partitions; i++) {
        struct local_partition *partition = &consumer->partitions[i];
        if (partition->lease_fd < 0 || partition->started) {
            continue;
        }
        if (partition->start_due_ns > loop_now_ns(consumer->loop) ||
            ask_position(consumer, call, i) != STATUS_OK) {
            due_ns = partition->start_due_ns < due_ns ? partition->start_due_ns : due_ns;
        }
    }
    return due_ns;
}

/* Parks until a producer or member wakes us, or until the time. */
static enum status await_news(struct local_consumer *consumer, struct call *call, int64_t due_ns)
{
    struct call waiting = call_within(call, 0);
    if (due_ns < waiting.deadline_ns) {
        waiting.deadline_ns = due_ns;
    }
    enum status status = fiber_wait(&waiting, &consumer->news);
    if (status == STATUS_OK) {
        return STATUS_OK;
    }
    status = call_check(call);
    return status == STATUS_OK ? STATUS_OK : call_fail(call, status, "no record has come in time");
}

static enum status consumer_poll(void *state, struct call *call, size_t count_max,
                                 struct eventlog_batch *ret_batch)
{
    struct local_consumer *consumer = state;
    CHECK(count_max > 0);
    count_max = count_max < EVENTLOG_BATCH_MAX ? count_max : EVENTLOG_BATCH_MAX;
    for (;;) {
        if (consumer->loss[0] != '\0') {
            return call_fail(call, STATUS_DATA_LOSS, "%s", consumer->loss);
        }
        enum status status = call_check(call);
        if (status != STATUS_OK) {
            return call_fail(call, status, "the call is over");
        }
        int64_t due_ns = INT64_MAX;
        status = find_topic(consumer, call);
        if (status == STATUS_NOT_FOUND && !consumer->absence_told) {
            consumer->absence_told = true;
            return call_fail(call, STATUS_NOT_FOUND, "topic %.*s does not exist yet",
                             TEXT_ARGUMENTS(consumer->topic));
        }
        if (status == STATUS_OK) {
            local_consumer_balance(consumer);
            due_ns = start_partitions(consumer, call);
            if (consumer->balance_due_ns < due_ns) {
                due_ns = consumer->balance_due_ns;
            }
            status = local_consumer_read(consumer, call, count_max, ret_batch);
        }
        if (status == STATUS_DATA_LOSS && consumer->loss[0] != '\0') {
            continue;
        }
        if (status == STATUS_NOT_FOUND) {
            status = await_news(consumer, call, due_ns);
            if (status == STATUS_OK) {
                continue;
            }
        }
        return status;
    }
}

static void consumer_committed(void *state, const struct eventlog_batch *batch)
{
    struct local_consumer *consumer = state;
    CHECK(batch->partition >= 0 && batch->partition < EVENTLOG_PARTITIONS_MAX);
    int fd = consumer->partitions[batch->partition].lease_fd;
    if (fd >= 0) {
        local_lease_note(fd, batch->next_offset);
    }
}

static void consumer_rewind(void *state, int32_t partition)
{
    struct local_consumer *consumer = state;
    CHECK(partition >= 0 && partition < EVENTLOG_PARTITIONS_MAX);
    consumer->partitions[partition].started = false;
    consumer->partitions[partition].start_due_ns = 0;
    local_ahead_drop(consumer, partition);
}

static size_t consumer_lag(void *state, struct eventlog_lag *lags, size_t max)
{
    struct local_consumer *consumer = state;
    size_t count = 0;
    for (int32_t i = 0; i < consumer->found.partitions && count < max; i++) {
        struct local_bounds bounds;
        struct local_failure failure;
        struct local_place place = {.topic_id = consumer->found.id, .partition = i};
        if (consumer->partitions[i].started &&
            local_store_bounds(consumer->log->store, place, &bounds, &failure) == STATUS_OK) {
            lags[count++] = (struct eventlog_lag){
                .partition = i,
                .next_offset = consumer->partitions[i].next_offset,
                .end_offset = bounds.end,
            };
        }
    }
    return count;
}

static void consumer_close(void *state)
{
    struct local_consumer *consumer = state;
    loop_poll_close(consumer->poll);
    local_consumer_leave(consumer);
    buffer_deinit(&consumer->ahead.chunks);
    free(consumer->records);
    free(consumer);
}

static struct local_consumer *consumer_create(const struct local_eventlog_consumer_options *options)
{
    struct local_consumer *consumer = calloc(1, sizeof(*consumer));
    if (consumer == NULL) {
        return NULL;
    }
    char *names = consumer->names;
    memcpy(names, options->group.data, options->group.length);
    memcpy(names + options->group.length, options->topic.data, options->topic.length);
    consumer->group = text_of_bytes(names, options->group.length);
    consumer->topic = text_of_bytes(names + options->group.length, options->topic.length);
    consumer->positions = options->positions;
    fiber_wait_init(&consumer->news);
    buffer_init(&consumer->ahead.chunks, (size_t)LOCAL_EVENTLOG_READ_BYTES_MAX +
                                             LOCAL_EVENTLOG_CHUNK_BYTES_MAX +
                                             LOCAL_FRAME_BYTES_MAX);
    for (int32_t i = 0; i < EVENTLOG_PARTITIONS_MAX; i++) {
        consumer->partitions[i].lease_fd = -1;
    }
    return consumer;
}

enum status local_eventlog_consumer_open(struct local_eventlog *log, struct loop *loop,
                                         struct call *call,
                                         const struct local_eventlog_consumer_options *options,
                                         struct eventlog_consumer *ret_consumer)
{
    static const struct eventlog_consumer_ops ops = {
        .poll = consumer_poll,
        .committed = consumer_committed,
        .rewind = consumer_rewind,
        .lag = consumer_lag,
        .close = consumer_close,
    };
    enum status status = eventlog_check_names(call, options->group, options->topic);
    if (status != STATUS_OK) {
        return status;
    }
    struct local_consumer *consumer = consumer_create(options);
    if (consumer == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a consumer");
    }
    consumer->log = log;
    consumer->loop = loop;
    status = local_wake_open(log->wake_folder_fd, consumer->topic, consumer->group, call,
                             &consumer->wake);
    if (status != STATUS_OK) {
        free(consumer);
        return call_fail(call, status, "the event log cannot be waited for");
    }
    status = loop_poll_open(loop, consumer->wake.fd, handle_wake, consumer, &consumer->poll);
    if (status != STATUS_OK) {
        local_wake_close(&consumer->wake);
        free(consumer);
        return call_fail(call, status, "the event log cannot be waited for");
    }
    local_wake_send_members(&consumer->wake, log->sender_fd);
    *ret_consumer = (struct eventlog_consumer){.ops = &ops, .state = consumer};
    return STATUS_OK;
}
