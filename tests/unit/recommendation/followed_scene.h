/* followed_scene.h: recommendations that follow a fake rating service, for the tests of them. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "fake_vote_feed.h"
#include "recommendation/repository/followed_recommendations.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

struct fixture {
    struct arena arena;
    struct call call;
    struct fake_vote_feed *fake;
    struct followed_recommendations *followed;
    struct recommendation_repository port;
    struct recommendation_list list;
    char directory[SCRATCH_PATH_BYTES]; /* empty: the model is not kept */
    uint32_t shrinkage;                 /* 0: the default */
    void (*body)(struct fixture *fixture);
};

/* Runs the body in a fiber, with the follower open and not started; stops and closes it. */
void run_followed(void *fixture);

#define FOLLOWED_TEST(name)                                                                        \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_followed, &fixture);                                                          \
    }

void start(struct fixture *fixture);

/* Another process in place of this one, which is ended: not started. */
void reopen(struct fixture *fixture);

/* Three users agree: who likes the first likes the second. Nine votes. */
void vote_alike(struct fixture *fixture, const char *first, const char *second);

enum status ask_for(struct fixture *fixture, const char *user);
enum status ask_like(struct fixture *fixture, const char *record);

/* Until there are so many votes, and their lists. */
void await_votes(struct fixture *fixture, uint64_t votes);

/* Until it was refused so often, while the service is away. */
void await_refusals(struct fixture *fixture, unsigned refusals);

/* Until it waits for a change. */
void await_rest(struct fixture *fixture);

void assert_first(const struct fixture *fixture, const char *record);

/* Whether the page of metrics has the line. */
bool tells(struct fixture *fixture, const char *line);
