/* followed_ratings_scene.h: a topic in an event log in memory, and the movie service's ratings that
 * follow it: the local copy, or the cache before a rating service that answers as told. In a fiber;
 * a failure fails the test. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "eventlog/memory_eventlog.h"
#include "loop/fiber.h"
#include "movie/gateway/cached_rating_gateway.h"
#include "movie/gateway/local_rating_gateway.h"
#include "movie/gateway/topic_follower.h"
#include "support/in_fiber.h"

enum { FOLLOW_SCENE_PARTITIONS = 4, FOLLOW_SCENE_ID_BYTES = 32 };

#define FOLLOW_SCENE_TOPIC TEXT("topic")

struct follow_scene {
    struct arena arena;
    struct call call;
    struct buffer buffer;
    struct memory_eventlog *log;
    struct eventlog_producer producer;
    unsigned opened;
    struct rating_copy *copy;
    struct rating_cache *cache;
    struct local_rating_gateway local;
    struct cached_rating_gateway cached;
    struct rating_gateway gateway;
    struct topic_follower *follower;
    size_t records_before_answers;
    unsigned looks_refused;
    unsigned restarts;
    /* What the rating service would say, and how often it was asked. */
    enum status answer;
    uint32_t answer_count;
    bool holds_answers;
    unsigned asked;
    struct fiber_wait answer_now;
    void (*body)(struct follow_scene *scene);
};

/* Runs scene->body(scene), argument: a zeroed scene with a body. */
void follow_scene_run(void *argument);

/* Starts to follow the topic of aggregates. */
void follow_scene_local(struct follow_scene *scene);

/* Starts to follow that of changes; the second waits until it has begun, with an empty cache. */
void follow_scene_start_cached(struct follow_scene *scene);
void follow_scene_cached(struct follow_scene *scene);

/* What the relay sends. */
void follow_scene_produce(struct follow_scene *scene, struct text key, struct text value);
void follow_scene_send_aggregate(struct follow_scene *scene, const char *id, int64_t sequence,
                                 uint64_t count);
void follow_scene_send_mark(struct follow_scene *scene, enum rating_aggregate_event_kind kind,
                            int64_t sequence, int64_t time_ms);
void follow_scene_send_change(struct follow_scene *scene, const struct rating_change_event *event);

/* What the gateway says of a movie. */
enum status follow_scene_ask(struct follow_scene *scene, const char *id,
                             struct rating_view *ret_view);

/* How many votes it says there are; -1: it says that it does not know. */
int follow_scene_count(struct follow_scene *scene, const char *id);
void follow_scene_await_count(struct follow_scene *scene, const char *id, int want);

/* A test of a body, in a scene of its own. */
#define FOLLOW_TEST(name)                                                                          \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        static struct follow_scene scene;                                                          \
        (void)state;                                                                               \
        memset(&scene, 0, sizeof(scene));                                                          \
        scene.body = name;                                                                         \
        in_fiber(follow_scene_run, &scene);                                                        \
    }
