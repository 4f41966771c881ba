/* rating_relay_scene.h: relays over a store and a log in memory, both failing on demand, with what
 * voters do and what receivers see. In a fiber; a failure fails the test. */
#pragma once

#include "base/arena.h"
#include "eventlog/memory_eventlog.h"
#include "loop/fiber.h"
#include "rating/model/rating_outbox_event.h"
#include "rating/relay/rating_relay.h"

enum {
    RELAY_SCENE_NAME_BYTES = 32,
    RELAY_SCENE_RELAYS = 2,
};

#define RELAY_SCENE_CHANGES TEXT("changes")
#define RELAY_SCENE_AGGREGATES TEXT("aggregates")
#define RELAY_SCENE_LETTERS TEXT("letters")

/* One instance: a relay, and what stands between it and the store and the log. */
struct relay_instance {
    struct relay_scene *scene;
    unsigned number;
    struct rating_relay *relay;
    bool holds_produce; /* the next produce waits for `go_on` before it reaches the log */
    bool is_held;
    struct fiber_wait go_on;
    unsigned produced;
};

struct relay_scene {
    struct arena arena;
    struct call call;
    struct memory_eventlog *log;
    struct eventlog_producer producer;
    struct rating_repository whole; /* the memory repository behind the faults */
    struct relay_instance instances[RELAY_SCENE_RELAYS];
    int leader;        /* who is given the lease; -1: whoever asks the store */
    enum status fault; /* of the next `fault_times` confirmations */
    unsigned fault_times;
    bool fault_loses_answers; /* they are done, and nobody hears of it */
    unsigned groups;
    void (*body)(struct relay_scene *scene);
};

/* Runs scene->body(scene), argument: a zeroed scene with a body. */
void relay_scene_run(void *argument);

/* Starts an instance's relay; batch_max: as in its options. */
void relay_scene_start_with(struct relay_scene *scene, unsigned number, size_t batch_max);
void relay_scene_start(struct relay_scene *scene, unsigned number);

/* One that does not run is accepted. */
void relay_scene_stop(struct relay_scene *scene, unsigned number);

/* What voters do, past the faults. */
void relay_scene_change(struct relay_scene *scene, enum rating_change_kind kind, const char *record,
                        const char *user, int32_t hundredths);
void relay_scene_put(struct relay_scene *scene, const char *record, const char *user,
                     int32_t hundredths);

/* Of the relay, as the store keeps it; -1: none has run. */
int64_t relay_scene_position(struct relay_scene *scene);
void relay_scene_await_position(struct relay_scene *scene, int64_t want);
void relay_scene_await_all_relayed(struct relay_scene *scene);

/* All records of a topic, in the order of their partitions; valid in the scene's arena. */
struct eventlog_record *relay_scene_read(struct relay_scene *scene, struct text topic,
                                         size_t *ret_count);

/* What stands last in the topic of aggregates under the key. false: nothing does. */
bool relay_scene_last(struct relay_scene *scene, const char *key,
                      struct rating_aggregate_event *ret_event);

/* How many records of the topic have the key. */
unsigned relay_scene_count(struct relay_scene *scene, struct text topic, const char *key);

/* For a movie: what stands last is what the store says. */
void relay_scene_assert_truth(struct relay_scene *scene, const char *record);
