#include <stdlib.h>

#include "base/clock.h"
#include "eventlog/local_consumer_private.h"

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

/* Where the group stands, by the log. Also settles the epoch of what will be committed: above
 * that of every member before. */
static enum status get_committed(struct local_consumer *consumer, int32_t index,
                                 int64_t *ret_next_offset)
{
    struct local_partition *partition = &consumer->partitions[index];
    struct local_place place = {.topic_id = consumer->found.id, .partition = index};
    struct local_committed committed = {0};
    struct local_failure failure;
    enum status status = local_store_get_committed(consumer->log->store, place,
                                                   consumer->group_name, &committed, &failure);
    if (partition->epoch == 0 && (status == STATUS_OK || status == STATUS_NOT_FOUND)) {
        partition->epoch =
            partition->generation > committed.epoch ? partition->generation : committed.epoch + 1;
    }
    if (status == STATUS_OK) {
        *ret_next_offset = committed.next_offset;
    }
    return status;
}

static enum status find_position(struct local_consumer *consumer, struct call *call, int32_t index,
                                 int64_t *ret_next_offset)
{
    struct call asking = call_within(call, 0);
    if (consumer->positions.get != NULL) {
        return consumer->positions.get(consumer->positions.state, &asking, consumer->topic, index,
                                       ret_next_offset);
    }
    return consumer->group == NULL ? STATUS_NOT_FOUND
                                   : get_committed(consumer, index, ret_next_offset);
}

/* STATUS_UNAVAILABLE: not now. */
static enum status ask_position(struct local_consumer *consumer, struct call *call, int32_t index)
{
    struct local_partition *partition = &consumer->partitions[index];
    uint32_t generation = partition->generation;
    int64_t next_offset = 0;
    enum status status = find_position(consumer, call, index, &next_offset);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        partition->start_due_ns =
            loop_now_ns(consumer->loop) + LOCAL_EVENTLOG_POSITION_RETRY_MS * CLOCK_NS_PER_MS;
        return STATUS_UNAVAILABLE;
    }
    /* Asking has parked: it may have been given up meanwhile. */
    if (!partition->owned || partition->generation != generation) {
        return STATUS_UNAVAILABLE;
    }
    partition->is_fresh = status == STATUS_NOT_FOUND;
    partition->from_offset = next_offset;
    partition->next_offset = next_offset;
    partition->started = true;
    return STATUS_OK;
}

/* Asks for the position of every partition that is new. Returns when one must be asked again, or
 * INT64_MAX. */
