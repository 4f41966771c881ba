/* Entries by their other ids and titles: one map, whose keys begin with what they are. */
#include <stdio.h>
#include <stdlib.h>

#include "metadata/repository/memory_metadata_private.h"
#include "metadata/repository/metadata_title_key.h"

enum {
    /* A kind, a folded title (it may be longer than the title), a year, an id, and NULs between. */
    KEY_BYTES_MAX = 8 * 1024,
    YEAR_DIGITS = 4,
    FOLDING_BYTES_MAX = 128 * 1024,
};

struct key {
    char bytes[KEY_BYTES_MAX];
    size_t length;
};

static void append(struct key *key, struct text text)
{
    CHECK(text.length < sizeof(key->bytes) - key->length);
    if (text.length > 0) {
        memcpy(key->bytes + key->length, text.data, text.length);
    }
    key->length += text.length;
    key->bytes[key->length++] = '\0'; /* no text of an entry has one */
}

/* The part of a key that all entries of that value have. */
static void begin_key(struct key *key, enum metadata_lookup_kind kind, struct text value)
{
    key->bytes[0] = (char)('0' + kind);
    key->length = 1;
    append(key, value);
}

static void append_year(struct key *key, int32_t year)
{
    char digits[16];
    (void)snprintf(digits, sizeof(digits), "%0*d", YEAR_DIGITS, year < 0 ? 0 : year);
    append(key, text_of(digits));
}

static struct text text_of_key(const struct key *key)
{
    return text_of_bytes(key->bytes, key->length);
}

/* The value under which the entry is found; empty: it is not. */
static struct text value_of(const struct kept_entry *entry, enum metadata_lookup_kind kind)
{
    switch (kind) {
    case METADATA_LOOKUP_IMDB_ID:
        return entry->metadata.imdb_id;
    case METADATA_LOOKUP_TMDB_ID:
        return entry->metadata.tmdb_id;
    case METADATA_LOOKUP_TITLE:
        return entry->title_key;
    case METADATA_LOOKUP_ID:
        break;
    }
    return entry->metadata.id;
}

static bool make_key(struct key *key, const struct kept_entry *entry,
                     enum metadata_lookup_kind kind)
{
    struct text value = value_of(entry, kind);
    if (value.length == 0) {
        return false;
    }
    begin_key(key, kind, value);
    if (kind == METADATA_LOOKUP_TITLE) {
        append_year(key, entry->metadata.year);
    }
    append(key, entry->metadata.id);
    return true;
}

static const enum metadata_lookup_kind indexed[] = {
    METADATA_LOOKUP_IMDB_ID,
    METADATA_LOOKUP_TMDB_ID,
    METADATA_LOOKUP_TITLE,
};

void memory_metadata_index(struct memory_metadata_repository *self, struct kept_entry *entry)
{
    struct key key;
    for (size_t i = 0; i < ARRAY_LENGTH(indexed); i++) {
        if (make_key(&key, entry, indexed[i])) {
            ordered_map_put(self->lookups, text_of_key(&key), &entry, sizeof(struct kept_entry *));
        }
    }
}

void memory_metadata_forget(struct memory_metadata_repository *self, const struct kept_entry *entry)
{
    struct key key;
    for (size_t i = 0; i < ARRAY_LENGTH(indexed); i++) {
        if (make_key(&key, entry, indexed[i])) {
            ordered_map_remove(self->lookups, text_of_key(&key));
        }
    }
}

/* One lookup. */
struct finding {
    struct memory_metadata_repository *self;
    struct call *call;
    struct arena *folding;
    struct text whole_title;
    struct metadata_candidate found[METADATA_CANDIDATES_MAX];
    size_t count;
    bool more;
};

