/* proof_log: what embedded event logs hold, read by the log's own code, which looks at checksums:
 *
 *   proof_log TOPIC      of each directory that is a line of standard input, a line for each
 *                        partition, {"k":"log","part":0,"end":17,"hash":…}, and a line {"k":"end"…}
 *
 * The hash is FNV-1a over the values, each followed by a line feed. */
#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "eventlog/local_eventlog.h"
#include "support/in_fiber.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024, LINE_BYTES = 4096 };
#define TIMEOUT_MS INT64_C(30000)
#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

struct contents {
    int32_t partitions;
    int64_t ends[EVENTLOG_PARTITIONS_MAX];
    int64_t read[EVENTLOG_PARTITIONS_MAX];
    uint64_t hashes[EVENTLOG_PARTITIONS_MAX];
};

struct request {
    struct text topic;
    const char *directory;
};

static enum status from_beginning(void *state, struct call *call, struct text topic,
                                  int32_t partition, int64_t *ret_next_offset)
{
    (void)state;
    (void)call;
    (void)topic;
    (void)partition;
    *ret_next_offset = 0;
    return STATUS_OK;
}

/* Where the partitions of the topic end; none when it is not there. */
static enum status find_ends(struct local_eventlog *log, struct call *call, struct text topic,
                             struct contents *contents)
{
    struct eventlog_admin admin;
    struct eventlog_topics topics;
    enum status status = local_eventlog_admin_open(log, loop_current(), call, &admin);
    if (status != STATUS_OK) {
        return status;
    }
    status = admin.ops->list_topics(admin.state, call, &topics);
    for (size_t i = 0; status == STATUS_OK && i < topics.count; i++) {
        const struct eventlog_topic_state *row = &topics.rows[i];
        if (text_equal(row->name, topic)) {
            contents->partitions = row->options.partitions;
            for (int32_t p = 0; p < contents->partitions; p++) {
                contents->ends[p] = row->partitions[p].end_offset;
                contents->hashes[p] = FNV_START;
            }
        }
    }
    admin.ops->close(admin.state);
    return status;
}

static bool is_complete(const struct contents *contents)
{
    for (int32_t p = 0; p < contents->partitions; p++) {
        if (contents->read[p] < contents->ends[p]) {
            return false;
        }
    }
    return true;
}

static void add_value(uint64_t *hash, struct text value)
{
    for (size_t i = 0; i <= value.length; i++) {
        *hash ^= i < value.length ? (unsigned char)value.data[i] : (unsigned char)'\n';
        *hash *= FNV_PRIME;
    }
}

static enum status read_all(struct local_eventlog *log, struct call *call, struct text topic,
                            struct contents *contents)
{
    const struct local_eventlog_consumer_options options = {
        .group = TEXT("proof"), .topic = topic, .positions = {.get = from_beginning}};
    struct eventlog_consumer consumer;
    enum status status =
        local_eventlog_consumer_open(log, loop_current(), call, &options, &consumer);
    if (status != STATUS_OK) {
        return status;
    }
    while (status == STATUS_OK && !is_complete(contents)) {
        struct eventlog_batch batch;
        status = consumer.ops->poll(consumer.state, call, EVENTLOG_BATCH_MAX, &batch);
        for (size_t i = 0; status == STATUS_OK && i < batch.count; i++) {
            add_value(&contents->hashes[batch.partition], batch.records[i].value);
        }
        if (status == STATUS_OK) {
            contents->read[batch.partition] = batch.next_offset;
        }
    }
    consumer.ops->close(consumer.state);
    return status;
}

static void run(void *argument)
{
    const struct request *request = argument;
    struct contents contents = {.partitions = 0};
    struct arena arena;
    struct call call;
    struct local_eventlog *log;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    const struct local_eventlog_options options = {.directory = request->directory};
    enum status status = local_eventlog_open(&call, &options, &log);
    if (status == STATUS_OK) {
        status = find_ends(log, &call, request->topic, &contents);
        if (status == STATUS_OK && contents.partitions > 0) {
            status = read_all(log, &call, request->topic, &contents);
        }
        local_eventlog_close(log);
    }
    for (int32_t p = 0; status == STATUS_OK && p < contents.partitions; p++) {
        printf("{\"k\":\"log\",\"part\":%d,\"end\":%" PRId64 ",\"hash\":%" PRIu64 "}\n", p,
               contents.ends[p], contents.hashes[p]);
    }
    printf("{\"k\":\"end\",\"status\":\"%s\"}\n", status_name(status));
    (void)fflush(stdout);
    arena_deinit(&arena);
}

int main(int argc, char **argv)
{
    char line[LINE_BYTES];
    if (argc != 2) {
        (void)fprintf(stderr, "usage: proof_log TOPIC\n");
        return 2;
    }
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        struct request request = {.topic = text_of(argv[1]), .directory = line};
        in_fiber(run, &request);
    }
    return 0;
}
