/* local_eventlog_private.h: the opened log, as its producers and consumers see it. */
#pragma once

#include <pthread.h>

#include "base/list.h"
#include "eventlog/local_eventlog.h"
#include "eventlog/local_store_lmdb.h"
#include "eventlog/local_upkeep.h"
#include "loop/fiber.h"
#include "loop/loop.h"

enum local_write_state {
    LOCAL_WRITE_QUEUED, /* not begun: may be taken back */
    LOCAL_WRITE_TAKEN,  /* the writer works on it */
    LOCAL_WRITE_DONE,   /* its task is posted */
};

/* One write on its way through the writer. Owned by whoever waits for it, and by the writer when
 * that has given up. The first member of what holds its arguments. */
struct local_write {
    /* set by the owner */
    /* Does it, on the writer's thread. NULL: an append, which is committed with its neighbours. */
    enum status (*run)(struct local_eventlog *log, struct local_write *write);
    void (*release)(struct local_write *write); /* frees it with all it holds */
    size_t bytes;
    struct loop *loop;
    /* read only */
    enum status status;
    struct local_failure failure;
    /* private */
    struct list link;
    struct loop_task task;
    struct fiber_wait wait;
    enum local_write_state state; /* these two under the writer's mutex */
    bool abandoned;
};

/* A produce(). */
struct local_produce {
    struct local_write write;
    struct local_append append;
    char topic[EVENTLOG_TOPIC_BYTES_MAX];
};

/* The thread that commits everything that waits, then wakes those who waited and the consumers. */
struct local_writer {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t work; /* these two on the monotonic clock */
    pthread_cond_t end;
    struct local_upkeep upkeep;
    struct list queue; /* of local_write */
    size_t queue_bytes;
    bool stopping;
    bool ended;    /* the thread touches nothing any more */
    bool orphaned; /* nobody will join: the thread frees the log */
};

struct local_eventlog {
    struct local_store *store;
    struct local_writer writer;
    struct eventlog_topic_options topic_options; /* of new topics */
    int wake_folder_fd;
    int group_folder_fd;
    int sender_fd; /* an unbound datagram socket, for all threads */
};

/* Starts the thread. STATUS_RESOURCE_EXHAUSTED. */
MUST_USE enum status local_writer_start(struct local_eventlog *log);

/* Ends the thread after what it is doing. false: it does not end in time, the log is its own now.
 */
MUST_USE bool local_writer_stop(struct local_eventlog *log);

/* Parks until it is done or the call is over. STATUS_OK: write->status is what became of it, and
 * the caller releases it; else it is consumed. */
MUST_USE enum status local_writer_do(struct local_eventlog *log, struct call *call,
                                     struct local_write *write);

/* Does not wait: `done` is run on the loop's thread, with the write's task, and releases it.
 * STATUS_UNAVAILABLE: the queue is full; it is consumed. */
MUST_USE enum status local_writer_submit(struct local_eventlog *log, struct local_write *write,
                                         void (*done)(struct loop_task *task));

/* Of a write that was submitted: nobody waits for it any more. true: its task is on the way and
 * must be awaited. Otherwise the write is not the caller's any more; it may still be done. */
bool local_writer_give_up(struct local_eventlog *log, struct local_write *write);

/* The call's error of a write that failed. */
enum status local_write_fail(struct call *call, const struct local_write *write);

/* Closes everything but the writer. */
void local_eventlog_free(struct local_eventlog *log);
