#include "eventlog/local_upkeep.h"

#include "base/clock.h"

/* Each does a piece and says whether there is more of its kind. */
static bool sweep(struct local_upkeep *upkeep, struct local_store *store)
{
    bool more = false;
    struct local_failure failure;
    (void)upkeep;
    return local_store_sweep(store, &more, &failure) == STATUS_OK && more;
}

static bool retain(struct local_upkeep *upkeep, struct local_store *store)
{
    bool more = false;
    struct local_failure failure;
    (void)upkeep;
    return local_store_retain(store, clock_wall_ms(), &more, &failure) == STATUS_OK && more;
}

static bool expire(struct local_upkeep *upkeep, struct local_store *store)
{
    bool more = false;
    struct local_failure failure;
    int64_t before_ms = clock_wall_ms() - upkeep->sequences_ms;
    return local_store_expire_sequences(store, before_ms, &more, &failure) == STATUS_OK && more;
}

static bool compact(struct local_upkeep *upkeep, struct local_store *store)
{
    struct local_compaction *compaction = &upkeep->compaction;
    struct local_failure failure;
    enum status status = compaction->active
                             ? local_compaction_step(compaction, store, &failure)
                             : local_compaction_begin(compaction, store, clock_wall_ms(),
                                                      upkeep->compact_bytes, &failure);
    if (status != STATUS_OK) {
        local_compaction_stop(compaction);
    }
    return compaction->active;
}

static bool (*const duties[])(struct local_upkeep *upkeep,
                              struct local_store *store) = {sweep, retain, expire, compact};

int64_t local_upkeep_due_ns(const struct local_upkeep *upkeep)
{
    return upkeep->due_ns;
}

void local_upkeep_step(struct local_upkeep *upkeep, struct local_store *store)
{
    int64_t now_ns = clock_monotonic_ns();
    if (now_ns < upkeep->due_ns || duties[upkeep->duty](upkeep, store)) {
        return;
    }
    upkeep->duty = (upkeep->duty + 1) % ARRAY_LENGTH(duties);
    if (upkeep->duty == 0) {
        upkeep->due_ns = now_ns + upkeep->period_ms * CLOCK_NS_PER_MS;
    }
}

void local_upkeep_deinit(struct local_upkeep *upkeep)
{
    local_compaction_stop(&upkeep->compaction);
}
