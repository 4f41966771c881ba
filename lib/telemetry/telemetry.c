#include "telemetry/telemetry.h"

#include <stdlib.h>

#include "telemetry/telemetry_private.h"

enum { CACHE_LINE_BYTES = 64 };

const double telemetry_bounds_s[TELEMETRY_BUCKET_COUNT - 1] = {
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5,
};

static const char *const first_labels[TELEMETRY_SIDE_COUNT] = {"protocol", "target"};
static const char *const request_names[TELEMETRY_SIDE_COUNT] = {"marquee_requests",
                                                                "marquee_dependency_calls"};

static bool copy_key(char key[static TELEMETRY_KEY_BYTES_MAX], const char *string)
{
    return text_to_c_string(text_of(string), key, TELEMETRY_KEY_BYTES_MAX);
}

enum status telemetry_create(unsigned threads, struct telemetry **ret_telemetry)
{
    size_t bytes = sizeof(struct telemetry) + threads * sizeof(struct telemetry_thread);
    bytes = (bytes + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    struct telemetry *telemetry = aligned_alloc(CACHE_LINE_BYTES, bytes);
    if (telemetry == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    memset(telemetry, 0, bytes);
    telemetry->thread_count = threads;
    for (unsigned i = 0; i < threads; i++) {
        for (size_t side = 0; side < TELEMETRY_SIDE_COUNT; side++) {
            CHECK(copy_key(telemetry->threads[i].other[side].first, "other") &&
                  copy_key(telemetry->threads[i].other[side].method, "other"));
        }
    }
    *ret_telemetry = telemetry;
    return STATUS_OK;
}

void telemetry_destroy(struct telemetry *telemetry)
{
    free(telemetry);
}

/* The thread's row of that key, made when it is new. Names come from tables, so a pointer seen
 * before is the same name; two pointers to equal names get two rows, which the page adds up. */
static struct telemetry_row *row_of(struct telemetry_thread *thread, enum telemetry_side side,
                                    const char *first, const char *method)
{
    size_t hash = ((uintptr_t)method >> 3 ^ (uintptr_t)first) % TELEMETRY_ROWS_MAX;
    for (size_t i = 0; i < TELEMETRY_ROWS_MAX; i++) {
        struct telemetry_row *row = &thread->rows[(hash + i) % TELEMETRY_ROWS_MAX];
        if (row->method_pointer == method && row->first_pointer == first && row->side == side) {
            return row;
        }
        if (row->method_pointer == NULL) {
            if (!copy_key(row->first, first) || !copy_key(row->method, method)) {
                return NULL;
            }
            row->side = side;
            row->first_pointer = first;
            row->method_pointer = method;
            atomic_store_explicit(&row->used, true, memory_order_release);
            return row;
        }
    }
    return NULL;
}

/* Only one thread adds, so that no read-modify-write is needed; atomic for the thread that writes
 * pages. */
static void add(_Atomic uint64_t *cell, uint64_t amount)
{
    uint64_t value = atomic_load_explicit(cell, memory_order_relaxed);
    atomic_store_explicit(cell, value + amount, memory_order_relaxed);
}

void telemetry_observe(struct telemetry *telemetry, unsigned thread, enum telemetry_side side,
                       const char *first, const char *method, enum status status,
                       int64_t duration_ns)
{
    CHECK(thread < telemetry->thread_count);
    struct telemetry_row *row = row_of(&telemetry->threads[thread], side, first, method);
    if (row == NULL) {
        row = &telemetry->threads[thread].other[side];
        atomic_store_explicit(&row->used, true, memory_order_release);
    }
    size_t bucket = 0;
    double seconds = (double)duration_ns * 1e-9;
    while (bucket < TELEMETRY_BUCKET_COUNT - 1 && seconds > telemetry_bounds_s[bucket]) {
        bucket++;
    }
    add(&row->statuses[status_from_number((long)status)], 1);
    add(&row->buckets[bucket], 1);
    add(&row->sum_ns, duration_ns > 0 ? (uint64_t)duration_ns : 0);
}

void telemetry_add_source(struct telemetry *telemetry,
                          void (*write)(void *state, struct telemetry_page *page), void *state)
{
    CHECK(telemetry->source_count < TELEMETRY_SOURCES_MAX);
    telemetry->sources[telemetry->source_count++] = (struct telemetry_source){write, state};
}

static struct telemetry_sum *sum_of(struct telemetry_sums *sums, const struct telemetry_row *row)
{
    for (size_t i = 0; i < sums->count; i++) {
        if (strcmp(sums->rows[i].first, row->first) == 0 &&
            strcmp(sums->rows[i].method, row->method) == 0) {
            return &sums->rows[i];
        }
    }
    if (sums->count == TELEMETRY_ROWS_MAX) {
        return &sums->rows[TELEMETRY_ROWS_MAX];
    }
    struct telemetry_sum *sum = &sums->rows[sums->count++];
    sum->first = row->first;
    sum->method = row->method;
    return sum;
}

static void add_row(struct telemetry_sum *sum, const struct telemetry_row *row)
{
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        sum->statuses[i] += atomic_load_explicit(&row->statuses[i], memory_order_relaxed);
    }
    for (size_t i = 0; i < TELEMETRY_BUCKET_COUNT; i++) {
        sum->buckets[i] += atomic_load_explicit(&row->buckets[i], memory_order_relaxed);
    }
    sum->sum_ns += atomic_load_explicit(&row->sum_ns, memory_order_relaxed);
}

static void add_up(const struct telemetry *telemetry, enum telemetry_side side,
                   struct telemetry_sums *sums)
{
    struct telemetry_sum *other = &sums->rows[TELEMETRY_ROWS_MAX];
    other->first = "other";
    other->method = "other";
    for (unsigned thread = 0; thread < telemetry->thread_count; thread++) {
        const struct telemetry_thread *rows = &telemetry->threads[thread];
        for (size_t i = 0; i < TELEMETRY_ROWS_MAX; i++) {
            if (atomic_load_explicit(&rows->rows[i].used, memory_order_acquire) &&
                rows->rows[i].side == side) {
                add_row(sum_of(sums, &rows->rows[i]), &rows->rows[i]);
            }
        }
        if (atomic_load_explicit(&rows->other[side].used, memory_order_acquire)) {
            add_row(other, &rows->other[side]);
        }
    }
}

bool telemetry_write(const struct telemetry *telemetry, struct buffer *buffer)
{
    struct telemetry_page page = {.buffer = buffer};
    for (size_t side = 0; side < TELEMETRY_SIDE_COUNT; side++) {
        struct telemetry_sums *sums = calloc(1, sizeof(*sums));
        if (sums == NULL) {
            return false;
        }
        add_up(telemetry, (enum telemetry_side)side, sums);
        telemetry_write_requests(&page, request_names[side], first_labels[side], sums);
        free(sums);
    }
    for (size_t i = 0; i < telemetry->source_count; i++) {
        telemetry->sources[i].write(telemetry->sources[i].state, &page);
    }
    return !page.failed;
}
