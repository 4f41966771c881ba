#include "metadata/controller/metadata_feed.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"

enum { READS_IN_A_ROW = 64 }; /* on the loop's thread, before others have their turn */

static enum status validate(struct call *call, int64_t sequence, int32_t page_size, int32_t wait_ms)
{
    if (sequence < 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the sequence is below 0");
    }
    if (page_size < 0 || page_size > METADATA_PAGE_SIZE_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                         METADATA_PAGE_SIZE_MAX);
    }
    if (wait_ms < 0 || wait_ms > METADATA_FEED_WAIT_MS_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the wait must be 0 to %d ms",
                         METADATA_FEED_WAIT_MS_MAX);
    }
    return STATUS_OK;
}

static enum status look(struct metadata_controller *self, struct call *call, int64_t sequence,
                        size_t limit, struct metadata_changes *ret_changes)
{
    return self->repository.ops->list_changes(self->repository.state, call, sequence, limit,
                                              ret_changes);
}

/* Three quarters of the call's time at most: an answer that comes too late is none. */
static int64_t wait_until_ns(const struct call *call, int32_t wait_ms)
{
    int64_t wait_ns = wait_ms * CLOCK_NS_PER_MS;
    int64_t left_ns = call_remaining_ns(call);
    int64_t most_ns = left_ns - left_ns / 4;
    return clock_monotonic_ns() + (wait_ns < most_ns ? wait_ns : most_ns);
}

/* OK also when the time has passed without a change. */
static enum status await_change(struct metadata_controller *self, struct call *call,
                                int64_t sequence, size_t limit, int64_t until_ns,
                                struct metadata_changes *changes)
{
    enum status status = look(self, call, sequence, limit, changes);
    while (status == STATUS_OK && changes->last == sequence) {
        int64_t left_ns = until_ns - clock_monotonic_ns();
        int64_t most_ns = METADATA_FEED_LOOK_MS * CLOCK_NS_PER_MS;
        if (left_ns <= 0 || atomic_load(&self->waits_end)) {
            return STATUS_OK;
        }
        status = fiber_sleep(call, left_ns < most_ns ? left_ns : most_ns);
        if (status == STATUS_OK) {
            status = look(self, call, sequence, limit, changes);
        }
    }
    return status;
}

/* What stands under one id now. */
static enum status read_one(struct metadata_controller *self, struct call *call,
                            const struct metadata_change *change, struct metadata_changed *changed)
{
    *changed = (struct metadata_changed){.sequence = change->sequence, .id = change->id};
    enum status status =
        self->repository.ops->get(self->repository.state, call, change->id, &changed->metadata);
    if (status == STATUS_NOT_FOUND) {
        changed->is_removed = true;
        status = STATUS_OK;
    }
    return status;
}

/* As many as fit a reply, but one. */
static enum status read_entries(struct metadata_controller *self, struct call *call,
                                const struct metadata_changes *changes,
                                struct metadata_feed_page *page)
{
    size_t bytes = 0;
    struct metadata_changed *changed = arena_calloc(call->arena, changes->count, sizeof(*changed));
    if (changed == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    page->changes = changed;
    for (size_t i = 0; i < changes->count; i++) {
        enum status status = read_one(self, call, &changes->changes[i], &changed[i]);
        if (status != STATUS_OK) {
            return status;
        }
        bytes += metadata_bytes(&changed[i].metadata);
        if (bytes > METADATA_REPLY_BYTES_MAX && i > 0) {
            break;
        }
        page->count = i + 1;
        page->sequence = changed[i].sequence;
        if ((i + 1) % READS_IN_A_ROW == 0) {
            fiber_give_way();
        }
    }
    return STATUS_OK;
}

enum status metadata_controller_list_changes(struct metadata_controller *self, struct call *call,
                                             int64_t sequence, int32_t page_size, int32_t wait_ms,
                                             struct metadata_feed_page *ret_page)
{
    int64_t until_ns = wait_until_ns(call, wait_ms);
    size_t limit = page_size > 0 ? (size_t)page_size : METADATA_FEED_PAGE_SIZE_DEFAULT;
    struct metadata_changes changes = {.count = 0};
    struct metadata_feed_page page = {.sequence = sequence};
    enum status status = validate(call, sequence, page_size, wait_ms);
    if (status == STATUS_OK) {
        status = await_change(self, call, sequence, limit, until_ns, &changes);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (changes.last < sequence) {
        return call_fail(call, STATUS_OUT_OF_RANGE,
                         "there was no change %" PRId64 " here: the latest is %" PRId64, sequence,
                         changes.last);
    }
    status = read_entries(self, call, &changes, &page);
    if (status == STATUS_OK) {
        page.more = page.sequence < changes.last;
        *ret_page = page;
    }
    return status;
}

void metadata_controller_end_waits(struct metadata_controller *self)
{
    atomic_store(&self->waits_end, true);
}
