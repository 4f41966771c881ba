/* ingest_latency: how long a vote takes from the producer, through the log and the rating service's
 * ingestion, until the service shows it to whoever asks.
 *
 * Produces RATE events a second in small batches, as producers do that wait for nobody; one event
 * of each batch is a vote of its own user, and a fiber asks for it until it is there.
 *
 * usage: ingest_latency local|kafka DIRECTORY|BROKERS TOPIC HOST:PORT RATE SECONDS
 * prints: events a second, votes looked for, p50, p99 and the longest in milliseconds. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "eventlog/kafka_eventlog.h"
#include "eventlog/local_eventlog.h"
#include "latencies.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "rating_client.h"

enum {
    BATCHES_A_SECOND = 100,
    BATCH_MAX = 1000,
    PRODUCE_ARENA_BYTES_MAX = 4 * 1024 * 1024,
    ASK_ARENA_BYTES_MAX = 64 * 1024,
    CALL_TIMEOUT_MS = 30000,
    RECORDS = 100000,
    PROBES_MAX = 10000, /* looked for at one time */
};
#define ASK_PAUSE_NS (2 * CLOCK_NS_PER_MS)

struct ingest_latency {
    bool kafka;
    struct text place; /* of the log */
    struct text topic;
    struct text address;
    uint64_t rate;
    uint64_t seconds;
    struct local_eventlog *log;
    struct eventlog_producer producer;
    struct rating_client client;
    struct latencies latencies;
    struct fiber_group fibers;
    uint64_t produced;
    size_t probes; /* that are being looked for */
};

struct probe {
    struct ingest_latency *owner;
    uint64_t number;
    int64_t began_ns;
    struct arena arena;
};

static struct text event(struct arena *arena, uint64_t number)
{
    return arena_format(arena,
                        "{\"userId\":\"latency-%llu\",\"recordId\":\"tt%07llu\",\"recordType\":"
                        "\"movie\",\"value\":7.5,\"providerId\":\"bench\",\"eventType\":\"put\"}",
                        (unsigned long long)number, (unsigned long long)(number * 37 % RECORDS));
}

/* Until the service shows the vote. */
static void look_for(void *argument)
{
    struct probe *probe = argument;
    struct ingest_latency *self = probe->owner;
    struct arena names;
    enum status status = STATUS_NOT_FOUND;
    arena_init(&names, ASK_ARENA_BYTES_MAX);
    const struct vote_key vote = {
        .record = {RECORD_TYPE_MOVIE,
                   arena_format(&names, "tt%07llu",
                                (unsigned long long)(probe->number * 37 % RECORDS))},
        .provider = TEXT("bench"),
        .user = arena_format(&names, "latency-%llu", (unsigned long long)probe->number),
    };
    while (status == STATUS_NOT_FOUND) {
        struct call call;
        arena_reset(&probe->arena);
        call_init(&call, &probe->arena, CALL_TIMEOUT_MS);
        CHECK(fiber_sleep(&call, ASK_PAUSE_NS) == STATUS_OK);
        status = rating_client_get_vote(&self->client, &call, &vote);
    }
    CHECK(status == STATUS_OK);
    latencies_add(&self->latencies, clock_monotonic_ns() - probe->began_ns);
    self->probes--;
    arena_deinit(&names);
    arena_deinit(&probe->arena);
    free(probe);
}

static void start_probe(struct ingest_latency *self, uint64_t number)
{
    struct probe *probe = malloc(sizeof(*probe));
    CHECK(probe != NULL && self->probes < PROBES_MAX);
    *probe = (struct probe){.owner = self, .number = number, .began_ns = clock_monotonic_ns()};
    arena_init(&probe->arena, ASK_ARENA_BYTES_MAX);
    self->probes++;
    CHECK(fiber_group_start(&self->fibers, look_for, probe) == STATUS_OK);
}

/* Of a batch that is produced beside the next ones. */
struct batch {
    struct ingest_latency *owner;
    uint64_t first;
    size_t count;
};

static void produce(void *argument)
{
    struct batch *batch = argument;
    struct ingest_latency *self = batch->owner;
    struct arena arena;
    struct call call;
    size_t delivered;
    arena_init(&arena, PRODUCE_ARENA_BYTES_MAX);
    call_init(&call, &arena, CALL_TIMEOUT_MS);
    struct eventlog_message *messages = arena_calloc(&arena, batch->count, sizeof(*messages));
    CHECK(messages != NULL);
    for (size_t i = 0; i < batch->count; i++) {
        uint64_t number = batch->first + i;
        messages[i].key = arena_format(&arena, "latency-%llu", (unsigned long long)number);
        messages[i].value = event(&arena, number);
    }
    CHECK(self->producer.ops->produce(self->producer.state, &call, self->topic, messages,
                                      batch->count, &delivered) == STATUS_OK);
    self->produced += delivered;
    arena_deinit(&arena);
    free(batch);
}

