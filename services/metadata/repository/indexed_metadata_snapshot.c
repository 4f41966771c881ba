/* Segments by the count of their holders. */
#include <stdlib.h>

#include "metadata/repository/indexed_metadata_private.h"

static void release_main(struct index_main *main)
{
    if (main != NULL && atomic_fetch_sub(&main->holders, 1) == 1) {
        search_segment_destroy(main->segment);
        free(main);
    }
}

void index_snapshot_release(struct index_snapshot *snapshot)
{
    if (snapshot != NULL && atomic_fetch_sub(&snapshot->holders, 1) == 1) {
        release_main(snapshot->main);
        search_segment_destroy(snapshot->delta);
        free(snapshot->dead);
        free(snapshot);
    }
}

struct index_snapshot *index_snapshot_take(struct indexed_metadata_search *self)
{
    CHECK(pthread_mutex_lock(&self->lock) == 0);
    struct index_snapshot *snapshot = self->snapshot;
    if (snapshot != NULL) {
        atomic_fetch_add(&snapshot->holders, 1);
    }
    CHECK(pthread_mutex_unlock(&self->lock) == 0);
    return snapshot;
}

static size_t dead_words(const struct index_main *main)
{
    return search_segment_count(main->segment) / 64 + 1;
}

/* main: one holder of it goes over to the snapshot, or is let go. */
static struct index_snapshot *create(struct index_main *main)
{
    struct index_snapshot *snapshot = calloc(1, sizeof(*snapshot));
    if (snapshot == NULL) {
        release_main(main);
        return NULL;
    }
    atomic_init(&snapshot->holders, 1);
    snapshot->main = main;
    snapshot->dead = calloc(dead_words(main), sizeof(*snapshot->dead));
    if (snapshot->dead == NULL) {
        index_snapshot_release(snapshot);
        return NULL;
    }
    return snapshot;
}

struct index_snapshot *index_snapshot_create(struct search_segment *main_segment)
{
    struct index_main *main = calloc(1, sizeof(*main));
    if (main == NULL) {
        search_segment_destroy(main_segment);
        return NULL;
    }
    atomic_init(&main->holders, 1);
    main->segment = main_segment;
    return create(main);
}

struct index_snapshot *index_snapshot_follow(struct index_snapshot *snapshot)
{
    atomic_fetch_add(&snapshot->main->holders, 1);
    struct index_snapshot *next = create(snapshot->main);
    if (next != NULL) {
        memcpy(next->dead, snapshot->dead, dead_words(snapshot->main) * sizeof(*next->dead));
        next->dead_count = snapshot->dead_count;
    }
    return next;
}

bool index_snapshot_is_dead(const struct index_snapshot *snapshot, uint32_t document)
{
    return (snapshot->dead[document / 64] >> document % 64 & 1) != 0;
}

void index_snapshot_bury(struct index_snapshot *snapshot, struct text id)
{
    uint32_t document = search_segment_find(snapshot->main->segment, id);
    if (document != UINT32_MAX && !index_snapshot_is_dead(snapshot, document)) {
        snapshot->dead[document / 64] |= UINT64_C(1) << document % 64;
        snapshot->dead_count++;
    }
}

static size_t delta_documents(const struct index_snapshot *snapshot)
{
    return snapshot->delta != NULL ? search_segment_count(snapshot->delta) : 0;
}

size_t index_snapshot_documents(const struct index_snapshot *snapshot)
{
    return search_segment_count(snapshot->main->segment) - snapshot->dead_count +
           delta_documents(snapshot);
}

void index_snapshot_publish(struct indexed_metadata_search *self, struct index_snapshot *snapshot)
{
    atomic_store(&self->counters.documents, index_snapshot_documents(snapshot));
    atomic_store(&self->counters.delta_documents, delta_documents(snapshot));
    CHECK(pthread_mutex_lock(&self->lock) == 0);
    struct index_snapshot *before = self->snapshot;
    self->snapshot = snapshot;
    CHECK(pthread_mutex_unlock(&self->lock) == 0);
    index_snapshot_release(before);
}
