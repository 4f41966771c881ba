#include "marquee/progress.h"

#include <inttypes.h>

#include "base/clock.h"
#include "marquee/terminal.h"

enum { BAR_WIDTH = 30, BESIDE_BAR = 30 /* what the figures take */, REDRAW_MS = 100 };

void progress_init(struct progress *progress, FILE *errors, const char *label, uint64_t total)
{
    *progress = (struct progress){.errors = errors,
                                  .label = label,
                                  .total = total,
                                  .started_ns = clock_monotonic_ns(),
                                  .is_shown = terminal_is_fancy(errors)};
}

double progress_seconds(const struct progress *progress)
{
    return (double)(clock_monotonic_ns() - progress->started_ns) / (double)CLOCK_NS_PER_S;
}

/* As if it went on as it went so far. */
static void draw_left(const struct progress *progress, uint64_t done, double seconds)
{
    enum { SECONDS_OF_MINUTE = 60, MINUTES_OF_HOUR = 60 };
    if (progress->total == 0 || done == 0 || done > progress->total || seconds < 1) {
        return;
    }
    double left = seconds * (double)(progress->total - done) / (double)done;
    uint64_t whole = left < (double)UINT32_MAX ? (uint64_t)left : UINT32_MAX;
    uint64_t minutes = whole / SECONDS_OF_MINUTE;
    (void)fprintf(progress->errors, ", %" PRIu64 ":%02" PRIu64 ":%02" PRIu64 " left",
                  minutes / MINUTES_OF_HOUR, minutes % MINUTES_OF_HOUR, whole % SECONDS_OF_MINUTE);
}

/* Not where it would break the line, which could not be drawn over then. */
static void draw_bar(const struct progress *progress, double part)
{
    if (terminal_columns(progress->errors) < strlen(progress->label) + BAR_WIDTH + BESIDE_BAR) {
        return;
    }
    (void)fputc('[', progress->errors);
    for (int i = 0; i < BAR_WIDTH; i++) {
        (void)fputc(i < (int)(part * BAR_WIDTH) ? '#' : '-', progress->errors);
    }
    (void)fputs("] ", progress->errors);
}

/* A bar that cannot be drawn has nobody to be told. */
void progress_update(struct progress *progress, uint64_t done, uint64_t count)
{
    int64_t now_ns = clock_monotonic_ns();
    if (!progress->is_shown || now_ns < progress->next_ns) {
        return;
    }
    progress->next_ns = now_ns + REDRAW_MS * CLOCK_NS_PER_MS;
    double seconds = progress_seconds(progress);
    double rate = seconds > 0 ? (double)count / seconds : 0;
    (void)fprintf(progress->errors, "\r%s ", progress->label);
    if (progress->total > 0) {
        double part =
            (double)(done < progress->total ? done : progress->total) / (double)progress->total;
        draw_bar(progress, part);
        (void)fprintf(progress->errors, "%3.0f%% ", part * 100);
    }
    (void)fprintf(progress->errors, "%" PRIu64 " (%.0f/s)", count, rate);
    draw_left(progress, done, seconds);
    (void)fputs("\x1b[K", progress->errors);
    (void)fflush(progress->errors);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown) {
        (void)fputs("\r\x1b[K", progress->errors);
        (void)fflush(progress->errors);
    }
}
