#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "eventlog/local_eventlog_private.h"
#include "eventlog/local_wake.h"

enum { GROUP_MAX = 256 }; /* produces of one transaction */

static void wake_fiber(struct loop_task *task)
{
    struct local_write *write = CONTAINER_OF(task, struct local_write, task);
    fiber_wait_signal(&write->wait);
}

/* Takes the oldest that wait: appends that follow each other, or one of another kind. Under the
 * mutex. */
static size_t take_group(struct local_writer *writer, struct local_write **group)
{
    size_t count = 0;
    while (count < GROUP_MAX && !list_is_empty(&writer->queue)) {
        struct local_write *write = CONTAINER_OF(writer->queue.next, struct local_write, link);
        if (write->run != NULL && count > 0) {
            break;
        }
        list_remove(&write->link);
        group[count++] = write;
        write->state = LOCAL_WRITE_TAKEN;
        writer->queue_bytes -= write->bytes;
        if (write->run != NULL) {
            break;
        }
    }
    return count;
}

static void commit_appends(struct local_eventlog *log, struct local_write **group, size_t count)
{
    struct local_append *appends[GROUP_MAX];
    for (size_t i = 0; i < count; i++) {
        appends[i] = &((struct local_produce *)group[i])->append;
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

static void do_group(struct local_eventlog *log, struct local_write **group, size_t count)
{
    if (group[0]->run == NULL) {
        commit_appends(log, group, count);
    } else {
        group[0]->status = group[0]->run(log, group[0]);
    }
}

/* Under the mutex: a fiber that gives up decides by the state whose the write is. */
static void finish_group(struct local_write **group, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        group[i]->state = LOCAL_WRITE_DONE;
        if (group[i]->abandoned) {
            group[i]->release(group[i]);
        } else {
            loop_post(group[i]->loop, &group[i]->task);
        }
    }
}

static bool is_upkeep_due(const struct local_writer *writer)
{
    return local_upkeep_due_ns(&writer->upkeep) <= clock_monotonic_ns();
}

/* Until there is something to write, or upkeep is due. Under the mutex. */
static void await_work(struct local_writer *writer)
{
    int64_t due_ns = local_upkeep_due_ns(&writer->upkeep);
    struct timespec until = {.tv_sec = due_ns / CLOCK_NS_PER_S, .tv_nsec = due_ns % CLOCK_NS_PER_S};
    int result = pthread_cond_timedwait(&writer->work, &writer->mutex, &until);
    CHECK(result == 0 || result == ETIMEDOUT);
}

static void *run_writer(void *argument)
{
    struct local_eventlog *log = argument;
    struct local_writer *writer = &log->writer;
    struct local_write *group[GROUP_MAX];
    CHECK(pthread_mutex_lock(&writer->mutex) == 0);
    for (;;) {
        size_t count = take_group(writer, group);
        if (count == 0 && writer->stopping) {
            break;
        }
        if (count == 0 && !is_upkeep_due(writer)) {
            await_work(writer);
            continue;
        }
        CHECK(pthread_mutex_unlock(&writer->mutex) == 0);
        if (count > 0) {
            do_group(log, group, count);
        }
        local_upkeep_step(&writer->upkeep, log->store);
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
    CHECK(pthread_cond_init(&writer->work, &monotonic) == 0);
    CHECK(pthread_condattr_destroy(&monotonic) == 0);
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

static bool enqueue(struct local_writer *writer, struct local_write *write)
{
    CHECK(pthread_mutex_lock(&writer->mutex) == 0);
    bool fits = writer->queue_bytes + write->bytes <= LOCAL_EVENTLOG_QUEUE_BYTES_MAX;
    if (fits) {
        list_append(&writer->queue, &write->link);
        writer->queue_bytes += write->bytes;
        CHECK(pthread_cond_signal(&writer->work) == 0);
    }
    CHECK(pthread_mutex_unlock(&writer->mutex) == 0);
    if (!fits) {
        write->release(write);
    }
    return fits;
}

bool local_writer_give_up(struct local_eventlog *log, struct local_write *write)
{
    struct local_writer *writer = &log->writer;
    CHECK(pthread_mutex_lock(&writer->mutex) == 0);
    enum local_write_state state = write->state;
    if (state == LOCAL_WRITE_QUEUED) {
        list_remove(&write->link);
        writer->queue_bytes -= write->bytes;
    } else if (state == LOCAL_WRITE_TAKEN) {
        write->abandoned = true;
    }
    CHECK(pthread_mutex_unlock(&writer->mutex) == 0);
    if (state == LOCAL_WRITE_QUEUED) {
        write->release(write);
    }
    return state == LOCAL_WRITE_DONE;
}

enum status local_writer_submit(struct local_eventlog *log, struct local_write *write,
                                void (*done)(struct loop_task *task))
{
    write->task = (struct loop_task){.run = done};
    return enqueue(&log->writer, write) ? STATUS_OK : STATUS_UNAVAILABLE;
}

enum status local_writer_do(struct local_eventlog *log, struct call *call,
                            struct local_write *write)
{
    fiber_wait_init(&write->wait);
    write->task = (struct loop_task){.run = wake_fiber};
    if (!enqueue(&log->writer, write)) {
        return call_fail(call, STATUS_UNAVAILABLE, "too much waits to be written to the event log");
    }
    enum status status = fiber_wait(call, &write->wait);
    if (status != STATUS_OK) {
        if (!local_writer_give_up(log, write)) {
            return call_fail(call, status, "the event log was not written in time");
        }
        CHECK(fiber_wait(NULL, &write->wait) == STATUS_OK);
    }
    return STATUS_OK;
}

enum status local_write_fail(struct call *call, const struct local_write *write)
{
    if (write->status == STATUS_FAILED_PRECONDITION) {
        return call_fail(call, write->status, "the event log: %s", write->failure.text);
    }
    (void)call_fail_detail(call, write->status, "%s", write->failure.text);
    return call_fail(call, write->status, "the event log cannot be written");
}
