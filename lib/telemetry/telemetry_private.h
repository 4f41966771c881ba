/* telemetry_private.h: the rows that threads count in, and their sums. */
#pragma once

#include <stdatomic.h>

#include <stdio.h>

#include "base/buffer.h"
#include "telemetry/telemetry.h"

enum { TELEMETRY_SIDE_COUNT = 2 };

extern const double telemetry_bounds_s[TELEMETRY_BUCKET_COUNT - 1];

struct telemetry_row {
    _Atomic bool used; /* set once the key stands */
    enum telemetry_side side;
    const char *first_pointer;
    const char *method_pointer;
    char first[TELEMETRY_KEY_BYTES_MAX];
    char method[TELEMETRY_KEY_BYTES_MAX];
    _Atomic uint64_t statuses[STATUS_COUNT];
    _Atomic uint64_t buckets[TELEMETRY_BUCKET_COUNT];
    _Atomic uint64_t sum_ns;
};

struct telemetry_thread {
    struct telemetry_row rows[TELEMETRY_ROWS_MAX];
    struct telemetry_row other[TELEMETRY_SIDE_COUNT];
};

struct telemetry_source {
    void (*write)(void *state, struct telemetry_page *page);
    void *state;
};

struct telemetry {
    struct telemetry_source sources[TELEMETRY_SOURCES_MAX];
    size_t source_count;
    unsigned thread_count;
    _Alignas(64) struct telemetry_thread threads[];
};

struct telemetry_sum {
    const char *first;
    const char *method;
    uint64_t statuses[STATUS_COUNT];
    uint64_t buckets[TELEMETRY_BUCKET_COUNT];
    uint64_t sum_ns;
};

/* Threads may differ in which names they had room for: what the sums have no room for is added to
 * the last row, "other", too. */
struct telemetry_sums {
    size_t count; /* of the rows before the last */
    struct telemetry_sum rows[TELEMETRY_ROWS_MAX + 1];
};

struct telemetry_page {
    struct buffer *buffer;
    bool failed;
};

/* The families NAME_total and NAME's durations of one side. */
void telemetry_write_requests(struct telemetry_page *page, const char *name,
                              const char *first_label, const struct telemetry_sums *sums);
