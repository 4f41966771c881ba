#include "grpc/grpc_outlier.h"

#include "base/clock.h"

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value > 0 ? value : fallback;
}

static int64_t or_default_ms(int64_t value_ms, int64_t fallback_ms)
{
    return value_ms > 0 ? value_ms : fallback_ms;
}

void grpc_outlier_init(struct grpc_outlier *outlier, const struct grpc_outlier_options *options)
{
    *outlier = (struct grpc_outlier){.count = 0};
    list_init(&outlier->hosts);
    if (options == NULL) {
        return;
    }
    struct grpc_outlier_options *own = &outlier->options;
    *own = *options;
    own->interval_ms = or_default_ms(own->interval_ms, GRPC_OUTLIER_INTERVAL_MS);
    own->ejection_ms = or_default_ms(own->ejection_ms, GRPC_OUTLIER_EJECTION_MS);
    own->ejection_ms_max = or_default_ms(own->ejection_ms_max, GRPC_OUTLIER_EJECTION_MS_MAX);
    own->ejected_percent_max =
        or_default(own->ejected_percent_max, GRPC_OUTLIER_EJECTED_PERCENT_MAX);
    own->rate_hosts_min = or_default(own->rate_hosts_min, GRPC_OUTLIER_HOSTS_MIN);
    own->rate_calls_min = or_default(own->rate_calls_min, GRPC_OUTLIER_RATE_CALLS_MIN);
    own->percent_hosts_min = or_default(own->percent_hosts_min, GRPC_OUTLIER_HOSTS_MIN);
    own->percent_calls_min = or_default(own->percent_calls_min, GRPC_OUTLIER_PERCENT_CALLS_MIN);
}

void grpc_outlier_add(struct grpc_outlier *outlier, struct grpc_outlier_host *host)
{
    host->added = true;
    list_append(&outlier->hosts, &host->link);
    outlier->count++;
}

static void admit_again(struct grpc_outlier *outlier, struct grpc_outlier_host *host)
{
    host->ejected = false;
    host->failures_in_a_row = 0;
    outlier->ejected--;
}

void grpc_outlier_remove(struct grpc_outlier *outlier, struct grpc_outlier_host *host)
{
    if (!host->added) {
        return;
    }
    if (host->ejected) {
        admit_again(outlier, host);
    }
    host->added = false;
    list_remove(&host->link);
    outlier->count--;
}

/* The first one may always be. */
static void eject(struct grpc_outlier *outlier, struct grpc_outlier_host *host, int64_t now_ns)
{
    bool is_enough =
        outlier->ejected * 100 >= (size_t)outlier->options.ejected_percent_max * outlier->count;
    if (host->ejected || is_enough) {
        return;
    }
    host->ejected = true;
    host->ejected_ns = now_ns;
    host->ejections++;
    outlier->ejected++;
}

void grpc_outlier_count(struct grpc_outlier *outlier, struct grpc_outlier_host *host,
                        enum status status, int64_t duration_ns, int64_t now_ns)
{
    if (status == STATUS_DEADLINE_EXCEEDED &&
        duration_ns < GRPC_OUTLIER_PATIENCE_MS * CLOCK_NS_PER_MS) {
        return;
    }
    if ((GRPC_OUTLIER_FAILURES & 1U << status) == 0) {
        host->successes++;
        host->failures_in_a_row = 0;
        return;
    }
    host->failures++;
    host->failures_in_a_row++;
    unsigned most = outlier->options.consecutive_failures;
    if (host->added && most > 0 && host->failures_in_a_row >= most) {
        eject(outlier, host, now_ns);
    }
}

static uint64_t calls_of(const struct grpc_outlier_host *host)
{
    return (uint64_t)host->successes + host->failures;
}

static double rate_of(const struct grpc_outlier_host *host)
{
    return (double)host->successes / (double)calls_of(host);
}

static struct grpc_outlier_host *host_of(const struct list *link)
{
    return CONTAINER_OF((struct list *)(uintptr_t)link, struct grpc_outlier_host, link);
}

