#include "sizecompare/size_report.h"

static void write_row(FILE *output, const struct measurement *row, const struct measurement *base)
{
    fprintf(output, "%-17s %-20s %8zu %7.2f %11.0f %7.2f %11.0f %7.2f\n", row->format->name,
            row->format->library, row->bytes, (double)row->bytes / (double)base->bytes,
            row->encode_ns, row->encode_ns / base->encode_ns, row->decode_ns,
            row->decode_ns / base->decode_ns);
}

static void write_section(FILE *output, const struct size_report_section *section)
{
    const struct measurement *base = &section->measurements[0];

    if (section->shape == SAMPLE_SINGLE) {
        fputs("one entry\n", output);
    } else {
        fprintf(output, "a list of %zu entries\n", section->entry_count);
    }
    fprintf(output, "%-17s %-20s %8s %7s %11s %7s %11s %7s\n", "format", "library", "bytes",
            "ratio", "encode, ns", "ratio", "decode, ns", "ratio");
    for (size_t i = 0; i < WIRE_FORMAT_COUNT; i++) {
        write_row(output, &section->measurements[i], base);
    }
}

void size_report_write_table(FILE *output, const struct size_report_section *sections, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            fputc('\n', output);
        }
        write_section(output, &sections[i]);
    }
    fprintf(output, "\nratio: to %s; times: of one document, the median of %d rounds\n",
            sections[0].measurements[0].format->name, MEASURE_ROUNDS);
}