/* A batch each so often, by the clock: what comes late is caught up with. */
static void produce_all(struct ingest_latency *self)
{
    struct arena arena;
    struct call call;
    size_t count = self->rate / BATCHES_A_SECOND;
    int64_t began_ns = clock_monotonic_ns();
    arena_init(&arena, ASK_ARENA_BYTES_MAX);
    for (uint64_t i = 0; i < self->seconds * BATCHES_A_SECOND; i++) {
        int64_t due_ns = began_ns + (int64_t)i * (CLOCK_NS_PER_S / BATCHES_A_SECOND);
        int64_t wait_ns = due_ns - clock_monotonic_ns();
        if (wait_ns > 0) {
            arena_reset(&arena);
            call_init(&call, &arena, CALL_TIMEOUT_MS);
            CHECK(fiber_sleep(&call, wait_ns) == STATUS_OK);
        }
        struct batch *batch = malloc(sizeof(*batch));
        CHECK(batch != NULL);
        *batch = (struct batch){.owner = self, .first = i * count, .count = count};
        start_probe(self, batch->first + count / 2);
        CHECK(fiber_group_start(&self->fibers, produce, batch) == STATUS_OK);
    }
    arena_deinit(&arena);
}

static void open_log(struct ingest_latency *self, struct call *call)
{
    struct loop *loop = loop_current();
    if (self->kafka) {
        const struct kafka_eventlog_options options = {.bootstrap = self->place};
        CHECK(kafka_eventlog_producer_open(loop, call, &options, &self->producer) == STATUS_OK);
        return;
    }
    const struct local_eventlog_options options = {.directory = self->place.data};
    CHECK(local_eventlog_open(call, &options, &self->log) == STATUS_OK);
    CHECK(local_eventlog_producer_open(self->log, loop, call, &self->producer) == STATUS_OK);
}

static void run(void *argument)
{
    struct ingest_latency *self = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, ASK_ARENA_BYTES_MAX);
    call_init(&call, &arena, CALL_TIMEOUT_MS);
    open_log(self, &call);
    rating_client_open(&self->client, self->address);
    fiber_group_init(&self->fibers);
    int64_t began_ns = clock_monotonic_ns();
    produce_all(self);
    double seconds = (double)(clock_monotonic_ns() - began_ns) / (double)CLOCK_NS_PER_S;
    fiber_group_join(&self->fibers);
    printf("%.0f %zu %.2f %.2f %.2f\n", (double)self->produced / seconds, self->latencies.count,
           latencies_percentile_ms(&self->latencies, 0.5),
           latencies_percentile_ms(&self->latencies, 0.99),
           latencies_percentile_ms(&self->latencies, 1));
    rating_client_close(&self->client);
    self->producer.ops->close(self->producer.state);
    local_eventlog_close(self->log);
    arena_deinit(&arena);
    loop_stop(loop_current());
}

static bool read_arguments(int argc, char **argv, struct ingest_latency *self)
{
    if (argc != 7 || !text_to_u64(text_of(argv[5]), &self->rate) ||
        !text_to_u64(text_of(argv[6]), &self->seconds)) {
        return false;
    }
    self->kafka = text_equal(text_of(argv[1]), TEXT("kafka"));
    self->place = text_of(argv[2]);
    self->topic = text_of(argv[3]);
    self->address = text_of(argv[4]);
    return (self->kafka || text_equal(text_of(argv[1]), TEXT("local"))) &&
           self->rate >= BATCHES_A_SECOND && self->rate <= BATCHES_A_SECOND * BATCH_MAX;
}

int main(int argc, char **argv)
{
    struct ingest_latency self = {.client = {NULL, NULL}};
    struct loop *loop;
    if (!read_arguments(argc, argv, &self)) {
        (void)fprintf(
            stderr,
            "usage: ingest_latency local|kafka DIRECTORY|BROKERS TOPIC HOST:PORT RATE SECONDS\n");
        return 2;
    }
    latencies_init(&self.latencies);
    CHECK(loop_create(&loop) == STATUS_OK && fiber_start(loop, run, &self) == STATUS_OK);
    loop_run(loop);
    loop_destroy(loop);
    latencies_deinit(&self.latencies);
    return 0;
}