static size_t count_busy(const struct grpc_outlier *outlier, unsigned calls_min)
{
    size_t count = 0;
    for (const struct list *link = outlier->hosts.next; link != &outlier->hosts;
         link = link->next) {
        count += calls_of(host_of(link)) >= calls_min;
    }
    return count;
}

/* Whether the rate is further below the mean than the deviation allows; compared by squares, which
 * spares the root. */
static bool is_far_below(double rate, double mean, double variance, unsigned deviation)
{
    double below = mean - rate;
    double factor = deviation / 1000.0;
    return below > 0 && below * below > factor * factor * variance;
}

static void compare_rates(struct grpc_outlier *outlier, int64_t now_ns)
{
    const struct grpc_outlier_options *options = &outlier->options;
    size_t count = count_busy(outlier, options->rate_calls_min);
    double mean = 0;
    double variance = 0;
    if (count == 0 || count < options->rate_hosts_min) {
        return;
    }
    for (struct list *link = outlier->hosts.next; link != &outlier->hosts; link = link->next) {
        if (calls_of(host_of(link)) >= options->rate_calls_min) {
            mean += rate_of(host_of(link)) / (double)count;
        }
    }
    for (struct list *link = outlier->hosts.next; link != &outlier->hosts; link = link->next) {
        if (calls_of(host_of(link)) >= options->rate_calls_min) {
            double difference = rate_of(host_of(link)) - mean;
            variance += difference * difference / (double)count;
        }
    }
    for (struct list *link = outlier->hosts.next; link != &outlier->hosts; link = link->next) {
        struct grpc_outlier_host *host = host_of(link);
        if (calls_of(host) >= options->rate_calls_min &&
            is_far_below(rate_of(host), mean, variance, options->rate_deviation)) {
            eject(outlier, host, now_ns);
        }
    }
}

static void look_at_failures(struct grpc_outlier *outlier, int64_t now_ns)
{
    const struct grpc_outlier_options *options = &outlier->options;
    size_t count = count_busy(outlier, options->percent_calls_min);
    if (count < options->percent_hosts_min) {
        return;
    }
    for (struct list *link = outlier->hosts.next; link != &outlier->hosts; link = link->next) {
        struct grpc_outlier_host *host = host_of(link);
        if (calls_of(host) >= options->percent_calls_min &&
            (uint64_t)host->failures * 100 > options->failure_percent * calls_of(host)) {
            eject(outlier, host, now_ns);
        }
    }
}

static int64_t ejection_ns(const struct grpc_outlier_options *options, uint32_t ejections)
{
    int64_t most_ms = options->ejection_ms_max > options->ejection_ms ? options->ejection_ms_max
                                                                      : options->ejection_ms;
    int64_t time_ms =
        ejections <= most_ms / options->ejection_ms ? options->ejection_ms * ejections : most_ms;
    return time_ms * CLOCK_NS_PER_MS;
}

static void let_time_pass(struct grpc_outlier *outlier, struct grpc_outlier_host *host,
                          int64_t now_ns)
{
    host->successes = 0;
    host->failures = 0;
    if (!host->ejected) {
        host->ejections -= host->ejections > 0;
    } else if (now_ns - host->ejected_ns >= ejection_ns(&outlier->options, host->ejections)) {
        admit_again(outlier, host);
    }
}

void grpc_outlier_sweep(struct grpc_outlier *outlier, int64_t now_ns)
{
    if (outlier->options.rate_deviation > 0) {
        compare_rates(outlier, now_ns);
    }
    if (outlier->options.failure_percent > 0) {
        look_at_failures(outlier, now_ns);
    }
    for (struct list *link = outlier->hosts.next; link != &outlier->hosts; link = link->next) {
        let_time_pass(outlier, host_of(link), now_ns);
    }
}

bool grpc_outlier_avoids(const struct grpc_outlier *outlier, const struct grpc_outlier_host *host)
{
    return host->ejected &&
           outlier->ejected * 100 <= (size_t)GRPC_OUTLIER_PANIC_PERCENT * outlier->count;
}
