/* Two processes vote into one store and are killed with SIGKILL, again and again: every vote that
 * was acknowledged is there, the aggregate counts exactly the votes, the events that both take from
 * one partition were taken once each, and the change log makes the same of nothing. The same rounds
 * with a voter that acknowledges too early must show losses: else they would prove nothing. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "contract/rating_crash_voter.h"
#include "contract/rating_replay.h"
#include "rating/repository/lmdb_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum {
    ROUNDS = 20,
    VOTERS = 2,
    WORDS_MAX = 300, /* of a round, before the kill */
    TIMEOUT_MS = 60 * 1000,
    ARENA_BYTES_MAX = 4 * 1024 * 1024,
};

struct voter {
    char name[16];
    pid_t pid;
    int words;
    uint32_t acknowledged[RATING_CRASH_SPEAKERS]; /* so many of each fiber */
};

struct rounds {
    const char *path;
    const char *role;
    struct voter voters[ROUNDS][VOTERS];
    unsigned acknowledged;
    unsigned lost;
    unsigned stored; /* acknowledged or not */
    struct rating_replay_report replay;
};

static void start_voter(struct voter *voter, const struct rounds *rounds)
{
    int ends[2];
    char fd[16];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    voter->words = ends[0];
    voter->pid = fork();
    if (voter->pid == 0) {
        (void)snprintf(fd, sizeof(fd), "%d", dup(ends[1])); /* without CLOEXEC */
        (void)execl("/proc/self/exe", "rating_crash_test", rounds->role, rounds->path, voter->name,
                    fd, (char *)NULL);
        _exit(127);
    }
    assert_true(voter->pid > 0);
    assert_int_equal(close(ends[1]), 0);
}

/* false: the voter is dead and has nothing more to say. */
static bool hear(struct voter *voter)
{
    struct rating_crash_word word;
    ssize_t got = read(voter->words, &word, sizeof(word));
    if (got == 0) {
        return false;
    }
    assert_int_equal(got, sizeof(word));
    assert_true(word.fiber < RATING_CRASH_SPEAKERS);
    assert_int_equal(word.number, voter->acknowledged[word.fiber]);
    voter->acknowledged[word.fiber]++;
    return true;
}

static void kill_voter(struct voter *voter)
{
    int status;
    assert_int_equal(kill(voter->pid, SIGKILL), 0);
    assert_int_equal(waitpid(voter->pid, &status, 0), voter->pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    while (hear(voter)) {
    }
    assert_int_equal(close(voter->words), 0);
}

static void run_round(struct rounds *rounds, unsigned round)
{
    struct voter *voters = rounds->voters[round];
    for (unsigned i = 0; i < VOTERS; i++) {
        (void)snprintf(voters[i].name, sizeof(voters[i].name), "%u-%u", round, i);
        start_voter(&voters[i], rounds);
    }
    /* Both are at work; how long differs from round to round. */
    for (unsigned i = 0; i < VOTERS; i++) {
        unsigned words = 1 + (round * 97 + i * 31) % WORDS_MAX;
        for (unsigned heard = 0; heard < words; heard++) {
            assert_true(hear(&voters[i]));
        }
    }
    for (unsigned i = 0; i < VOTERS; i++) {
        kill_voter(&voters[i]);
    }
}

static bool has_vote(struct rating_repository repository, struct call *call, const char *name,
                     struct rating_crash_word word)
{
    char user[RATING_CRASH_USER_BYTES];
    const struct vote_key key = {.record = {RECORD_TYPE_MOVIE, TEXT("movie")},
                                 .user = rating_crash_user(name, word, user)};
    struct vote vote;
    enum status status = repository.ops->get_vote(repository.state, call, &key, &vote);
    call_clear_error(call);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    assert_true(status != STATUS_OK ||
                vote.hundredths == (int32_t)(word.number % (RATING_HUNDREDTHS_MAX + 1)));
    return status == STATUS_OK;
}

/* A fiber has one vote at a time under way: one more than acknowledged may be stored. */
static void count_votes(struct rounds *rounds, struct rating_repository repository,
                        const struct voter *voter)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES_MAX);
    for (uint32_t fiber = 0; fiber < RATING_CRASH_FIBERS; fiber++) {
        for (uint32_t number = 0; number <= voter->acknowledged[fiber]; number++) {
            struct call call;
            call_init(&call, &arena, TIMEOUT_MS);
            const struct rating_crash_word word = {fiber, number};
            bool there = has_vote(repository, &call, voter->name, word);
            bool acknowledged = number < voter->acknowledged[fiber];
            rounds->acknowledged += acknowledged ? 1 : 0;
            rounds->lost += acknowledged && !there ? 1 : 0;
            rounds->stored += there ? 1 : 0;
            arena_reset(&arena);
        }
    }
    arena_deinit(&arena);
}

