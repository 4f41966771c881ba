/* Two processes on one store, taking turns: each waits for the other's change, takes the partition
 * over, and finds that the other can go on no more. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "contract/rating_replay.h"
#include "rating/repository/lmdb_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum {
    TURNS = 16,       /* of both together; the parent's are the even ones */
    TURN_CHANGES = 3, /* of the change log, in two batches */
    ARENA_BYTES_MAX = 1024 * 1024,
    TIMEOUT_MS = 60 * 1000,
    /* A loaded machine must not fail the test; what looks only now and then would. */
    NOTICE_MS_MAX = 10 * RATING_REPOSITORY_NOTICE_MS,
};

struct player {
    const char *path;
    unsigned parity;
    struct rating_repository repository;
    struct arena arena;
    struct call call;
    pid_t child;
};

static const struct text topic = TEXT_INIT("ratings");

static enum status ingest(struct player *self, const struct rating_position *claimed, size_t count)
{
    const struct rating_source source = {topic, 0};
    struct rating_position position = *claimed;
    struct rating_change changes[TURN_CHANGES];
    char users[TURN_CHANGES][24];
    for (size_t i = 0; i < count; i++) {
        int64_t offset = claimed->next_offset + (int64_t)i;
        (void)snprintf(users[i], sizeof(users[i]), "user-%d", (int)(offset % 5));
        changes[i] = (struct rating_change){
            .key = {.record = {RECORD_TYPE_MOVIE, TEXT("movie")}, .user = text_of(users[i])},
            .hundredths = (int32_t)offset,
            .offset = offset,
        };
    }
    position.next_offset += (int64_t)count;
    const struct rating_batch batch = {
        .changes = changes,
        .change_count = count,
        .source = &source,
        .position = &position,
        .from_offset = claimed->next_offset,
    };
    return self->repository.ops->apply(self->repository.state, &self->call, &batch);
}

/* Waits until the log has what the turns before this one left. */
static void await_turn(struct player *self, unsigned turn)
{
    int64_t last = (int64_t)turn * TURN_CHANGES;
    struct rating_change_record *records;
    size_t count;
    CHECK(last == 0 || self->repository.ops->await_change(self->repository.state, &self->call,
                                                          last - 1) == STATUS_OK);
    int64_t now_ms = clock_wall_ms();
    if (last > 0) {
        CHECK(self->repository.ops->list_changes(self->repository.state, &self->call, last - 1, 10,
                                                 &records, &count) == STATUS_OK);
        CHECK(count == 1 && records[0].sequence == last);
        CHECK(now_ms - records[0].time_ms <= NOTICE_MS_MAX);
    }
}

static void take_turn(struct player *self, unsigned turn, struct rating_position *old)
{
    struct rating_position position;
    await_turn(self, turn);
    if (turn >= 2) { /* the other has claimed since: even at the right offset it is refused */
        old->next_offset = (int64_t)turn * TURN_CHANGES;
        CHECK(ingest(self, old, 1) == STATUS_ABORTED);
        call_clear_error(&self->call);
    }
    CHECK(self->repository.ops->claim_position(self->repository.state, &self->call, topic, 0,
                                               &position) == STATUS_OK);
    CHECK(position.epoch == (int64_t)turn + 1);
    CHECK(position.next_offset == (int64_t)turn * TURN_CHANGES);
    *old = position;
    CHECK(ingest(self, &position, 1) == STATUS_OK);
    position.next_offset++;
    CHECK(ingest(self, &position, TURN_CHANGES - 1) == STATUS_OK);
}

static void play(void *argument)
{
    struct player *self = argument;
    const struct lmdb_rating_repository_options options = {.path = text_of(self->path)};
    struct rating_position old;
    arena_init(&self->arena, ARENA_BYTES_MAX);
    call_init(&self->call, &self->arena, TIMEOUT_MS);
    CHECK(lmdb_rating_repository_open(&self->call, &options, &self->repository) == STATUS_OK);
    for (unsigned turn = self->parity; turn < TURNS; turn += 2) {
        take_turn(self, turn, &old);
    }
    await_turn(self, TURNS);
    if (self->parity == 0) {
        struct rating_replay_report report;
        rating_replay_check(self->repository, topic, 0, &report);
        assert_string_equal(report.first, "");
        assert_int_equal(report.records, TURNS * TURN_CHANGES);
        assert_int_equal(report.ingested, TURNS * TURN_CHANGES);
    }
    self->repository.ops->close(self->repository.state);
    arena_deinit(&self->arena);
}

static void start_other(struct player *self)
{
    self->child = fork();
    if (self->child == 0) {
        (void)execl("/proc/self/exe", "rating_processes_test", self->path, (char *)NULL);
        _exit(127);
    }
    assert_true(self->child > 0);
}

static void test_turns(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_BYTES];
    int status;
    scratch_directory_make(path);
    struct player *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    self->path = path;
    start_other(self);
    in_fiber(play, self);
    assert_int_equal(waitpid(self->child, &status, 0), self->child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    free(self);
    scratch_directory_remove(path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_turns)};
    if (argc == 2) {
        struct player other = {.path = argv[1], .parity = 1};
        in_fiber(play, &other);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
