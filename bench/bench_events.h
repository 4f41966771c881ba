/* bench_events.h: the events of a file, decoded beforehand. */
#pragma once

#include "base/arena.h"
#include "rating/model/rating.h"

struct bench_events {
    struct arena texts;
    struct rating_change *changes;
    size_t count;
};

/* path: of one event a line. */
void bench_events_read(struct bench_events *events, const char *path);
void bench_events_free(struct bench_events *events);
