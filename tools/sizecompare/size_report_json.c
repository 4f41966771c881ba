#include "sizecompare/size_report.h"

/* Names and libraries are constants of this program that need no escapes. */
static void write_format(FILE *output, const struct measurement *row,
                         const struct measurement *base)
{
    fprintf(
        output,
        "{\"format\":\"%s\",\"library\":\"%s\",\"bytes\":%zu,\"encodeNs\":%.1f,\"decodeNs\":%.1f,"
        "\"bytesRatio\":%.4f,\"encodeRatio\":%.4f,\"decodeRatio\":%.4f}",
        row->format->name, row->format->library, row->bytes, row->encode_ns, row->decode_ns,
        (double)row->bytes / (double)base->bytes, row->encode_ns / base->encode_ns,
        row->decode_ns / base->decode_ns);
}

static void write_section(FILE *output, const struct size_report_section *section)
{
    fprintf(output, "{\"shape\":\"%s\",\"entries\":%zu,\"formats\":[",
            section->shape == SAMPLE_SINGLE ? "single" : "list", section->entry_count);
    for (size_t i = 0; i < WIRE_FORMAT_COUNT; i++) {
        fputs(i > 0 ? "," : "", output);
        write_format(output, &section->measurements[i], &section->measurements[0]);
    }
    fputs("]}", output);
}

void size_report_write_json(FILE *output, const struct size_report_section *sections, size_t count)
{
    fprintf(output, "{\"rounds\":%d,\"documents\":[", MEASURE_ROUNDS);
    for (size_t i = 0; i < count; i++) {
        fputs(i > 0 ? "," : "", output);
        write_section(output, &sections[i]);
    }
    fputs("]}\n", output);
}
