/* Outcomes of writes, kept by idempotency keys (idempotency/idempotency.h): of all listeners. */
#include "process/process_private.h"

static void write_counter(struct telemetry_page *page, const char *labels, uint64_t count)
{
    telemetry_write_sample(page, "marquee_idempotency_answered_total", labels, (double)count);
}

static void write_metrics(void *state, struct telemetry_page *page)
{
    struct process *process = state;
    struct idempotency_counts counts;
    idempotency_count(process->idempotency, &counts);
    telemetry_write_family(page, "marquee_idempotency_keys", "gauge",
                           "Idempotency keys whose outcomes are kept, or under way.");
    telemetry_write_sample(page, "marquee_idempotency_keys", "", (double)counts.entries);
    telemetry_write_family(page, "marquee_idempotency_reply_bytes", "gauge",
                           "Bytes of the replies that are kept for them.");
    telemetry_write_sample(page, "marquee_idempotency_reply_bytes", "", (double)counts.reply_bytes);
    telemetry_write_family(page, "marquee_idempotency_answered_total", "counter",
                           "Writes whose key was known, by what they were told.");
    write_counter(page, "with=\"reply\"", counts.replayed);
    write_counter(page, "with=\"under_way\"", counts.refused_under_way);
    write_counter(page, "with=\"other_request\"", counts.refused_other_request);
    write_counter(page, "with=\"not_kept\"", counts.refused_not_kept);
    telemetry_write_family(page, "marquee_idempotency_dropped_total", "counter",
                           "Outcomes that were dropped before their time, for want of room.");
    telemetry_write_sample(page, "marquee_idempotency_dropped_total", "", (double)counts.dropped);
}

enum status process_idempotency_open(struct process *process, struct call *call)
{
    int64_t window_ms = config_duration_ms(process->config, "idempotency-window");
    enum status status = idempotency_store_create(window_ms, &process->idempotency);
    if (status != STATUS_OK) {
        return call_fail(call, status, "no memory for idempotency keys");
    }
    telemetry_add_source(process->telemetry, write_metrics, process);
    return STATUS_OK;
}

void process_idempotency_close(struct process *process)
{
    idempotency_store_destroy(process->idempotency);
}
