#include "sizecompare/measure.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "sizecompare/wire_format.h"

/* How many documents go by between two looks at the clock, which costs some 20 ns. */
enum { BATCH_ITERATIONS = 16 };

enum operation {
    OPERATION_ENCODE,
    OPERATION_DECODE,
    OPERATION_COUNT,
};

/* A format at work on a document. */
struct subject {
    const struct wire_format *format;
    const struct sample_document *document;
    void *state;
    struct arena arena;
    struct buffer bytes;
    double round_ns[OPERATION_COUNT][MEASURE_ROUNDS];
};

static enum status encode(struct subject *self)
{
    buffer_clear(&self->bytes);
    arena_reset(&self->arena);
    return self->format->encode(self->state, self->document, &self->arena, &self->bytes);
}

static enum status decode(struct subject *self, struct sample_document *ret_document)
{
    arena_reset(&self->arena);
    return self->format->decode(self->state, buffer_text(&self->bytes), self->document->shape,
                                &self->arena, ret_document);
}

static enum status subject_open(struct subject *self, const struct wire_format *format,
                                const struct sample_document *document)
{
    struct sample_document decoded;

    *self = (struct subject){.format = format, .document = document};
    arena_init(&self->arena, MEASURE_BYTES_MAX);
    buffer_init(&self->bytes, MEASURE_BYTES_MAX);
    enum status status = format->open != NULL ? format->open(&self->state) : STATUS_OK;
    if (status == STATUS_OK) {
        status = encode(self);
    }
    if (status == STATUS_OK) {
        status = decode(self, &decoded);
    }
    if (status == STATUS_OK && !sample_document_equal(document, &decoded)) {
        status = STATUS_DATA_LOSS;
    }
    return status;
}

static void subject_close(struct subject *self)
{
    if (self->format->close != NULL) {
        self->format->close(self->state);
    }
    buffer_deinit(&self->bytes);
    arena_deinit(&self->arena);
}

static enum status run_batch(struct subject *self, enum operation operation, int64_t iterations)
{
    enum status status = STATUS_OK;

    for (int64_t i = 0; i < iterations && status == STATUS_OK; i++) {
        struct sample_document decoded;
        status = operation == OPERATION_ENCODE ? encode(self) : decode(self, &decoded);
    }
    return status;
}

static enum status run_round(struct subject *self, const struct measure_plan *plan,
                             enum operation operation, double *ret_document_ns)
{
    int64_t batch = plan->iterations > 0 ? plan->iterations : BATCH_ITERATIONS;
    int64_t start_ns = clock_monotonic_ns();
    int64_t elapsed_ns = 0;
    int64_t done = 0;

    do {
        enum status status = run_batch(self, operation, batch);
        if (status != STATUS_OK) {
            return status;
        }
        done += batch;
        elapsed_ns = clock_monotonic_ns() - start_ns;
    } while (plan->iterations == 0 && elapsed_ns < plan->round_ns);
    *ret_document_ns = (double)elapsed_ns / (double)done;
    return STATUS_OK;
}

static enum status run_rounds(struct subject *subjects, const struct measure_plan *plan,
                              const struct wire_format **reterr_format)
{
    for (size_t round = 0; round < MEASURE_ROUNDS; round++) {
        for (size_t i = 0; i < plan->format_count; i++) {
            for (enum operation operation = 0; operation < OPERATION_COUNT; operation++) {
                double *document_ns = &subjects[i].round_ns[operation][round];
                enum status status = run_round(&subjects[i], plan, operation, document_ns);
                if (status != STATUS_OK) {
                    *reterr_format = plan->formats[i];
                    return status;
                }
            }
        }
    }
    return STATUS_OK;
}

static int compare_times(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

/* Orders the rounds. */
static double median(double rounds[static MEASURE_ROUNDS])
{
    qsort(rounds, MEASURE_ROUNDS, sizeof(rounds[0]), compare_times);
    return rounds[MEASURE_ROUNDS / 2];
}

enum status measure_document(const struct measure_plan *plan,
                             const struct sample_document *document,
                             struct measurement *ret_measurements,
                             const struct wire_format **reterr_format)
{
    struct subject subjects[MEASURE_FORMATS_MAX];
    enum status status = STATUS_OK;
    size_t opened = 0;

    CHECK(plan->format_count > 0 && plan->format_count <= MEASURE_FORMATS_MAX);
    while (opened < plan->format_count && status == STATUS_OK) {
        status = subject_open(&subjects[opened], plan->formats[opened], document);
        if (status != STATUS_OK) {
            *reterr_format = plan->formats[opened];
        }
        opened++;
    }
    if (status == STATUS_OK) {
        status = run_rounds(subjects, plan, reterr_format);
    }
    for (size_t i = 0; i < opened; i++) {
        if (status == STATUS_OK) {
            ret_measurements[i] = (struct measurement){
                .format = subjects[i].format,
                .bytes = subjects[i].bytes.length,
                .encode_ns = median(subjects[i].round_ns[OPERATION_ENCODE]),
                .decode_ns = median(subjects[i].round_ns[OPERATION_DECODE]),
            };
        }
        subject_close(&subjects[i]);
    }
    return status;
}