static int64_t start_partitions(struct local_consumer *consumer, struct call *call)
{
    int64_t due_ns = INT64_MAX;
    for (int32_t i = 0; i < consumer->found.options.partitions; i++) {
        struct local_partition *partition = &consumer->partitions[i];
        if (!partition->owned || partition->leaving || partition->started) {
            continue;
        }
        if (local_consumer_is_committing(consumer, i)) {
            continue; /* it is told when the position is stored */
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
    if (consumer->group == NULL || !local_consumer_owns(consumer, batch->partition)) {
        return;
    }
    if (!local_consumer_commits(consumer)) {
        local_group_note(consumer->group, batch->partition, batch->next_offset);
        return;
    }
    struct local_partition *partition = &consumer->partitions[batch->partition];
    if (partition->epoch != 0) {
        partition->to_commit = batch->next_offset;
        local_consumer_commit(consumer);
    }
}

static void consumer_rewind(void *state, int32_t partition)
{
    struct local_consumer *consumer = state;
    CHECK(partition >= 0 && partition < EVENTLOG_PARTITIONS_MAX);
    if (!local_consumer_owns(consumer, partition)) {
        local_consumer_drop(consumer, partition);
        consumer->members_changed = true;
        return;
    }
    consumer->partitions[partition].started = false;
    consumer->partitions[partition].start_due_ns = 0;
    local_ahead_drop(consumer, partition);
}

static size_t consumer_lag(void *state, struct eventlog_lag *lags, size_t max)
{
    struct local_consumer *consumer = state;
    size_t count = 0;
    for (int32_t i = 0; i < consumer->found.options.partitions && count < max; i++) {
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
    buffer_deinit(&consumer->ahead.frames);
    free(consumer->records);
    free(consumer->headers);
    free(consumer);
}

static struct local_consumer *consumer_create(const struct local_eventlog_consumer_options *options)
{
    struct local_consumer *consumer = calloc(1, sizeof(*consumer));
    if (consumer == NULL) {
        return NULL;
    }
    char *names = consumer->names;
    if (options->group.length > 0) {
        memcpy(names, options->group.data, options->group.length);
    }
    memcpy(names + options->group.length, options->topic.data, options->topic.length);
    consumer->group_name = text_of_bytes(names, options->group.length);
    consumer->topic = text_of_bytes(names + options->group.length, options->topic.length);
    consumer->positions = options->positions;
    consumer->session_ms =
        options->session_ms == 0 ? LOCAL_EVENTLOG_SESSION_MS_DEFAULT : options->session_ms;
    fiber_wait_init(&consumer->news);
    fiber_wait_init(&consumer->commit_done);
    buffer_init(&consumer->ahead.frames, (size_t)LOCAL_EVENTLOG_READ_BYTES_MAX +
                                             LOCAL_EVENTLOG_CHUNK_BYTES_MAX +
                                             LOCAL_FRAME_BYTES_MAX);
    for (int32_t i = 0; i < EVENTLOG_PARTITIONS_MAX; i++) {
        consumer->partitions[i].to_commit = -1;
    }
    return consumer;
}

static enum status check_options(struct call *call,
                                 const struct local_eventlog_consumer_options *options)
{
    bool fits = options->session_ms == 0 || (options->session_ms >= LOCAL_EVENTLOG_SESSION_MS_MIN &&
                                             options->session_ms <= LOCAL_EVENTLOG_SESSION_MS_MAX);
    if (!fits) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a session is %d to %d ms",
                         LOCAL_EVENTLOG_SESSION_MS_MIN, LOCAL_EVENTLOG_SESSION_MS_MAX);
    }
    return eventlog_check_names(call, options->group, options->topic);
}

/* The socket is bound. */
static enum status enter_group(struct local_consumer *consumer, struct call *call)
{
    if (consumer->group_name.length == 0) {
        return STATUS_OK;
    }
    enum status status =
        local_group_open(consumer->log->group_folder_fd, consumer->group_name, consumer->topic,
                         &consumer->wake, consumer->session_ms, call, &consumer->group);
    return status == STATUS_OK ? local_consumer_join(consumer) : status;
}

static enum status start(struct local_consumer *consumer, struct call *call)
{
    enum status status = local_wake_open(consumer->log->wake_folder_fd, consumer->topic,
                                         consumer->group_name, call, &consumer->wake);
    if (status != STATUS_OK) {
        return call_fail(call, status, "the event log cannot be waited for");
    }
    status =
        loop_poll_open(consumer->loop, consumer->wake.fd, handle_wake, consumer, &consumer->poll);
    if (status != STATUS_OK) {
        return call_fail(call, status, "the event log cannot be waited for");
    }
    return enter_group(consumer, call);
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
    enum status status = check_options(call, options);
    if (status != STATUS_OK) {
        return status;
    }
    struct local_consumer *consumer = consumer_create(options);
    if (consumer == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a consumer");
    }
    consumer->log = log;
    consumer->loop = loop;
    consumer->wake.fd = -1;
    status = start(consumer, call);
    if (status != STATUS_OK) {
        consumer_close(consumer);
        return status;
    }
    local_wake_send_members(&consumer->wake, log->sender_fd);
    *ret_consumer = (struct eventlog_consumer){.ops = &ops, .state = consumer};
    return STATUS_OK;
}
