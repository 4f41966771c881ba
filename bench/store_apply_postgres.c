/* store_apply_postgres: what the rating repository makes of PostgreSQL: changes a second through
 * apply(), and a bare loop that writes the same rows in batches of the same size, both durable,
 * interleaved in one run. Prints one line a batch size. */
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "rating/repository/postgres_rating_repository.h"
#include "store_apply_bare_postgres.h"
#include "store_apply_rounds.h"
#include "vote_workload.h"

enum {
    PRELOAD_BATCHES = 20,
    PRELOAD_BATCH = 10000,
    ROUNDS = 7,
    ARENA_BYTES_MAX = 1024 * 1024,
};

struct measurement {
    struct vote_workload workload;
    struct rating_repository repository;
    struct store_apply_bare_postgres bare;
    int64_t next_offset;
    int64_t epoch;
};

static double apply_seconds(struct measurement *self, const struct rating_change *changes,
                            size_t count)
{
    static const struct rating_source source = {.topic = TEXT_INIT("ratings")};
    struct arena arena;
    struct call call;
    const struct rating_position position = {.topic = TEXT("ratings"),
                                             .next_offset = self->next_offset + (int64_t)count,
                                             .epoch = self->epoch};
    const struct rating_batch batch = {.changes = changes,
                                       .change_count = count,
                                       .source = &source,
                                       .position = &position,
                                       .from_offset = self->next_offset};
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    int64_t began_ns = clock_monotonic_ns();
    CHECK(self->repository.ops->apply(self->repository.state, &call, &batch) == STATUS_OK);
    int64_t ended_ns = clock_monotonic_ns();
    self->next_offset = position.next_offset;
    arena_deinit(&arena);
    return (double)(ended_ns - began_ns) / (double)CLOCK_NS_PER_S;
}

static void measure(struct measurement *self, size_t batch)
{
    struct store_apply_rounds rounds = {.count = 0};
    for (size_t i = 0; i < ROUNDS; i++) {
        const struct rating_change *changes = vote_workload_draw(&self->workload, batch);
        double bare =
            (double)batch / store_apply_bare_postgres_seconds(&self->bare, changes, batch);
        store_apply_rounds_add(&rounds, (double)batch / apply_seconds(self, changes, batch), bare);
    }
    store_apply_rounds_print(&rounds, "batch", batch, "changes", "PostgreSQL");
}

static void run(void *argument)
{
    struct measurement *self = argument;
    struct arena arena;
    struct call call;
    struct rating_position position;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    CHECK(self->repository.ops->claim_position(self->repository.state, &call, TEXT("ratings"), 0,
                                               &position) == STATUS_OK);
    self->next_offset = position.next_offset;
    self->epoch = position.epoch;
    arena_deinit(&arena);
    for (unsigned i = 0; i < PRELOAD_BATCHES; i++) {
        const struct rating_change *changes = vote_workload_draw(&self->workload, PRELOAD_BATCH);
        (void)store_apply_bare_postgres_seconds(&self->bare, changes, PRELOAD_BATCH);
        (void)apply_seconds(self, changes, PRELOAD_BATCH);
    }
    measure(self, 1000);
    measure(self, 10000);
    measure(self, 50000);
    self->repository.ops->close(self->repository.state);
    loop_stop(loop_current());
}

/* The schemas are left to the caller, who chose the server to measure. */
int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: store_apply_postgres CONNINFO\n");
        return 2;
    }
    struct measurement self = {.repository = {NULL, NULL}};
    struct arena arena;
    struct call call;
    struct loop *loop;
    const struct postgres_rating_repository_options options = {.conninfo = text_of(argv[1]),
                                                               .schema = TEXT("store_apply")};
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    CHECK(postgres_rating_repository_open(&call, &options, &self.repository) == STATUS_OK);
    vote_workload_init(&self.workload, 1);
    store_apply_bare_postgres_open(&self.bare, argv[1]);
    CHECK(loop_create(&loop) == STATUS_OK && fiber_start(loop, run, &self) == STATUS_OK);
    loop_run(loop);
    loop_destroy(loop);
    store_apply_bare_postgres_close(&self.bare);
    vote_workload_deinit(&self.workload);
    arena_deinit(&arena);
    return 0;
}
