/* local_eventlog_private.h: the opened log, as its producers and consumers see it. */
#pragma once

#include <pthread.h>

#include "base/list.h"
#include "eventlog/local_eventlog.h"
#include "eventlog/local_store_lmdb.h"
#include "loop/fiber.h"
#include "loop/loop.h"

enum local_produce_state {
    LOCAL_PRODUCE_QUEUED, /* not begun: may be taken back */
    LOCAL_PRODUCE_TAKEN,  /* the writer works on it */
    LOCAL_PRODUCE_DONE,   /* its task is posted */
};

/* One produce() on its way through the writer. Owned by the fiber that waits for it, and by the
 * writer when that has given up. */
struct local_produce {
    struct list link;
    struct local_append append;
    size_t bytes;
    char topic[EVENTLOG_TOPIC_BYTES_MAX];
    struct loop *loop;
    struct loop_task task;
    struct fiber_wait wait;
    enum local_produce_state state; /* these two under the writer's mutex */
    bool abandoned;
    enum status status;
    struct local_failure failure;
};

/* Frees it with all it holds. NULL is accepted. */
void local_produce_free(struct local_produce *produce);

/* The thread that commits everything that waits, then wakes those who waited and the consumers. */
struct local_writer {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t work;
    pthread_cond_t end; /* on the monotonic clock */
    struct list queue;  /* of local_produce */
    size_t queue_bytes;
    bool stopping;
    bool ended;    /* the thread touches nothing any more */
    bool orphaned; /* nobody will join: the thread frees the log */
};

struct local_eventlog {
    struct local_store *store;
    struct local_writer writer;
    int32_t partitions; /* of new topics */
    int wake_folder_fd;
    int lease_folder_fd;
    int sender_fd; /* an unbound datagram socket, for all threads */
};

/* Starts the thread. STATUS_RESOURCE_EXHAUSTED. */
MUST_USE enum status local_writer_start(struct local_eventlog *log);

/* Ends the thread after what it is doing. false: it does not end in time, the log is its own now.
 */
MUST_USE bool local_writer_stop(struct local_eventlog *log);

/* Parks until it is committed or the call is over; consumes it. */
MUST_USE enum status local_writer_produce(struct local_eventlog *log, struct call *call,
                                          struct local_produce *produce);

/* Closes everything but the writer. */
void local_eventlog_free(struct local_eventlog *log);
