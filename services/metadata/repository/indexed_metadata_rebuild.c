/* New segments, made on the worker's thread. Only these jobs publish, one at a time. */
#include <stdlib.h>

#include "base/clock.h"
#include "metadata/repository/indexed_metadata_private.h"

static void tell_full(struct indexed_metadata_search *self)
{
    if (!self->is_told_full) {
        self->is_told_full = true;
        log_write(self->log, LOG_WARNING, "there are more movies than the search index holds",
                  LOG_FIELDS(log_integer("documents_max", INDEXED_SEARCH_DOCUMENTS_MAX)));
    }
}

static enum status add(struct search_builder *builder, const struct metadata *metadata)
{
    const struct search_document document = index_document_of(metadata);
    return search_builder_add(builder, &document);
}

/* The first segment */

void index_add_page(void *argument)
{
    struct index_listing *listing = argument;
    struct indexed_metadata_search *self = listing->self;
    listing->status = STATUS_OK;
    for (size_t i = 0; i < listing->count && listing->status == STATUS_OK; i++) {
        if (atomic_load(&self->listed) == INDEXED_SEARCH_DOCUMENTS_MAX) {
            tell_full(self);
            return;
        }
        listing->status = add(listing->builder, &listing->entries[i]);
        atomic_fetch_add(&self->listed, 1);
    }
}

static enum status publish_whole(struct indexed_metadata_search *self,
                                 struct search_builder *builder)
{
    struct search_segment *segment;
    enum status status = search_builder_finish(builder, &segment);
    if (status != STATUS_OK) {
        return status;
    }
    struct index_snapshot *snapshot = index_snapshot_create(segment);
    if (snapshot == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    index_snapshot_publish(self, snapshot);
    atomic_fetch_add(&self->counters.merges, 1);
    return STATUS_OK;
}

void index_finish(void *argument)
{
    struct index_listing *listing = argument;
    listing->status = publish_whole(listing->self, listing->builder);
    listing->builder = NULL;
}

/* Changes */

/* The documents of the small segment that have not changed since. */
static enum status keep_unchanged(struct search_builder *builder,
                                  const struct search_segment *delta,
                                  const struct index_change_set *set)
{
    size_t count = delta != NULL ? search_segment_count(delta) : 0;
    uint64_t *changed = calloc(count / 64 + 1, sizeof(*changed));
    enum status status = changed != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < set->count && count > 0 && status == STATUS_OK; i++) {
        uint32_t document = search_segment_find(delta, set->changes[i].document.id);
        if (document != UINT32_MAX) {
            changed[document / 64] |= UINT64_C(1) << document % 64;
        }
    }
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if ((changed[i / 64] >> i % 64 & 1) == 0) {
            status = search_builder_add_from(builder, delta, i);
        }
    }
    free(changed);
    return status;
}

static enum status add_changed(struct index_snapshot *next, struct search_builder *builder,
                               const struct index_change_set *set)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < set->count; i++) {
        index_snapshot_bury(next, set->changes[i].document.id);
    }
    size_t room = INDEXED_SEARCH_DOCUMENTS_MAX - index_snapshot_documents(next);
    for (size_t i = 0; i < set->count && status == STATUS_OK; i++) {
        if (!set->changes[i].is_there) {
            continue;
        }
        if (room == 0) {
            tell_full(set->self);
            return STATUS_OK;
        }
        status = search_builder_add(builder, &set->changes[i].document);
        room--;
    }
    return status;
}

/* The small segment made anew, within `next`. */
static enum status rebuild_delta(struct index_snapshot *next, const struct search_segment *delta,
                                 const struct index_change_set *set)
{
    struct search_builder *builder = search_builder_create();
    enum status status =
        builder != NULL ? keep_unchanged(builder, delta, set) : STATUS_RESOURCE_EXHAUSTED;
    if (status == STATUS_OK) {
        status = add_changed(next, builder, set);
    }
    if (status != STATUS_OK) {
        search_builder_destroy(builder);
        return status;
    }
    return search_builder_finish(builder, &next->delta);
}

static enum status publish_changed(const struct index_change_set *set)
{
    struct index_snapshot *snapshot = index_snapshot_take(set->self);
    struct index_snapshot *next = index_snapshot_follow(snapshot);
    enum status status =
        next != NULL ? rebuild_delta(next, snapshot->delta, set) : STATUS_RESOURCE_EXHAUSTED;
    index_snapshot_release(snapshot);
    if (status != STATUS_OK) {
        index_snapshot_release(next);
        return status;
    }
    index_snapshot_publish(set->self, next);
    atomic_fetch_add(&set->self->counters.rebuilds, 1);
    return STATUS_OK;
}

static bool has_outgrown(const struct index_snapshot *snapshot)
{
    size_t limit = search_segment_count(snapshot->main->segment) / INDEXED_SEARCH_DELTA_SHARE;
    limit = limit > INDEXED_SEARCH_DELTA_MIN ? limit : INDEXED_SEARCH_DELTA_MIN;
    limit = limit < INDEXED_SEARCH_DELTA_MAX ? limit : INDEXED_SEARCH_DELTA_MAX;
    return search_segment_count(snapshot->delta) > limit;
}

/* One segment of both. */
static enum status merge(struct indexed_metadata_search *self,
                         const struct index_snapshot *snapshot)
{
    struct search_builder *builder = search_builder_create();
    const struct search_segment *main = snapshot->main->segment;
    enum status status = builder != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    for (uint32_t i = 0; i < search_segment_count(main) && status == STATUS_OK; i++) {
        if (!index_snapshot_is_dead(snapshot, i)) {
            status = search_builder_add_from(builder, main, i);
        }
    }
    for (uint32_t i = 0; i < search_segment_count(snapshot->delta) && status == STATUS_OK; i++) {
        status = search_builder_add_from(builder, snapshot->delta, i);
    }
    if (status != STATUS_OK) {
        search_builder_destroy(builder);
        return status;
    }
    return publish_whole(self, builder);
}

void index_apply(void *argument)
{
    struct index_change_set *set = argument;
    int64_t began_ns = clock_monotonic_ns();
    index_change_set_settle(set);
    set->status = publish_changed(set);
    if (set->status == STATUS_OK) {
        struct index_snapshot *snapshot = index_snapshot_take(set->self);
        /* What cannot be merged for want of memory is merged with the next change. */
        enum status merged = has_outgrown(snapshot) ? merge(set->self, snapshot) : STATUS_OK;
        atomic_fetch_add(&set->self->counters.failures, merged != STATUS_OK);
        index_snapshot_release(snapshot);
    }
    set->self->took_ns = clock_monotonic_ns() - began_ns;
}
