#include "marquee/import_report.h"

#include <errno.h>
#include <inttypes.h>

#include "marquee/csv_writer.h"

enum status import_report_open(struct call *call, struct text path,
                               struct import_report *ret_report)
{
    *ret_report = (struct import_report){.path = path.data};
    if (path.length == 0) {
        return STATUS_OK;
    }
    ret_report->file = fopen(path.data, "we");
    if (ret_report->file == NULL) {
        return call_fail(call, STATUS_UNAVAILABLE, "%s: %s", path.data, strerrordesc_np(errno));
    }
    (void)fputs("file,row,outcome,movie,detail\n", ret_report->file); /* found by close */
    return STATUS_OK;
}

/* What cannot be written is found by import_report_close(). */
void import_report_row(struct import_report *report, const char *file, uint64_t row,
                       const char *outcome, struct text movie, struct text detail)
{
    if (report == NULL || report->file == NULL) {
        return;
    }
    csv_write_field(report->file, text_of(file));
    (void)fprintf(report->file, ",%" PRIu64 ",%s,", row, outcome);
    csv_write_field(report->file, movie);
    (void)fputc(',', report->file);
    csv_write_field(report->file, detail);
    (void)fputc('\n', report->file);
}

enum status import_report_close(struct call *call, struct import_report *report)
{
    if (report->file == NULL) {
        return STATUS_OK;
    }
    bool is_written = ferror(report->file) == 0;
    is_written = fclose(report->file) == 0 && is_written;
    report->file = NULL;
    return is_written ? STATUS_OK
                      : call_fail(call, STATUS_UNAVAILABLE, "%s: the report cannot be written",
                                  report->path);
}
