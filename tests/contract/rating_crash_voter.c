#include "contract/rating_crash_voter.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
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

/* Ingesting */

enum { EVENT_USERS = 7, EVENTS_MAX = 20, BATCHES_MAX = 8, PAUSE_MS = 3 };

struct ingester {
    struct voter *voter;
    struct arena arena;
    uint64_t random;
    char users[EVENTS_MAX][16];
    struct rating_change changes[EVENTS_MAX];
};

static uint64_t draw(struct ingester *self, uint64_t bound)
{
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return self->random % bound;
}

static void draw_events(struct ingester *self, int64_t offset, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t at = offset + (int64_t)i;
        (void)snprintf(self->users[i], sizeof(self->users[i]), "event-%d", (int)(at % EVENT_USERS));
        self->changes[i] = (struct rating_change){
            .key = {.record = {RECORD_TYPE_MOVIE, TEXT("movie")},
                    .provider = TEXT("log"),
                    .user = text_of(self->users[i])},
            .hundredths = (int32_t)(at % (RATING_HUNDREDTHS_MAX + 1)),
            .offset = at,
        };
    }
}

/* false: another has claimed the partition. */
static bool ingest_batch(struct ingester *self, struct rating_position *position)
{
    const struct rating_source source = {RATING_CRASH_TOPIC, 0};
    const struct rating_repository *repository = &self->voter->repository;
    size_t count = 1 + draw(self, EVENTS_MAX);
    int64_t from_offset = position->next_offset;
    struct call call;
    draw_events(self, from_offset, count);
    position->next_offset += (int64_t)count;
    const struct rating_batch batch = {
        .changes = self->changes,
        .change_count = count,
        .source = &source,
        .position = position,
        .from_offset = from_offset,
    };
    call_init(&call, &self->arena, 0);
    enum status status = repository->ops->apply(repository->state, &call, &batch);
    CHECK(status == STATUS_OK || status == STATUS_ABORTED);
    arena_reset(&self->arena);
    return status == STATUS_OK;
}

static void ingest_forever(void *argument)
{
    struct voter *voter = argument;
    struct ingester *self = calloc(1, sizeof(*self));
    CHECK(self != NULL);
    self->voter = voter;
    self->random = text_hash(text_of(voter->name)) | 1;
    arena_init(&self->arena, ARENA_BYTES_MAX);
    for (uint32_t claims = 0;; claims++) {
        struct rating_position position;
        struct call call;
        call_init(&call, &self->arena, 0);
        CHECK(voter->repository.ops->claim_position(voter->repository.state, &call,
                                                    RATING_CRASH_TOPIC, 0, &position) == STATUS_OK);
        say(voter, (struct rating_crash_word){RATING_CRASH_CLAIMS, claims});
        for (unsigned i = 0; i < BATCHES_MAX && ingest_batch(self, &position); i++) {
        }
        /* The others' turn: else they would take the partition from each other for ever. */
        CHECK(fiber_sleep(NULL, (int64_t)draw(self, PAUSE_MS) * CLOCK_NS_PER_MS) == STATUS_OK);
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
    CHECK(fiber_start(loop, ingest_forever, &voter) == STATUS_OK);
    loop_run(loop);
    _exit(1);
}
