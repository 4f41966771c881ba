#include "marquee/metrics_page.h"

/* What the line says, if it is a sample of the family: `family 1` or `family{…} 1`. Labels of ours
 * have no '}' in them. */
static bool read_sample(struct text line, struct text family, double *ret_value)
{
    if (!text_starts_with(line, family)) {
        return false;
    }
    struct text rest = text_slice(line, family.length, line.length);
    if (text_starts_with(rest, TEXT("{"))) {
        (void)text_next(&rest, '}');
    }
    return text_starts_with(rest, TEXT(" ")) && text_to_double(text_trim(rest), ret_value);
}

struct samples {
    unsigned count;
    double sum;
    double max;
};

static struct samples read_samples(struct text page, const char *family)
{
    struct samples samples = {.count = 0};
    struct text name = text_of(family);
    double value;
    while (page.data != NULL) {
        if (read_sample(text_next(&page, '\n'), name, &value)) {
            samples.max = samples.count == 0 || value > samples.max ? value : samples.max;
            samples.sum += value;
            samples.count++;
        }
    }
    return samples;
}

bool metrics_page_sum(struct text page, const char *family, double *ret_sum)
{
    struct samples samples = read_samples(page, family);
    *ret_sum = samples.sum;
    return samples.count > 0;
}

bool metrics_page_max(struct text page, const char *family, double *ret_max)
{
    struct samples samples = read_samples(page, family);
    *ret_max = samples.max;
    return samples.count > 0;
}
