#include "marquee/complaints.h"

#include <inttypes.h>

#include "marquee/import_report.h"
#include "marquee/terminal.h"

/* What cannot be written has nobody to be told. */
void complaints_add(struct complaints *complaints, const char *file, uint64_t line,
                    struct text reason)
{
    import_report_row(complaints->report, file, line, "refused", TEXT(""), reason);
    if (complaints->count++ >= COMPLAINTS_SHOWN_MAX) {
        return;
    }
    (void)fprintf(complaints->errors, "%s:%" PRIu64 ": ", file, line);
    terminal_print(complaints->errors, reason);
    (void)fputc('\n', complaints->errors);
}

void complaints_end(const struct complaints *complaints)
{
    if (complaints->count > COMPLAINTS_SHOWN_MAX) {
        (void)fprintf(complaints->errors, "and %" PRIu64 " more were refused\n",
                      complaints->count - COMPLAINTS_SHOWN_MAX);
    }
}
