#include "sizecompare/sizecompare.h"

#include "base/arena.h"
#include "base/clock.h"
#include "sizecompare/sample_catalogue.h"
#include "sizecompare/size_report.h"

enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
};

/* Room for the catalogue's entries. */
enum { ENTRIES_BYTES_MAX = 64 << 20 };

static bool is_within_bounds(const struct sizecompare_options *options)
{
    return options->iterations >= 0 && options->iterations <= SIZECOMPARE_ITERATIONS_MAX &&
           options->milliseconds >= 0 && options->milliseconds <= SIZECOMPARE_MILLISECONDS_MAX;
}

static const char *catalogue_problem(enum status status)
{
    if (status == STATUS_NOT_FOUND) {
        return "no such file";
    }
    if (status == STATUS_PERMISSION_DENIED) {
        return "may not be read";
    }
    if (status == STATUS_INVALID_ARGUMENT) {
        return "not a JSON list of entries with id, title, description and director";
    }
    return status == STATUS_RESOURCE_EXHAUSTED ? "too large" : "cannot be read";
}

static int measure_section(const struct sizecompare_options *options,
                           const struct sample_document *document, FILE *errors,
                           struct size_report_section *ret_section)
{
    int64_t milliseconds =
        options->milliseconds > 0 ? options->milliseconds : SIZECOMPARE_MILLISECONDS_DEFAULT;
    struct measure_plan plan = {
        .formats = wire_formats,
        .format_count = WIRE_FORMAT_COUNT,
        .iterations = options->iterations,
        .round_ns = milliseconds * CLOCK_NS_PER_MS,
    };
    struct size_report_section section = {
        .shape = document->shape,
        .entry_count = document->count,
    };
    const struct wire_format *failed = NULL;
    enum status status = measure_document(&plan, document, section.measurements, &failed);

    if (status != STATUS_OK) {
        fprintf(errors, "sizecompare: %s: %s: %s\n", failed->name,
                document->shape == SAMPLE_SINGLE ? "one entry" : "the list",
                status == STATUS_DATA_LOSS ? "gave back other content" : status_name(status));
        return EXIT_FAILED;
    }
    *ret_section = section;
    return EXIT_OK;
}

static int write_report(const struct sizecompare_options *options, FILE *errors,
                        const struct size_report_section *sections, size_t count)
{
    FILE *output = options->output != NULL ? options->output : stdout;

    if (options->json) {
        size_report_write_json(output, sections, count);
    } else {
        size_report_write_table(output, sections, count);
    }
    if (fflush(output) != 0 || ferror(output)) {
        fprintf(errors, "sizecompare: the output cannot be written\n");
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

int sizecompare_run(const struct sizecompare_options *options)
{
    FILE *errors = options->errors != NULL ? options->errors : stderr;

    if (!is_within_bounds(options)) {
        fprintf(errors, "sizecompare: iterations are 0 to %lld, milliseconds 0 to %lld\n",
                (long long)SIZECOMPARE_ITERATIONS_MAX, (long long)SIZECOMPARE_MILLISECONDS_MAX);
        return EXIT_USAGE;
    }
    CLEANUP(arena_deinit) struct arena arena;
    arena_init(&arena, ENTRIES_BYTES_MAX);
    struct sample_document list;
    enum status status =
        sample_catalogue_load(options->catalogue, SIZECOMPARE_LIST_ENTRIES, &arena, &list);
    if (status != STATUS_OK) {
        fprintf(errors, "sizecompare: %s: %s\n",
                options->catalogue != NULL ? options->catalogue : "the catalogue built in",
                catalogue_problem(status));
        return EXIT_FAILED;
    }
    const struct sample_document single = sample_document_reference();
    struct size_report_section sections[2];
    int exit_status = measure_section(options, &single, errors, &sections[0]);
    if (exit_status == EXIT_OK) {
        exit_status = measure_section(options, &list, errors, &sections[1]);
    }
    return exit_status == EXIT_OK ? write_report(options, errors, sections, ARRAY_LENGTH(sections))
                                  : exit_status;
}
