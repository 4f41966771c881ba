/* stream_transform.h: two roles of a broker, each a function of the record alone, for
 * eventlog/eventlog_processor.h: a provider's scale to points, and routing by record type.
 *
 * What is no event, or of a provider without a scale, is set aside in the topic `refused`, with the
 * reason: nothing is skipped. */
#pragma once

#include "marquee/stream_event.h"
#include "marquee/stream_scale.h"

enum stream_key { STREAM_KEY_USER, STREAM_KEY_RECORD, STREAM_KEY_SAME };

struct stream_transform {
    /* set by the owner */
    struct stream_scales scales;
    struct text to; /* the topic of what is transformed */
    struct text refused;
    enum stream_key key; /* of what is written */
    /* read only */
    uint64_t written;
    uint64_t refused_count;
};

/* state: a struct stream_transform. */
MUST_USE enum status stream_transform_process(void *state, struct call *call,
                                              const struct eventlog_batch *batch,
                                              struct eventlog_outputs *outputs);

struct stream_route {
    /* set by the owner */
    struct text prefix; /* the topics are PREFIX.movie, PREFIX.actor, … */
    struct text refused;
    enum stream_key key;
    /* read only */
    uint64_t written;
    uint64_t refused_count;
};

/* state: a struct stream_route. */
MUST_USE enum status stream_route_process(void *state, struct call *call,
                                          const struct eventlog_batch *batch,
                                          struct eventlog_outputs *outputs);
