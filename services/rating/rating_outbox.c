#include "rating/rating_outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/random.h"
#include "loop/loop.h"
#include "process/process_eventlog.h"

/* Of the call that opens the log, on the relay's loop. */
enum { OPEN_ARENA_BYTES_MAX = 1024 * 1024, OWNER_BYTES = 64 };
#define OPEN_TIMEOUT_MS INT64_C(10000)

struct rating_outbox {
    struct rating_relay *relay;
    struct process_eventlog log;
    struct loop_threads *threads;
    struct call *call; /* of open, for its error */
    bool relaying;
};

static enum status check_topics(const struct config *config, struct call *call)
{
    static const char *const names[] = {"relay-changes-topic", "relay-aggregates-topic",
                                        "relay-dead-letters-topic"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        struct text topic = config_text(config, names[i]);
        if (topic.length > 0 && !eventlog_name_is_valid(topic)) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "--%s: a topic is 1 to %d letters, digits, '.', '_' and '-'", names[i],
                             EVENTLOG_TOPIC_BYTES_MAX);
        }
    }
    return STATUS_OK;
}

static enum status create_relay(struct rating_outbox *self, struct process *process,
                                struct rating_repository repository)
{
    const struct config *config = process_config(process);
    char owner[OWNER_BYTES];
    (void)snprintf(owner, sizeof(owner), "rating-%d-%016llx", (int)getpid(),
                   (unsigned long long)random_below(UINT64_MAX)); /* fits */
    const struct rating_relay_options options = {
        .repository = repository,
        .log = process_log(process),
        .changes_topic = config_text(config, "relay-changes-topic"),
        .aggregates_topic = config_text(config, "relay-aggregates-topic"),
        .dead_letters_topic = config_text(config, "relay-dead-letters-topic"),
        .owner = text_of(owner),
        .lease_ms = config_duration_ms(config, "relay-lease"),
    };
    return rating_relay_create(&options, &self->relay);
}

static enum status start_on_loop(void *argument, unsigned index)
{
    struct rating_outbox *self = argument;
    struct eventlog_producer producer;
    struct eventlog_admin admin;
    (void)index; /* there is one loop */
    enum status status =
        process_eventlog_admin_open(&self->log, loop_current(), self->call, &admin);
    if (status != STATUS_OK) {
        return status;
    }
    status = process_eventlog_producer_open(&self->log, loop_current(), self->call, &producer);
    if (status != STATUS_OK) {
        admin.ops->close(admin.state);
        return status;
    }
    status = rating_relay_start(self->relay, producer, admin);
    self->relaying = status == STATUS_OK;
    return status;
}

static enum status stop_on_loop(void *argument, unsigned index)
{
    struct rating_outbox *self = argument;
    (void)index;
    if (self->relaying) {
        rating_relay_stop(self->relay);
    }
    process_eventlog_close(&self->log);
    return STATUS_OK;
}

static enum status start(struct rating_outbox *self, struct process *process,
                         struct rating_repository repository, struct local_eventlog *shared)
{
    const struct config *config = process_config(process);
    enum status status = check_topics(config, self->call);
    if (status == STATUS_OK) {
        status = create_relay(self, process, repository);
    }
    if (status == STATUS_OK) {
        status = process_eventlog_open(&self->log, self->call, config, config_text(config, "relay"),
                                       shared);
    }
    if (status == STATUS_OK) {
        status = loop_threads_start(1, &self->threads);
    }
    return status == STATUS_OK ? loop_threads_each(self->threads, start_on_loop, self) : status;
}

enum status rating_outbox_open(struct process *process, struct call *call,
                               struct rating_repository repository, struct local_eventlog *shared,
                               struct rating_outbox **ret_outbox)
{
    if (text_equal(config_text(process_config(process), "relay"), TEXT("none"))) {
        *ret_outbox = NULL;
        return STATUS_OK;
    }
    struct rating_outbox *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the relay");
    }
    struct arena arena;
    struct call open_call;
    arena_init(&arena, OPEN_ARENA_BYTES_MAX);
    call_init(&open_call, &arena, OPEN_TIMEOUT_MS);
    self->call = &open_call;
    enum status status = start(self, process, repository, shared);
    self->call = NULL;
    if (status == STATUS_OK) {
        telemetry_add_source(process_telemetry(process), rating_relay_write_metrics, self->relay);
        *ret_outbox = self;
    } else {
        (void)call_fail(call, status, "%.*s", TEXT_ARGUMENTS(open_call.error.message));
        (void)call_fail_detail(call, status, "%.*s", TEXT_ARGUMENTS(open_call.error.detail));
        rating_outbox_stop(self);
        rating_outbox_close(self);
    }
    arena_deinit(&arena);
    return status;
}

void rating_outbox_stop(struct rating_outbox *outbox)
{
    if (outbox == NULL) {
        return;
    }
    if (outbox->threads != NULL) {
        /* It cannot fail: it only waits. */
        status_ignore(loop_threads_each(outbox->threads, stop_on_loop, outbox));
    } else {
        process_eventlog_close(&outbox->log);
    }
}

void rating_outbox_close(struct rating_outbox *outbox)
{
    if (outbox == NULL) {
        return;
    }
    loop_threads_destroy(outbox->threads);
    rating_relay_destroy(outbox->relay);
    free(outbox);
}
