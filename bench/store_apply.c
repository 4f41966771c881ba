/* store_apply: what the rating repository makes of LMDB: changes a second through apply(), and a
 * bare LMDB loop that writes the same keys in batches of the same size, both synced, interleaved in
 * one run; then single votes of many callers at once, against bare batches of as many. Prints one
 * line a batch size, and one a number of callers. */
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "rating/repository/lmdb_rating_repository.h"
#include "store_apply_bare_lmdb.h"
#include "store_apply_rounds.h"
#include "vote_workload.h"

enum {
    PRELOAD = 200000,
    ROUNDS = 5,
    CALLERS_MAX = 256,
    CALLER_VOTES = 50, /* of each, a round */
    ARENA_BYTES_MAX = 1024 * 1024,
};

struct measurement {
    struct vote_workload workload;
    struct rating_repository repository;
    struct store_apply_bare bare;
};

static double apply_seconds(struct measurement *self, const struct rating_change *changes,
                            size_t count)
{
    struct arena arena;
    struct call call;
    const struct rating_batch batch = {.changes = changes, .change_count = count};
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    int64_t began_ns = clock_monotonic_ns();
    CHECK(self->repository.ops->apply(self->repository.state, &call, &batch) == STATUS_OK);
    int64_t ended_ns = clock_monotonic_ns();
    arena_deinit(&arena);
    return (double)(ended_ns - began_ns) / (double)CLOCK_NS_PER_S;
}

/* One of many who vote at once, each again as soon as it is acknowledged. */
struct caller {
    struct measurement *self;
    const struct rating_change *changes; /* CALLER_VOTES */
};

static void vote(void *argument)
{
    const struct caller *caller = argument;
    for (size_t i = 0; i < CALLER_VOTES; i++) {
        (void)apply_seconds(caller->self, &caller->changes[i], 1); /* the whole is timed */
    }
}

static double callers_seconds(struct measurement *self, const struct rating_change *changes,
                              size_t count)
{
    struct caller callers[CALLERS_MAX];
    struct fiber_group group;
    fiber_group_init(&group);
    int64_t began_ns = clock_monotonic_ns();
    for (size_t i = 0; i < count; i++) {
        callers[i] = (struct caller){self, &changes[i * CALLER_VOTES]};
        CHECK(fiber_group_start(&group, vote, &callers[i]) == STATUS_OK);
    }
    fiber_group_join(&group);
    return (double)(clock_monotonic_ns() - began_ns) / (double)CLOCK_NS_PER_S;
}

static void measure(struct measurement *self, size_t batch)
{
    struct store_apply_rounds rounds = {.count = 0};
    for (size_t i = 0; i < ROUNDS; i++) {
        const struct rating_change *changes = vote_workload_draw(&self->workload, batch);
        double bare = (double)batch / store_apply_bare_seconds(&self->bare, changes, batch);
        store_apply_rounds_add(&rounds, (double)batch / apply_seconds(self, changes, batch), bare);
    }
    store_apply_rounds_print(&rounds, "batch", batch, "changes", "LMDB");
}

static void measure_callers(struct measurement *self, size_t callers)
{
    struct store_apply_rounds rounds = {.count = 0};
    double votes = (double)(callers * CALLER_VOTES);
    for (size_t i = 0; i < ROUNDS; i++) {
        const struct rating_change *changes =
            vote_workload_draw(&self->workload, callers * CALLER_VOTES);
        double seconds = 0;
        for (size_t at = 0; at < CALLER_VOTES; at++) {
            seconds += store_apply_bare_seconds(&self->bare, &changes[at * callers], callers);
        }
        store_apply_rounds_add(&rounds, votes / callers_seconds(self, changes, callers),
                               votes / seconds);
    }
    store_apply_rounds_print(&rounds, "callers", callers, "votes", "LMDB");
}

static void run(void *argument)
{
    struct measurement *self = argument;
    const struct rating_change *changes = vote_workload_draw(&self->workload, PRELOAD / 2);
    (void)store_apply_bare_seconds(&self->bare, changes, PRELOAD / 2);
    (void)apply_seconds(self, changes, PRELOAD / 2);
    changes = vote_workload_draw(&self->workload, PRELOAD / 2);
    (void)store_apply_bare_seconds(&self->bare, changes, PRELOAD / 2);
    (void)apply_seconds(self, changes, PRELOAD / 2);
    measure(self, 10000);
    measure(self, 50000);
    measure_callers(self, 64);
    measure_callers(self, CALLERS_MAX);
    self->repository.ops->close(self->repository.state);
    loop_stop(loop_current());
}

/* The directory is left to the caller, who chose the disk to measure. */
int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: store_apply DIRECTORY\n");
        return 2;
    }
    struct measurement self = {.repository = {NULL, NULL}};
    struct arena arena;
    struct call call;
    struct loop *loop;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    const struct lmdb_rating_repository_options options = {
        .path = arena_format(&arena, "%s/apply", argv[1])};
    CHECK(lmdb_rating_repository_open(&call, &options, &self.repository) == STATUS_OK);
    vote_workload_init(&self.workload, 1);
    store_apply_bare_open(&self.bare, arena_format(&arena, "%s/bare", argv[1]).data);
    CHECK(loop_create(&loop) == STATUS_OK && fiber_start(loop, run, &self) == STATUS_OK);
    loop_run(loop);
    loop_destroy(loop);
    store_apply_bare_close(&self.bare);
    vote_workload_deinit(&self.workload);
    arena_deinit(&arena);
    return 0;
}