static enum status add(struct finding *finding, const struct kept_entry *entry)
{
    struct arena *arena = finding->call->arena;
    const struct metadata *metadata = &entry->metadata;
    if (finding->count == METADATA_CANDIDATES_MAX) {
        finding->more = true;
        return STATUS_OK;
    }
    const struct metadata_candidate candidate = {
        .id = arena_copy(arena, metadata->id),
        .imdb_id = arena_copy(arena, metadata->imdb_id),
        .tmdb_id = arena_copy(arena, metadata->tmdb_id),
        .year = metadata->year,
        .has_whole_title = text_equal(entry->whole_title, finding->whole_title),
    };
    finding->found[finding->count++] = candidate;
    return candidate.id.data != NULL && candidate.imdb_id.data != NULL &&
                   candidate.tmdb_id.data != NULL
               ? STATUS_OK
               : STATUS_RESOURCE_EXHAUSTED;
}

static const struct kept_entry *entry_of(const struct ordered_map_entry *entry)
{
    return *(struct kept_entry *const *)entry->value;
}

/* Years are in the order of the keys, and within a year ids. */
static enum status find_within(struct finding *finding, enum metadata_lookup_kind kind,
                               struct text value, const struct metadata_lookup *lookup)
{
    struct key key;
    enum status status = STATUS_OK;
    begin_key(&key, kind, value);
    size_t common = key.length;
    if (kind == METADATA_LOOKUP_TITLE) {
        append_year(&key, lookup->year_from);
    }
    const struct ordered_map_entry *entry =
        ordered_map_seek(finding->self->lookups, text_of_key(&key));
    for (; entry != NULL && status == STATUS_OK && !finding->more;
         entry = ordered_map_next(entry)) {
        const struct kept_entry *kept = entry_of(entry);
        if (!text_starts_with(entry->key, text_of_bytes(key.bytes, common)) ||
            (kind == METADATA_LOOKUP_TITLE && kept->metadata.year > lookup->year_to)) {
            break;
        }
        status = add(finding, kept);
    }
    return status;
}

static enum status find_one(struct finding *finding, enum metadata_lookup_kind kind,
                            const struct metadata_lookup *lookup)
{
    struct metadata_title_key title = {.key = lookup->value};
    enum status status = STATUS_OK;
    if (lookup->value.length == 0) {
        return STATUS_OK;
    }
    if (kind == METADATA_LOOKUP_TITLE) {
        status = metadata_title_key(finding->folding, lookup->value, &title);
        finding->whole_title = title.whole;
    }
    if (status != STATUS_OK) {
        return status;
    }
    pthread_mutex_lock(&finding->self->lock);
    if (kind == METADATA_LOOKUP_ID) {
        const struct ordered_map_entry *entry =
            ordered_map_find(finding->self->entries, lookup->value);
        status = entry != NULL ? add(finding, entry_of(entry)) : STATUS_OK;
    } else {
        status = find_within(finding, kind, title.key, lookup);
    }
    pthread_mutex_unlock(&finding->self->lock);
    return status;
}

static int compare_ids(const void *a, const void *b)
{
    const struct metadata_candidate *first = a;
    const struct metadata_candidate *second = b;
    return text_compare(first->id, second->id);
}

static enum status copy_found(struct finding *finding, struct metadata_candidates *ret_candidates)
{
    struct metadata_candidate *found =
        arena_calloc(finding->call->arena, finding->count + 1, sizeof(*found));
    if (found == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    memcpy(found, finding->found, finding->count * sizeof(*found));
    qsort(found, finding->count, sizeof(*found), compare_ids);
    *ret_candidates = (struct metadata_candidates){found, finding->count, finding->more};
    return STATUS_OK;
}

enum status memory_metadata_find(void *state, struct call *call, enum metadata_lookup_kind kind,
                                 const struct metadata_lookup *lookups, size_t count,
                                 struct metadata_candidates *ret_candidates)
{
    struct arena folding; /* what it takes is not the call's to keep */
    enum status status = STATUS_OK;
    CHECK(count <= METADATA_BATCH_MAX);
    arena_init(&folding, FOLDING_BYTES_MAX);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct finding finding = {.self = state, .call = call, .folding = &folding};
        status = find_one(&finding, kind, &lookups[i]);
        status = status == STATUS_OK ? copy_found(&finding, &ret_candidates[i]) : status;
        arena_reset(&folding);
    }
    arena_deinit(&folding);
    return status == STATUS_OK
               ? STATUS_OK
               : call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
}
