/* What the store is asked for and has not taken yet, for whoever wants to know from other threads.
 */
#include "base/clock.h"
#include "rating/ingester/rating_ingester_private.h"

/* A claim is asked for again each second at the most (eventlog's consumers); one that is not is of
 * a partition that others own by now. */
#define FORGOTTEN_NS (5 * CLOCK_NS_PER_S)

void ingest_wait_ask(struct ingest_wait *wait)
{
    int64_t now_ns = clock_monotonic_ns();
    atomic_store_explicit(&wait->asked_ns, now_ns, memory_order_relaxed);
    if (atomic_load_explicit(&wait->since_ns, memory_order_relaxed) == 0) {
        atomic_store_explicit(&wait->since_ns, now_ns, memory_order_relaxed);
    }
}

void ingest_wait_refused(struct ingest_wait *wait, enum status status)
{
    atomic_store_explicit(&wait->status, (int)status, memory_order_relaxed);
}

void ingest_wait_end(struct ingest_wait *wait)
{
    atomic_store_explicit(&wait->since_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&wait->status, (int)STATUS_OK, memory_order_relaxed);
}

/* 0: it does not wait. */
static int64_t waiting_ms(const struct ingest_wait *wait, enum status *ret_status)
{
    int64_t now_ns = clock_monotonic_ns();
    int64_t since_ns = atomic_load_explicit(&wait->since_ns, memory_order_relaxed);
    int64_t asked_ns = atomic_load_explicit(&wait->asked_ns, memory_order_relaxed);
    *ret_status = (enum status)atomic_load_explicit(&wait->status, memory_order_relaxed);
    bool was_refused = *ret_status != STATUS_OK && now_ns - asked_ns < FORGOTTEN_NS;
    bool is_slow =
        *ret_status == STATUS_OK && now_ns - since_ns >= RATING_INGESTER_SLOW_MS * CLOCK_NS_PER_MS;
    if (since_ns == 0 || !(was_refused || is_slow)) {
        return 0;
    }
    int64_t elapsed_ms = (now_ns - since_ns) / CLOCK_NS_PER_MS;
    return elapsed_ms > 0 ? elapsed_ms : 1;
}

bool rating_ingester_is_waiting(const struct rating_ingester *ingester, enum status *ret_status,
                                int64_t *ret_waiting_ms)
{
    enum status apply_status;
    enum status claim_status;
    int64_t apply_ms = waiting_ms(&ingester->apply_wait, &apply_status);
    int64_t claim_ms = waiting_ms(&ingester->claim_wait, &claim_status);
    if (apply_ms == 0 && claim_ms == 0) {
        return false;
    }
    *ret_waiting_ms = apply_ms > claim_ms ? apply_ms : claim_ms;
    *ret_status = apply_ms > claim_ms ? apply_status : claim_status;
    return true;
}
