/* Documents in, a segment out. */
#include <stdlib.h>

#include "base/random.h"
#include "search/search_builder_private.h"
#include "search/search_terms.h"

enum { DOCUMENT_ARENA_BYTES_MAX = 64 * 1024, TITLE_LENGTH_MAX = UINT8_MAX };

static void *grow(struct table *table, size_t count, size_t size)
{
    if (table->count + count > table->capacity) {
        size_t capacity = table->capacity > 0 ? table->capacity * 2 : 1024;
        while (capacity < table->count + count) {
            capacity *= 2;
        }
        void *items = realloc(table->items, capacity * size);
        if (items == NULL) {
            return NULL;
        }
        table->items = items;
        table->capacity = capacity;
    }
    void *added = (char *)table->items + table->count * size;
    table->count += count;
    return added;
}

static bool keep_bytes(struct search_builder *builder, struct text text, size_t *ret_at)
{
    *ret_at = builder->bytes.count;
    char *bytes = grow(&builder->bytes, text.length, 1);
    if (bytes == NULL) {
        return false;
    }
    if (text.length > 0) {
        memcpy(bytes, text.data, text.length);
    }
    return true;
}

struct search_builder *search_builder_create(void)
{
    struct search_builder *builder = calloc(1, sizeof(*builder));
    if (builder == NULL) {
        return NULL;
    }
    random_secret(builder->key, sizeof(builder->key));
    arena_init(&builder->arena, DOCUMENT_ARENA_BYTES_MAX);
    return builder;
}

void search_builder_destroy(struct search_builder *builder)
{
    if (builder == NULL) {
        return;
    }
    free(builder->bytes.items);
    free(builder->documents.items);
    free(builder->terms.items);
    free(builder->occurrences.items);
    free(builder->places);
    arena_deinit(&builder->arena);
    free(builder);
}

/* Terms by name */

/* Titles are an outsider's to choose: whose terms met in one place would make an index take
 * minutes. */
static uint32_t hash_text(const struct search_builder *builder, struct text text)
{
    return (uint32_t)digest_with(builder->key, text).low;
}

static bool grow_places(struct search_builder *builder)
{
    if (builder->terms.count * 2 < builder->place_count) {
        return true;
    }
    size_t count = builder->place_count > 0 ? builder->place_count * 2 : 4096;
    uint32_t *places = calloc(count, sizeof(*places));
    if (places == NULL) {
        return false;
    }
    const struct pending_term *terms = builder->terms.items;
    for (size_t i = 0; i < builder->terms.count; i++) {
        size_t at = terms[i].hash & (count - 1);
        while (places[at] != 0) {
            at = (at + 1) & (count - 1);
        }
        places[at] = (uint32_t)i + 1;
    }
    free(builder->places);
    builder->places = places;
    builder->place_count = count;
    return true;
}

static bool find_or_add_term(struct search_builder *builder, struct text text, uint32_t *ret_term)
{
    if (!grow_places(builder)) {
        return false;
    }
    uint32_t hash = hash_text(builder, text);
    size_t at = hash & (builder->place_count - 1);
    for (; builder->places[at] != 0; at = (at + 1) & (builder->place_count - 1)) {
        const struct pending_term *term =
            (const struct pending_term *)builder->terms.items + builder->places[at] - 1;
        if (term->hash == hash && text_equal(search_pending_text(builder, term), text)) {
            *ret_term = builder->places[at] - 1;
            return true;
        }
    }
    struct pending_term added = {.length = (uint32_t)text.length, .hash = hash};
    if (!keep_bytes(builder, text, &added.bytes_at)) {
        return false;
    }
    struct pending_term *term = grow(&builder->terms, 1, sizeof(*term));
    if (term == NULL) {
        return false;
    }
    *term = added;
    *ret_term = (uint32_t)builder->terms.count - 1;
    builder->places[at] = *ret_term + 1;
    return true;
}

/* Documents */

static bool add_occurrence(struct search_builder *builder, struct text text,
                           enum search_place place)
{
    uint32_t term;
    if (!find_or_add_term(builder, text, &term)) {
        return false;
    }
    uint32_t *occurrence = grow(&builder->occurrences, 1, sizeof(*occurrence));
    if (occurrence == NULL) {
        return false;
    }
    *occurrence = search_occurrence(term, place);
    return true;
}

static bool add_terms(struct search_builder *builder, struct text text, bool title,
                      uint8_t *title_length)
{
    struct search_terms terms;
    if (search_terms_cut(&builder->arena, text, &terms) != STATUS_OK) {
        return false;
    }
    for (size_t i = 0; i < terms.count; i++) {
        const struct search_term *term = &terms.terms[i];
        enum search_place place = !title        ? SEARCH_IN_PEOPLE
                                  : term->alias ? SEARCH_ALIAS_IN_TITLE
                                                : SEARCH_IN_TITLE;
        if (!add_occurrence(builder, term->text, place)) {
            return false;
        }
        if (place == SEARCH_IN_TITLE && !search_term_is_article(term->text) &&
            *title_length < TITLE_LENGTH_MAX) {
            (*title_length)++;
        }
    }
    return true;
}

static bool begin_document(struct search_builder *builder, struct text id,
                           struct pending_document *document)
{
    document->id_length = (uint32_t)id.length;
    document->occurrence_at = builder->occurrences.count;
    return builder->documents.count < SEARCH_DOCUMENTS_MAX &&
           keep_bytes(builder, id, &document->id_at);
}

static enum status end_document(struct search_builder *builder, struct pending_document *document)
{
    document->occurrence_count = (uint32_t)(builder->occurrences.count - document->occurrence_at);
    struct pending_document *added = grow(&builder->documents, 1, sizeof(*added));
    if (added == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *added = *document;
    return STATUS_OK;
}

enum status search_builder_add(struct search_builder *builder,
                               const struct search_document *document)
{
    bool year_known = document->year >= SEARCH_YEAR_MIN && document->year <= SEARCH_YEAR_MAX;
    struct pending_document pending = {
        .popularity = document->popularity,
        .year = year_known ? (int16_t)document->year : (int16_t)0,
    };
    bool fits = begin_document(builder, document->id, &pending) &&
                add_terms(builder, document->title, true, &pending.title_length) &&
                add_terms(builder, document->people, false, &pending.title_length);
    arena_reset(&builder->arena);
    return fits ? end_document(builder, &pending) : STATUS_RESOURCE_EXHAUSTED;
}

enum status search_builder_add_from(struct search_builder *builder,
                                    const struct search_segment *segment, uint32_t document)
{
    struct pending_document pending = {
        .popularity = segment->popularities[document],
        .year = segment->years[document],
        .title_length = segment->title_lengths[document],
    };
    bool fits = begin_document(builder, search_segment_id(segment, document), &pending);
    for (uint32_t i = segment->occurrence_at[document];
         i < segment->occurrence_at[document + 1] && fits; i++) {
        uint32_t occurrence = segment->occurrences[i];
        fits =
            add_occurrence(builder, search_term_text(segment, search_occurrence_term(occurrence)),
                           search_occurrence_place(occurrence));
    }
    return fits ? end_document(builder, &pending) : STATUS_RESOURCE_EXHAUSTED;
}
