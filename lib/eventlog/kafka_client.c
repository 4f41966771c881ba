#include "eventlog/kafka_client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/loop_poll.h"
#include "loop/worker.h"

enum { FLUSH_MS = 1000, REASON_BYTES = 512 };

static void handle_event(void *argument)
{
    struct kafka_client *client = argument;
    uint64_t count;
    ssize_t got = read(client->event_fd, &count, sizeof(count));
    (void)got; /* nothing there: somebody else has read it */
    client->ready(client);
}

static void handle_error(rd_kafka_t *handle, int error, const char *reason, void *opaque)
{
    struct kafka_client *client = opaque;
    (void)handle;
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && client->last_error[0] != '\0') {
        return; /* what was said before says why */
    }
    (void)snprintf(client->last_error, sizeof(client->last_error), "%s: %s",
                   rd_kafka_err2name((rd_kafka_resp_err_t)error), reason);
    if (error == RD_KAFKA_RESP_ERR__AUTHENTICATION || error == RD_KAFKA_RESP_ERR__SSL) {
        client->refused = true;
    }
}

/* librdkafka would write to standard error; what matters comes as errors too. */
static void drop_log(const rd_kafka_t *handle, int level, const char *facility, const char *line)
{
    (void)handle;
    (void)level;
    (void)facility;
    (void)line;
}

static void client_free(struct kafka_client *client)
{
    if (client->event_fd >= 0) {
        (void)close(client->event_fd);
    }
    free(client);
}

static enum status watch_queue(struct kafka_client *client)
{
    static const uint64_t one = 1;
    /* Readable at first: what came before the queue was watched has told nobody, and librdkafka
     * tells only of a queue that was empty. */
    client->event_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    if (client->event_fd < 0 || loop_poll_open(client->loop, client->event_fd, handle_event, client,
                                               &client->poll) != STATUS_OK) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (rd_kafka_type(client->handle) == RD_KAFKA_CONSUMER) {
        CHECK(rd_kafka_poll_set_consumer(client->handle) == RD_KAFKA_RESP_ERR_NO_ERROR);
        client->queue = rd_kafka_queue_get_consumer(client->handle);
    } else {
        client->queue = rd_kafka_queue_get_main(client->handle);
    }
    rd_kafka_queue_io_event_enable(client->queue, client->event_fd, &one, sizeof(one));
    return STATUS_OK;
}

enum status kafka_client_open(struct loop *loop, struct call *call, rd_kafka_type_t type,
                              rd_kafka_conf_t *conf, void (*ready)(struct kafka_client *client),
                              void *owner, struct kafka_client **ret_client)
{
    struct kafka_client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        rd_kafka_conf_destroy(conf);
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a Kafka client");
    }
    client->loop = loop;
    client->event_fd = -1;
    client->ready = ready;
    client->owner = owner;
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_error_cb(conf, handle_error);
    rd_kafka_conf_set_log_cb(conf, drop_log);
    char reason[REASON_BYTES];
    client->handle = rd_kafka_new(type, conf, reason, sizeof(reason));
    if (client->handle == NULL) {
        rd_kafka_conf_destroy(conf);
        client_free(client);
        return call_fail(call, STATUS_INVALID_ARGUMENT, "Kafka: %s", reason);
    }
    if (watch_queue(client) != STATUS_OK) {
        kafka_client_close(client);
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no descriptors for a Kafka client");
    }
    *ret_client = client;
    return STATUS_OK;
}

/* The end of a client, on its own thread. */
struct ending {
    struct kafka_client *client;
    struct loop *loop;
    struct loop_task task;
    struct fiber_wait wait;
    pthread_mutex_t mutex;
    bool awaited; /* by a fiber, which then frees this */
    bool done;
};

static void ending_free(struct ending *ending)
{
    CHECK(pthread_mutex_destroy(&ending->mutex) == 0);
    free(ending);
}

static void destroy_handle(struct kafka_client *client)
{
    if (rd_kafka_type(client->handle) == RD_KAFKA_CONSUMER) {
        (void)rd_kafka_consumer_close(client->handle); /* leaves the group */
    } else {
        /* Messages whose calls have given up; this reports them, which frees what they hold. */
        (void)rd_kafka_purge(client->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        (void)rd_kafka_flush(client->handle, FLUSH_MS);
    }
    rd_kafka_destroy(client->handle);
    client_free(client);
}

static void wake_closer(struct loop_task *task)
{
    fiber_wait_signal(&CONTAINER_OF(task, struct ending, task)->wait);
}

static void *run_ending(void *argument)
{
    struct ending *ending = argument;
    destroy_handle(ending->client);
    CHECK(pthread_mutex_lock(&ending->mutex) == 0);
    ending->done = true;
    bool awaited = ending->awaited;
    if (awaited) {
        loop_post(ending->loop, &ending->task);
    }
    CHECK(pthread_mutex_unlock(&ending->mutex) == 0);
    if (!awaited) {
        ending_free(ending);
    }
    return NULL;
}

static void await_ending(struct ending *ending)
{
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_CHUNK_BYTES);
    call_init(&call, &arena, KAFKA_EVENTLOG_CLOSE_MS);
    bool gone = fiber_wait(&call, &ending->wait) == STATUS_OK;
    arena_deinit(&arena);
    if (!gone) {
        CHECK(pthread_mutex_lock(&ending->mutex) == 0);
        ending->awaited = ending->done;
        gone = ending->done;
        CHECK(pthread_mutex_unlock(&ending->mutex) == 0);
        if (!gone) {
            return; /* the thread frees it */
        }
        CHECK(fiber_wait(NULL, &ending->wait) == STATUS_OK);
    }
    /* The thread may still be about to unlock. */
    CHECK(pthread_mutex_lock(&ending->mutex) == 0);
    CHECK(pthread_mutex_unlock(&ending->mutex) == 0);
    ending_free(ending);
}

void kafka_client_close(struct kafka_client *client)
{
    client->owner = NULL;
    if (client->queue != NULL) {
        rd_kafka_queue_io_event_enable(client->queue, -1, NULL, 0);
        rd_kafka_queue_destroy(client->queue);
    }
    loop_poll_close(client->poll);
    struct ending *ending = calloc(1, sizeof(*ending));
    pthread_t thread;
    if (ending == NULL) {
        destroy_handle(client);
        return;
    }
    ending->client = client;
    ending->loop = client->loop;
    ending->task.run = wake_closer;
    fiber_wait_init(&ending->wait);
    CHECK(pthread_mutex_init(&ending->mutex, NULL) == 0);
    ending->awaited = fiber_current() != NULL;
    bool awaited = ending->awaited;
    if (pthread_create(&thread, NULL, run_ending, ending) != 0) {
        ending_free(ending);
        destroy_handle(client);
        return;
    }
    CHECK(pthread_detach(thread) == 0);
    if (awaited) {
        await_ending(ending);
    }
}

enum status kafka_client_block(struct call *call, void (*run)(void *argument), void *argument)
{
    struct worker_pool *pool;
    enum status status = worker_pool_create("kafka", 1, 1, &pool);
    if (status == STATUS_OK) {
        status = worker_call(pool, call, run, argument);
        worker_pool_destroy(pool);
    }
    return status;
}
