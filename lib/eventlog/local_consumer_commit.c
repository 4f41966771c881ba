#include <stdlib.h>

#include "base/arena.h"
#include "eventlog/local_consumer_private.h"

/* Offsets on their way into the store. */
struct local_commits {
    struct local_write write;
    struct local_consumer *consumer; /* NULL: it is gone */
    uint32_t topic_id;
    size_t group_length;
    char group[EVENTLOG_GROUP_BYTES_MAX];
    size_t count;
    struct local_commit rows[EVENTLOG_PARTITIONS_MAX];
};

static enum status store_commits(struct local_eventlog *log, struct local_write *write)
{
    struct local_commits *commits = (struct local_commits *)write;
    return local_store_commit(log->store, commits->topic_id,
                              text_of_bytes(commits->group, commits->group_length), commits->rows,
                              commits->count, &write->failure);
}

static void release_commits(struct local_write *write)
{
    free(write);
}

/* What failed is tried again with the next beat. */
static void handle_stored(struct loop_task *task)
{
    struct local_commits *commits = CONTAINER_OF(task, struct local_commits, write.task);
    struct local_consumer *consumer = commits->consumer;
    if (consumer != NULL) {
        consumer->committing = NULL;
        consumer->commit_failed = commits->write.status != STATUS_OK;
        for (size_t i = 0; i < commits->count; i++) {
            struct local_partition *partition = &consumer->partitions[commits->rows[i].partition];
            if (consumer->commit_failed && partition->to_commit < 0 &&
                partition->epoch == commits->rows[i].committed.epoch) {
                partition->to_commit = commits->rows[i].committed.next_offset;
            }
            if (partition->leaving) {
                consumer->members_changed = true; /* it may go now */
            }
        }
        if (!consumer->commit_failed) {
            local_consumer_commit(consumer);
        }
        fiber_wait_signal(&consumer->commit_done);
        fiber_wait_signal(&consumer->news);
    }
    free(commits);
}

void local_consumer_commit(struct local_consumer *consumer)
{
    if (consumer->committing != NULL) {
        return;
    }
    struct local_commits *commits = NULL;
    for (int32_t i = 0; i < consumer->found.options.partitions; i++) {
        struct local_partition *partition = &consumer->partitions[i];
        if (partition->to_commit < 0) {
            continue;
        }
        commits = commits == NULL ? calloc(1, sizeof(*commits)) : commits;
        if (commits == NULL) {
            return; /* with the next beat */
        }
        commits->rows[commits->count++] = (struct local_commit){
            .partition = i,
            .committed = {.next_offset = partition->to_commit, .epoch = partition->epoch},
        };
    }
    if (commits == NULL) {
        return;
    }
    commits->write = (struct local_write){.run = store_commits,
                                          .release = release_commits,
                                          .bytes = sizeof(*commits),
                                          .loop = consumer->loop};
    commits->consumer = consumer;
    commits->topic_id = consumer->found.id;
    commits->group_length = consumer->group_name.length;
    memcpy(commits->group, consumer->group_name.data, consumer->group_name.length);
    if (local_writer_submit(consumer->log, &commits->write, handle_stored) != STATUS_OK) {
        return; /* with the next beat */
    }
    consumer->committing = commits;
    for (int32_t i = 0; i < consumer->found.options.partitions; i++) {
        consumer->partitions[i].to_commit = -1;
    }
}

bool local_consumer_is_committing(const struct local_consumer *consumer, int32_t partition)
{
    const struct local_commits *commits = consumer->committing;
    for (size_t i = 0; commits != NULL && i < commits->count; i++) {
        if (commits->rows[i].partition == partition) {
            return true;
        }
    }
    return consumer->partitions[partition].to_commit >= 0;
}

static void await_stored(struct local_consumer *consumer)
{
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_CHUNK_BYTES);
    call_init(&call, &arena, LOCAL_EVENTLOG_CLOSE_MS);
    enum status status = STATUS_OK;
    consumer->commit_failed = false;
    local_consumer_commit(consumer);
    while (consumer->committing != NULL && !consumer->commit_failed && status == STATUS_OK) {
        status = fiber_wait(&call, &consumer->commit_done);
    }
    arena_deinit(&arena);
}

void local_consumer_flush(struct local_consumer *consumer)
{
    if (fiber_current() != NULL) {
        await_stored(consumer);
    }
    struct local_commits *commits = consumer->committing;
    consumer->committing = NULL;
    if (commits != NULL) {
        commits->consumer = NULL;
        (void)local_writer_give_up(consumer->log, &commits->write); /* its task frees it */
    }
}
