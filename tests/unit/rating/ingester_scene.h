/* ingester_scene.h: ingestion over a log and a store in memory, both failing on demand. */
#pragma once

#include "base/arena.h"
#include "eventlog/memory_eventlog.h"
#include "loop/fiber.h"
#include "rating/ingester/rating_ingester.h"
#include "support/cmocka_test.h"

enum {
    SCENE_TIMEOUT_MS = 20000,
    SCENE_ARENA_BYTES_MAX = 16 * 1024 * 1024,
    SCENE_TRANSACTIONS_MAX = 64,
};

#define SCENE_TOPIC TEXT("ratings")

/* What one application asked for. */
struct scene_transaction {
    size_t changes;
    size_t dead_letters;
    bool moves; /* the position */
    enum status status;
};

struct ingester_scene {
    struct arena arena;
    struct call call;
    struct memory_eventlog *log;
    struct eventlog_producer producer;
    struct rating_repository whole; /* the memory repository behind the faults */
    struct rating_ingester *ingester;
    enum status fault; /* of the next `fault_times` applications */
    unsigned fault_times;
    unsigned fault_after;     /* applications that go well before them */
    bool fault_loses_answers; /* they are done, and nobody hears of it */
    enum status claim_fault;  /* of the next `claim_fault_times` claims */
    unsigned claim_fault_times;
    bool hangs; /* applications wait for `goes_on` */
    struct fiber_wait goes_on;
    unsigned applications; /* also those that failed */
    unsigned claims;
    size_t bytes_most; /* of texts and payloads, in one application */
    struct scene_transaction transactions[SCENE_TRANSACTIONS_MAX]; /* the first ones */
    struct fiber_wait applied;
    void (*body)(struct ingester_scene *scene);
};

/* Runs the body in a fiber, with a log of one partition and an empty store. What it started as
 * scene->ingester is stopped behind it. */
void ingester_scene_run(struct ingester_scene *scene);

#define INGESTER_TEST(name)                                                                        \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct ingester_scene scene = {.body = name};                                              \
        (void)state;                                                                               \
        ingester_scene_run(&scene);                                                                \
    }

/* The repository that fails on demand and writes down what is asked of it. */
struct rating_repository ingester_scene_repository(struct ingester_scene *scene);

/* Opens an ingester in a group; options->repository is filled in. */
struct rating_ingester *ingester_scene_open(struct ingester_scene *scene, struct text group,
                                            struct rating_ingester_options options);

void ingester_scene_start(struct ingester_scene *scene, size_t batch_max);

void ingester_scene_produce(struct ingester_scene *scene, struct text value);

/* Votes of 8 points on tt1, each by another user. */
void ingester_scene_produce_votes(struct ingester_scene *scene, unsigned from, unsigned to);

uint64_t ingester_scene_vote_count(struct ingester_scene *scene);
int64_t ingester_scene_position(struct ingester_scene *scene);
void ingester_scene_wait_for_position(struct ingester_scene *scene, int64_t want);

/* The reason. */
struct text ingester_scene_wait_for_stop(struct ingester_scene *scene);
void ingester_scene_assert_running(struct ingester_scene *scene);

/* A sample of its metrics by name and labels ("a_total", "b{partition=\"0\"}"), or -1. */
double ingester_scene_metric(struct ingester_scene *scene, const struct rating_ingester *ingester,
                             const char *name);

/* Waits until the sample is `want`. */
void ingester_scene_wait_for_metric(struct ingester_scene *scene, const char *name, double want);
