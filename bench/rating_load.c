/* rating_load: callers that vote, or ask for aggregates, over gRPC, each one call after the other.
 *
 * usage: rating_load put|get HOST:PORT CALLERS SECONDS
 * prints: calls a second, p50 and p99 in milliseconds, failed calls. */
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "latencies.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "rating_client.h"
#include "vote_workload.h"

enum {
    CALLERS_MAX = 1024,
    CALL_ARENA_BYTES_MAX = 64 * 1024,
    CALL_TIMEOUT_MS = 10000,
};

struct rating_load {
    bool puts;
    struct text address;
    uint64_t callers;
    int64_t duration_ns;
    int64_t end_ns;
    struct rating_client client;
    struct vote_workload workload;
    struct latencies latencies;
    uint64_t calls;
    uint64_t failed;
};

static void call_once(struct rating_load *self, struct arena *arena)
{
    struct call call;
    struct rating_change vote = *vote_workload_draw(&self->workload, 1);
    arena_reset(arena);
    call_init(&call, arena, CALL_TIMEOUT_MS);
    int64_t began_ns = clock_monotonic_ns();
    enum status status = self->puts ? rating_client_put(&self->client, &call, &vote)
                                    : rating_client_get(&self->client, &call, vote.key.record);
    latencies_add(&self->latencies, clock_monotonic_ns() - began_ns);
    self->calls++;
    self->failed += status != STATUS_OK && (self->puts || status != STATUS_NOT_FOUND);
}

static void call_on(void *argument)
{
    struct rating_load *self = argument;
    struct arena arena;
    arena_init(&arena, CALL_ARENA_BYTES_MAX);
    while (clock_monotonic_ns() < self->end_ns) {
        call_once(self, &arena);
    }
    arena_deinit(&arena);
}

static void run(void *argument)
{
    struct rating_load *self = argument;
    struct fiber_group callers;
    rating_client_open(&self->client, self->address);
    fiber_group_init(&callers);
    int64_t began_ns = clock_monotonic_ns();
    self->end_ns = began_ns + self->duration_ns;
    for (uint64_t i = 0; i < self->callers; i++) {
        CHECK(fiber_group_start(&callers, call_on, self) == STATUS_OK);
    }
    fiber_group_join(&callers);
    double seconds = (double)(clock_monotonic_ns() - began_ns) / (double)CLOCK_NS_PER_S;
    printf("%.0f %.3f %.3f %llu\n", (double)self->calls / seconds,
           latencies_percentile_ms(&self->latencies, 0.5),
           latencies_percentile_ms(&self->latencies, 0.99), (unsigned long long)self->failed);
    rating_client_close(&self->client);
    loop_stop(loop_current());
}

static bool read_arguments(int argc, char **argv, struct rating_load *self)
{
    uint64_t seconds;
    if (argc != 5 || !text_to_u64(text_of(argv[3]), &self->callers) ||
        !text_to_u64(text_of(argv[4]), &seconds)) {
        return false;
    }
    self->puts = text_equal(text_of(argv[1]), TEXT("put"));
    self->address = text_of(argv[2]);
    self->duration_ns = (int64_t)seconds * CLOCK_NS_PER_S;
    return (self->puts || text_equal(text_of(argv[1]), TEXT("get"))) && self->callers > 0 &&
           self->callers <= CALLERS_MAX;
}

int main(int argc, char **argv)
{
    struct rating_load self = {.client = {NULL, NULL}};
    struct loop *loop;
    if (!read_arguments(argc, argv, &self)) {
        (void)fprintf(stderr, "usage: rating_load put|get HOST:PORT CALLERS SECONDS\n");
        return 2;
    }
    vote_workload_init(&self.workload, 2);
    latencies_init(&self.latencies);
    CHECK(loop_create(&loop) == STATUS_OK && fiber_start(loop, run, &self) == STATUS_OK);
    loop_run(loop);
    loop_destroy(loop);
    latencies_deinit(&self.latencies);
    vote_workload_deinit(&self.workload);
    return 0;
}
