#include <stdlib.h>
#include <time.h>

#include "eventlog/local_eventlog_private.h"
#include "eventlog/local_wake.h"

enum { GROUP_MAX = 256 }; /* produces of one transaction */

static void wake_fiber(struct loop_task *task)
{
    struct local_produce *produce = CONTAINER_OF(task, struct local_produce, task);
    fiber_wait_signal(&produce->wait);
}

/* Takes the oldest that wait. Under the mutex. */
static size_t take_group(struct local_writer *writer, struct local_produce **group)
{
    size_t count = 0;
    while (count < GROUP_MAX && !list_is_empty(&writer->queue)) {
        group[count] = CONTAINER_OF(list_take_first(&writer->queue), struct local_produce, link);
        group[count]->state = LOCAL_PRODUCE_TAKEN;
        writer->queue_bytes -= group[count]->bytes;
        count++;
    }
    return count;
}

static void commit_group(struct local_eventlog *log, struct local_produce **group, size_t count)
{
    struct local_append *appends[GROUP_MAX];
    for (size_t i = 0; i < count; i++) {
        appends[i] = &group[i]->append;
    }
    struct local_failure failure = {.text = ""};
    enum status status = local_store_append(log->store, appends, count, &failure);
    for (size_t i = 0; i < count; i++) {
        group[i]->status = status;
        group[i]->failure = failure;
        bool repeats = i > 0 && text_equal(appends[i]->topic, appends[i - 1]->topic);
        if (status == STATUS_OK && !repeats) {
            local_wake_send(log->wake_folder_fd, log->sender_fd, appends[i]->topic,
                            LOCAL_WAKE_RECORDS);
        }
    }
}

/* Under the mutex: a fiber that gives up decides by the state whose the produce is. */
static void finish_group(struct local_produce **group, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        group[i]->state = LOCAL_PRODUCE_DONE;
        if (group[i]->abandoned) {
            local_produce_free(group[i]);
        } else {
            loop_post(group[i]->loop, &group[i]->task);
        }
    }
}

static void *run_writer(void *argument)
{
    struct local_eventlog *log = argument;
    struct local_writer *writer = &log->writer;
    struct local_produce *group[GROUP_MAX];
    CHECK(pthread_mutex_lock(&writer->mutex) == 0);
    for (;;) {
        size_t count = take_group(writer, group);
        if (count == 0) {
            if (writer->stopping) {
                break;
            }
            CHECK(pthread_cond_wait(&writer->work, &writer->mutex) == 0);
            continue;
        }
        CHECK(pthread_mutex_unlock(&writer->mutex) == 0);
        commit_group(log, group, count);
        CHECK(pthread_mutex_lock(&writer->mutex) == 0);
        finish_group(group, count);
    }
    bool orphaned = writer->orphaned;
    writer->ended = true;
    CHECK(pthread_cond_signal(&writer->end) == 0);
    CHECK(pthread_mutex_unlock(&writer->mutex) == 0);
    if (orphaned) {
        local_eventlog_free(log);
    }
    return NULL;
}

static void writer_init(struct local_writer *writer)
{
    pthread_condattr_t monotonic;
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&writer->end, &monotonic) == 0);
    CHECK(pthread_condattr_destroy(&monotonic) == 0);
    CHECK(pthread_cond_init(&writer->work, NULL) == 0);
    CHECK(pthread_mutex_init(&writer->mutex, NULL) == 0);
    list_init(&writer->queue);
}

static void writer_deinit(struct local_writer *writer)
{
    CHECK(pthread_mutex_destroy(&writer->mutex) == 0);
    CHECK(pthread_cond_destroy(&writer->work) == 0);
    CHECK(pthread_cond_destroy(&writer->end) == 0);
}

enum status local_writer_start(struct local_eventlog *log)
{
    struct local_writer *writer = &log->writer;
    writer_init(writer);
    if (pthread_create(&writer->thread, NULL, run_writer, log) != 0) {
        writer_deinit(writer);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    return STATUS_OK;
}

bool local_writer_stop(struct local_eventlog *log)
{
    struct local_writer *writer = &log->writer;
    pthread_t thread = writer->thread;
    struct timespec until;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += LOCAL_EVENTLOG_CLOSE_MS / 1000;
    CHECK(pthread_mutex_lock(&writer->mutex) == 0);
    writer->stopping = true;
    CHECK(pthread_cond_signal(&writer->work) == 0);
    int result = 0;
    while (!writer->ended && result == 0) {
        result = pthread_cond_timedwait(&writer->end, &writer->mutex, &until);
    }
    bool ended = writer->ended;
    writer->orphaned = !ended;
    CHECK(pthread_mutex_unlock(&writer->mutex) == 0);
    if (!ended) {
        CHECK(pthread_detach(thread) == 0);
        return false;
    }
    CHECK(pthread_join(thread, NULL) == 0);
    writer_deinit(writer);
    return true;
}

/* Takes it back, or leaves it to the writer. true: its task is on the way and must be awaited. */
static bool give_up(struct local_writer *writer, struct local_produce *produce)
{
    CHECK(pthread_mutex_lock(&writer->mutex) == 0);
    enum local_produce_state state = produce->state;
    if (state == LOCAL_PRODUCE_QUEUED) {
        list_remove(&produce->link);
        writer->queue_bytes -= produce->bytes;
    } else if (state == LOCAL_PRODUCE_TAKEN) {
        produce->abandoned = true;
    }
    CHECK(pthread_mutex_unlock(&writer->mutex) == 0);
    if (state == LOCAL_PRODUCE_QUEUED) {
        local_produce_free(produce);
    }
    return state == LOCAL_PRODUCE_DONE;
}

enum status local_writer_produce(struct local_eventlog *log, struct call *call,
                                 struct local_produce *produce)
{
    struct local_writer *writer = &log->writer;
    fiber_wait_init(&produce->wait);
    produce->task = (struct loop_task){.run = wake_fiber};
    CHECK(pthread_mutex_lock(&writer->mutex) == 0);
    bool fits = writer->queue_bytes + produce->bytes <= LOCAL_EVENTLOG_QUEUE_BYTES_MAX;
    if (fits) {
        list_append(&writer->queue, &produce->link);
        writer->queue_bytes += produce->bytes;
        CHECK(pthread_cond_signal(&writer->work) == 0);
    }
    CHECK(pthread_mutex_unlock(&writer->mutex) == 0);
    if (!fits) {
        local_produce_free(produce);
        return call_fail(call, STATUS_UNAVAILABLE, "too much waits to be written to the event log");
    }
    enum status status = fiber_wait(call, &produce->wait);
    if (status != STATUS_OK) {
        if (!give_up(writer, produce)) {
            return call_fail(call, status, "the event log was not written in time");
        }
        CHECK(fiber_wait(NULL, &produce->wait) == STATUS_OK);
    }
    status = produce->status;
    if (status != STATUS_OK) {
        (void)call_fail_detail(call, status, "%s", produce->failure.text);
        (void)call_fail(call, status, "the event log cannot be written");
    }
    local_produce_free(produce);
    return status;
}