/* Each claim raised the epoch by one: those that were acknowledged, and perhaps one more of each
 * voter. */
static void check_epoch(const struct rounds *rounds, struct rating_repository repository,
                        struct call *call)
{
    struct rating_position position;
    int64_t acknowledged = 0;
    for (unsigned i = 0; i < ROUNDS * VOTERS; i++) {
        acknowledged += rounds->voters[i / VOTERS][i % VOTERS].acknowledged[RATING_CRASH_CLAIMS];
    }
    assert_int_equal(
        repository.ops->claim_position(repository.state, call, RATING_CRASH_TOPIC, 0, &position),
        STATUS_OK);
    assert_true(acknowledged > ROUNDS);
    assert_in_range(position.epoch - 1, acknowledged, acknowledged + ROUNDS * VOTERS);
}

static void check_store(void *argument)
{
    struct rounds *rounds = argument;
    const struct lmdb_rating_repository_options options = {.path = text_of(rounds->path)};
    const struct record_key record = {RECORD_TYPE_MOVIE, TEXT("movie")};
    struct rating_repository repository;
    struct rating_aggregate aggregate;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    assert_int_equal(lmdb_rating_repository_open(&call, &options, &repository), STATUS_OK);
    for (unsigned i = 0; i < ROUNDS * VOTERS; i++) {
        count_votes(rounds, repository, &rounds->voters[i / VOTERS][i % VOTERS]);
    }
    assert_int_equal(repository.ops->get_aggregate(repository.state, &call, record, &aggregate),
                     STATUS_OK);
    rating_replay_check(repository, RATING_CRASH_TOPIC, 0, &rounds->replay);
    check_epoch(rounds, repository, &call);
    assert_int_equal(aggregate.count, rounds->replay.votes); /* all are on the one movie */
    repository.ops->close(repository.state);
    arena_deinit(&arena);
}

static struct rounds *run_rounds(const char *role, char path[static SCRATCH_PATH_BYTES])
{
    struct rounds *rounds = calloc(1, sizeof(*rounds));
    assert_non_null(rounds);
    scratch_directory_make(path);
    rounds->path = path;
    rounds->role = role;
    for (unsigned round = 0; round < ROUNDS; round++) {
        run_round(rounds, round);
    }
    in_fiber(check_store, rounds);
    scratch_directory_remove(path);
    print_message("%u acknowledged, %u stored, %u lost, %zu ingested, %zu records\n",
                  rounds->acknowledged, rounds->stored, rounds->lost, rounds->replay.ingested,
                  rounds->replay.records);
    if (rounds->replay.differences > 0) {
        fail_msg("%zu differences, the first: %s", rounds->replay.differences,
                 rounds->replay.first);
    }
    assert_true(rounds->replay.ingested > ROUNDS);
    return rounds;
}

static void test_acknowledged_votes_survive(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_BYTES];
    struct rounds *rounds = run_rounds("vote", path);
    assert_true(rounds->acknowledged > ROUNDS);
    assert_int_equal(rounds->lost, 0);
    free(rounds);
}

static void test_early_acknowledgement_is_seen(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_BYTES];
    struct rounds *rounds = run_rounds("vote-early", path);
    assert_true(rounds->lost > 0);
    free(rounds);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acknowledged_votes_survive),
        cmocka_unit_test(test_early_acknowledgement_is_seen),
    };
    if (argc == 5) {
        int64_t words;
        CHECK(text_to_i64(text_of(argv[4]), &words));
        rating_crash_voter_run(argv[2], argv[3], (int)words, strcmp(argv[1], "vote-early") == 0);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
