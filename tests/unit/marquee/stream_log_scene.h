/* stream_log_scene.h: a stream processor between topics of a memory log, whose producer can be made
 * to end it at a chosen moment: what a crash leaves behind. In a fiber; a failure fails the test.
 */
#pragma once

#include "base/arena.h"
#include "eventlog/eventlog_processor.h"
#include "eventlog/memory_eventlog.h"

struct stream_log_scene {
    struct arena arena;
    struct call call;
    struct memory_eventlog *log;
    struct eventlog_producer inner;
    /* The produce at which it ends: 1 is the next one; 0: never. */
    unsigned fatal_produce;
    bool fatal_afterwards; /* what is produced is in the log all the same */
};

void stream_log_scene_open(struct stream_log_scene *scene, int32_t partitions);
void stream_log_scene_close(struct stream_log_scene *scene);

/* Appends one record. */
void stream_log_scene_append(struct stream_log_scene *scene, const char *topic,
                             struct eventlog_message message);

/* Runs until nothing comes any more, or until the fatal produce. */
enum status stream_log_scene_run(struct stream_log_scene *scene, const char *group,
                                 const char *topic, struct eventlog_positions positions,
                                 struct eventlog_processor *processor);

/* Reads all of a topic; one that does not exist has nothing. */
void stream_log_scene_read(struct stream_log_scene *scene, const char *topic,
                           enum status (*visit)(void *state, struct call *call,
                                                const struct eventlog_batch *batch),
                           void *state);
