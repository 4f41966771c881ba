#include "rating/rating_guard.h"

#include "telemetry/telemetry.h"

static void write_metrics(void *state, struct telemetry_page *page)
{
    telemetry_write_family(page, "marquee_rating_held_votes_total", "counter",
                           "Votes of bursts that were held for review.");
    telemetry_write_sample(page, "marquee_rating_held_votes_total", "",
                           (double)rating_burst_held(state));
}

enum status rating_guard_open(struct process *process, struct call *call,
                              struct rating_burst **ret_burst)
{
    const struct config *config = process_config(process);
    struct rating_burst *burst = NULL;
    if (text_equal(config_text(config, "burst-guard"), TEXT("quarantine"))) {
        const struct rating_burst_options options = {
            .window_ms = config_duration_ms(config, "burst-window"),
            .floor = (uint32_t)config_integer(config, "burst-floor"),
            .multiple = (uint32_t)config_integer(config, "burst-multiple"),
        };
        enum status status = rating_burst_create(&options, &burst);
        if (status != STATUS_OK) {
            return call_fail(call, status, "no memory for the guard against bursts");
        }
        telemetry_add_source(process_telemetry(process), write_metrics, burst);
    }
    *ret_burst = burst;
    return STATUS_OK;
}
