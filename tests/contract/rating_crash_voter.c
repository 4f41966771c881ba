#include "contract/rating_crash_voter.h"

#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "rating/repository/lmdb_rating_repository.h"

enum { ARENA_BYTES_MAX = 64 * 1024 };

struct voter {
    struct rating_repository repository;
    const char *name;
    int words;
    bool early;
};

struct voter_fiber {
    struct voter *voter;
    uint32_t index;
};

struct text rating_crash_user(const char *name, struct rating_crash_word word,
                              char buffer[static RATING_CRASH_USER_BYTES])
{
    (void)snprintf(buffer, RATING_CRASH_USER_BYTES, "%s-%u-%u", name, word.fiber, word.number);
    return text_of(buffer);
}

static void say(const struct voter *voter, struct rating_crash_word word)
{
    CHECK(write(voter->words, &word, sizeof(word)) == sizeof(word)); /* whole: under PIPE_BUF */
}

static void vote_forever(void *argument)
{
    const struct voter_fiber *self = argument;
    struct voter *voter = self->voter;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES_MAX);
    for (uint32_t number = 0;; number++) {
        const struct rating_crash_word word = {self->index, number};
        char user[RATING_CRASH_USER_BYTES];
        const struct rating_change change = {
            .key = {.record = {RECORD_TYPE_MOVIE, TEXT("movie")},
                    .user = rating_crash_user(voter->name, word, user)},
            .hundredths = (int32_t)(number % (RATING_HUNDREDTHS_MAX + 1)),
        };
        const struct rating_batch batch = {.changes = &change, .change_count = 1};
        struct call call;
        call_init(&call, &arena, 0);
        if (voter->early) {
            say(voter, word);
        }
        CHECK(voter->repository.ops->apply(voter->repository.state, &call, &batch) == STATUS_OK);
        if (!voter->early) {
            say(voter, word);
        }
        arena_reset(&arena);
    }
}

_Noreturn void rating_crash_voter_run(const char *path, const char *name, int words, bool early)
{
    struct voter voter = {.name = name, .words = words, .early = early};
    struct voter_fiber fibers[RATING_CRASH_FIBERS];
    const struct lmdb_rating_repository_options options = {.path = text_of(path)};
    struct arena arena;
    struct call call;
    struct loop *loop;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    CHECK(lmdb_rating_repository_open(&call, &options, &voter.repository) == STATUS_OK);
    CHECK(loop_create(&loop) == STATUS_OK);
    for (uint32_t i = 0; i < RATING_CRASH_FIBERS; i++) {
        fibers[i] = (struct voter_fiber){&voter, i};
        CHECK(fiber_start(loop, vote_forever, &fibers[i]) == STATUS_OK);
    }
    loop_run(loop);
    _exit(1);
}
