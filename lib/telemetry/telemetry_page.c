/* Prometheus's text exposition format, version 0.0.4. */
#include "telemetry/telemetry_private.h"

static void keep(struct telemetry_page *page, bool fitted)
{
    page->failed = page->failed || !fitted;
}

void telemetry_write_family(struct telemetry_page *page, const char *name, const char *kind,
                            const char *help)
{
    keep(page, buffer_format(page->buffer, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind));
}

void telemetry_write_sample(struct telemetry_page *page, const char *name, const char *labels,
                            double value)
{
    bool bare = labels[0] == '\0';
    keep(page, buffer_format(page->buffer, "%s%s%s%s %.17g\n", name, bare ? "" : "{", labels,
                             bare ? "" : "}", value));
}

static void write_counts(struct telemetry_page *page, const char *name, const char *first_label,
                         const struct telemetry_sum *sum)
{
    for (int status = 0; status < STATUS_COUNT; status++) {
        if (sum->statuses[status] > 0) {
            keep(page, buffer_format(page->buffer,
                                     "%s_total{%s=\"%s\",method=\"%s\",status=\"%s\"} %llu\n", name,
                                     first_label, sum->first, sum->method,
                                     status_name((enum status)status),
                                     (unsigned long long)sum->statuses[status]));
        }
    }
}

static bool is_counted(const struct telemetry_sum *sum)
{
    for (size_t i = 0; i < TELEMETRY_BUCKET_COUNT; i++) {
        if (sum->buckets[i] > 0) {
            return true;
        }
    }
    return false;
}

static void write_durations(struct telemetry_page *page, const char *name, const char *first_label,
                            const struct telemetry_sum *sum)
{
    unsigned long long count = 0;
    for (size_t i = 0; i < TELEMETRY_BUCKET_COUNT; i++) {
        char bound[32] = "+Inf";
        if (i < TELEMETRY_BUCKET_COUNT - 1) {
            (void)snprintf(bound, sizeof(bound), "%g", telemetry_bounds_s[i]); /* fits */
        }
        count += sum->buckets[i];
        keep(page,
             buffer_format(page->buffer,
                           "%s_duration_seconds_bucket{%s=\"%s\",method=\"%s\",le=\"%s\"} %llu\n",
                           name, first_label, sum->first, sum->method, bound, count));
    }
    keep(page,
         buffer_format(page->buffer, "%s_duration_seconds_sum{%s=\"%s\",method=\"%s\"} %.9f\n",
                       name, first_label, sum->first, sum->method, (double)sum->sum_ns * 1e-9));
    keep(page,
         buffer_format(page->buffer, "%s_duration_seconds_count{%s=\"%s\",method=\"%s\"} %llu\n",
                       name, first_label, sum->first, sum->method, count));
}

void telemetry_write_requests(struct telemetry_page *page, const char *name,
                              const char *first_label, const struct telemetry_sums *sums)
{
    keep(page, buffer_format(page->buffer,
                             "# HELP %s_total Finished, by outcome.\n"
                             "# TYPE %s_total counter\n",
                             name, name));
    for (size_t i = 0; i < ARRAY_LENGTH(sums->rows); i++) {
        write_counts(page, name, first_label, &sums->rows[i]);
    }
    keep(page, buffer_format(page->buffer,
                             "# HELP %s_duration_seconds From first to last byte.\n"
                             "# TYPE %s_duration_seconds histogram\n",
                             name, name));
    for (size_t i = 0; i < ARRAY_LENGTH(sums->rows); i++) {
        if (is_counted(&sums->rows[i])) {
            write_durations(page, name, first_label, &sums->rows[i]);
        }
    }
}
