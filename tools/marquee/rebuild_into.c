#include "marquee/rebuild_into.h"

#include "marquee/snapshot_walk.h"
#include "rating/rating_store.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024 };

enum status rebuild_read_positions(const struct rating_repository *repository, struct call *call,
                                   struct rebuild_positions *positions)
{
    struct text rest = positions->topics;
    while (rest.length > 0) {
        struct rating_position position = {.topic = text_next(&rest, ',')};
        enum status status = STATUS_OK;
        while (status == STATUS_OK) { /* partitions are numbered from 0 */
            status = repository->ops->get_position(repository->state, call, position.topic,
                                                   position.partition, &position.next_offset);
            if (status == STATUS_OK && positions->count == REBUILD_POSITIONS_MAX) {
                return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "more than %d partitions",
                                 REBUILD_POSITIONS_MAX);
            }
            if (status == STATUS_OK) {
                positions->positions[positions->count++] = position;
            }
            position.partition++;
        }
        if (status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    return STATUS_OK;
}

struct writing {
    struct rebuild_expected *expected;
    struct call *call;
    struct rating_repository store; /* the new one */
    struct progress *progress;
    struct rebuild_counts *counts;
    struct arena arena; /* of a batch */
    struct rating_change *changes;
    size_t count;
    char record_bytes[RATING_RECORD_BYTES_MAX];
    struct record_key record; /* the last, to count aggregates; type 0: none */
};

static enum status apply(struct writing *writing, const struct rating_batch *batch)
{
    struct call call;
    call_init(&call, &writing->arena, SNAPSHOT_WALK_TIMEOUT_MS);
    enum status status = writing->store.ops->apply(writing->store.state, &call, batch);
    return status == STATUS_OK
               ? STATUS_OK
               : call_fail(writing->call, status, "writing the new store: %.*s: %.*s",
                           TEXT_ARGUMENTS(call.error.message), TEXT_ARGUMENTS(call.error.detail));
}

static enum status begin_batch(struct writing *writing)
{
    arena_reset(&writing->arena);
    writing->count = 0;
    writing->changes = arena_calloc(&writing->arena, REBUILD_BATCH, sizeof(*writing->changes));
    return writing->changes != NULL
               ? STATUS_OK
               : call_fail(writing->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a batch");
}

static enum status flush(struct writing *writing)
{
    if (writing->count == 0) {
        return STATUS_OK;
    }
    enum status status = apply(writing, &(struct rating_batch){.changes = writing->changes,
                                                               .change_count = writing->count});
    return status == STATUS_OK ? begin_batch(writing) : status;
}

static void count_vote(struct writing *writing, const struct vote_key *key,
                       const struct rebuild_state *state)
{
    if (state->deleted) {
        writing->counts->tombstones++;
        return;
    }
    progress_update(writing->progress, 0, ++writing->counts->votes);
    if (writing->record.type != key->record.type ||
        !text_equal(writing->record.id, key->record.id)) {
        writing->counts->aggregates++;
        CHECK(key->record.id.length <= sizeof(writing->record_bytes)); /* the store took it */
        memcpy(writing->record_bytes, key->record.id.data, key->record.id.length);
        writing->record = (struct record_key){
            key->record.type, text_of_bytes(writing->record_bytes, key->record.id.length)};
    }
}

/* Each key comes once, so that no rule of what yields to what can interfere. */
static enum status add(struct writing *writing, const struct vote_key *key,
                       const struct rebuild_state *state)
{
    struct rating_change *change = &writing->changes[writing->count];
    *change = (struct rating_change){
        .kind = state->deleted ? RATING_DELETE : RATING_PUT,
        .key = {.record = {key->record.type, arena_copy(&writing->arena, key->record.id)},
                .provider = arena_copy(&writing->arena, key->provider),
                .user = arena_copy(&writing->arena, key->user)},
        .hundredths = state->hundredths,
        .has_time = true,
        .time_ms = state->time_ms,
    };
    if (change->key.record.id.data == NULL || change->key.provider.data == NULL ||
        change->key.user.data == NULL) {
        return call_fail(writing->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a batch");
    }
    count_vote(writing, key, state);
    return ++writing->count == REBUILD_BATCH ? flush(writing) : STATUS_OK;
}

static enum status write_votes(struct writing *writing)
{
    bool found = true;
    enum status status = begin_batch(writing);
    while (status == STATUS_OK && found) {
        struct vote_key key;
        struct rebuild_state state;
        status = rebuild_expected_next(writing->expected, writing->call, &found, &key, &state);
        status = status == STATUS_OK && found ? add(writing, &key, &state) : status;
    }
    return status == STATUS_OK ? flush(writing) : status;
}

static enum status write_letters(struct writing *writing)
{
    struct snapshot_walk walk = {.repository = writing->expected->follower->repository,
                                 .kind = SNAPSHOT_WALK_DEAD_LETTERS};
    const void *entry = NULL;
    enum status status = snapshot_walk_next(&walk, writing->call, &entry);
    while (status == STATUS_OK && entry != NULL) {
        status =
            apply(writing, &(struct rating_batch){.dead_letters = entry, .dead_letter_count = 1});
        status = status == STATUS_OK ? snapshot_walk_next(&walk, writing->call, &entry) : status;
    }
    snapshot_walk_end(&walk);
    return status;
}

static enum status write_positions(struct writing *writing,
                                   const struct rebuild_positions *positions)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < positions->count && status == STATUS_OK; i++) {
        struct rating_position position;
        status = writing->store.ops->claim_position(writing->store.state, writing->call,
                                                    positions->positions[i].topic,
                                                    positions->positions[i].partition, &position);
        if (status == STATUS_OK) {
            position.next_offset = positions->positions[i].next_offset;
            status = apply(writing, &(struct rating_batch){.position = &position});
        }
    }
    return status;
}

enum status rebuild_write(struct rebuild_expected *expected, struct call *call,
                          struct text directory, const struct rebuild_positions *positions,
                          struct progress *progress, struct rebuild_counts *counts)
{
    /* Synced when it is closed: until then nobody uses it. */
    const struct rating_store_options options = {
        .store = TEXT("lmdb"), .data = directory, .durability = RATING_RELAXED};
    struct rating_store store;
    enum status status = rating_store_open(call, &options, &store);
    if (status != STATUS_OK) {
        return status;
    }
    struct writing writing = {
        .expected = expected,
        .call = call,
        .store = store.repository,
        .progress = progress,
        .counts = counts,
    };
    arena_init(&writing.arena, ARENA_BYTES_MAX);
    status = write_votes(&writing);
    status = status == STATUS_OK ? write_letters(&writing) : status;
    status = status == STATUS_OK ? write_positions(&writing, positions) : status;
    arena_deinit(&writing.arena);
    store.repository.ops->close(store.repository.state);
    return status;
}
