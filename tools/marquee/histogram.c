#include "marquee/histogram.h"

#include "marquee/terminal.h"
#include "rating/model/rating.h"

enum { BAR_WIDTH_MAX = 50, BAR_WIDTH_MIN = 8, BESIDE_BAR = 16 /* the points, the count */ };

static unsigned bar_width(FILE *output)
{
    size_t columns = terminal_text_columns(output);
    if (columns >= BAR_WIDTH_MAX + BESIDE_BAR) {
        return BAR_WIDTH_MAX;
    }
    return columns > BAR_WIDTH_MIN + BESIDE_BAR ? (unsigned)columns - BESIDE_BAR : BAR_WIDTH_MIN;
}

/* longest: what the largest count takes. */
static void print_bar(FILE *output, uint32_t count, uint32_t largest, unsigned longest)
{
    unsigned width = (unsigned)((uint64_t)count * longest / largest);
    (void)fputs(terminal_colour(output, TERMINAL_GREEN), output);
    /* A few votes are more than none. */
    for (unsigned i = 0; i < (width == 0 && count > 0 ? 1 : width); i++) {
        (void)fputc('#', output);
    }
    (void)fprintf(output, "%s %u\n", terminal_colour(output, TERMINAL_PLAIN), count);
}

static void print_rows(FILE *output, const uint32_t *bins, size_t from, size_t to)
{
    unsigned longest = bar_width(output);
    uint32_t largest = 1;
    for (size_t i = from; i < to; i++) {
        largest = bins[i] > largest ? bins[i] : largest;
    }
    for (size_t i = from; i < to; i++) {
        (void)fprintf(output, "  %4.1f  ",
                      (double)(i * RATING_BIN_HUNDREDTHS) / RATING_HUNDREDTHS_PER_POINT);
        print_bar(output, bins[i], largest, longest);
    }
}

void histogram_print(FILE *output, const uint32_t *bins, size_t count)
{
    print_rows(output, bins, 0, count);
}

void histogram_print_used(FILE *output, const uint32_t *bins, size_t count)
{
    size_t from = 0;
    size_t to = count;
    while (from < to && bins[from] == 0) {
        from++;
    }
    while (to > from && bins[to - 1] == 0) {
        to--;
    }
    print_rows(output, bins, from, to);
}
