/* Documents in, a segment out. */
#include <stdlib.h>

#include "base/random.h"
#include "search/search_builder_private.h"
#include "search/search_forms.h"
#include "search/search_terms.h"
#include "search/search_title.h"

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

/* The other forms of a term, but for the alias that stands behind it already. */
static bool add_forms(struct search_builder *builder, const struct search_terms *terms, size_t at,
                      enum search_place place)
{
    struct text forms[SEARCH_FORMS_MAX];
    size_t count = search_forms_of(terms->terms[at].text, forms);
    const struct search_term *next = at + 1 < terms->count ? &terms->terms[at + 1] : NULL;
    for (size_t i = 0; i < count; i++) {
        bool is_there = next != NULL && next->alias && text_equal(next->text, forms[i]);
        if (!is_there && !add_occurrence(builder, forms[i], place)) {
            return false;
        }
    }
    return true;
}

/* ret_length: of its terms without aliases and articles. */
static bool add_terms(struct search_builder *builder, struct text text, enum search_place place,
                      uint8_t *ret_length)
{
    struct search_terms terms;
    enum search_place alias_place = place == SEARCH_IN_TITLE ? SEARCH_ALIAS_IN_TITLE : place;
    size_t length = 0;
    if (search_terms_cut(&builder->arena, text, &terms) != STATUS_OK) {
        return false;
    }
    for (size_t i = 0; i < terms.count; i++) {
        const struct search_term *term = &terms.terms[i];
        if (!add_occurrence(builder, term->text, term->alias ? alias_place : place) ||
            (!term->alias && place != SEARCH_IN_PEOPLE &&
             !add_forms(builder, &terms, i, alias_place))) {
            return false;
        }
        length += !term->alias && !search_term_is_article(term->text);
    }
    *ret_length = length < TITLE_LENGTH_MAX ? (uint8_t)length : TITLE_LENGTH_MAX;
    return true;
}

/* What stands in parentheses behind a title, each for itself. ret_length: of the shortest. */
static bool add_other_titles(struct search_builder *builder, struct text text, uint8_t *ret_length)
{
    static const struct text known_as = TEXT_INIT("(a.k.a.");
    struct text rest = text;
    uint8_t shortest = 0;
    while (rest.length > 0) {
        uint8_t length;
        struct text title = text_trim(text_next(&rest, ')'));
        if (!add_terms(builder, title, SEARCH_IN_OTHER_TITLE, &length)) {
            return false;
        }
        /* Of "a.k.a." the letter k is no article. */
        if (length > 1 && text_starts_with(title, known_as)) {
            length--;
        }
        if (length > 0 && (shortest == 0 || length < shortest)) {
            shortest = length;
        }
    }
    *ret_length = shortest;
    return true;
}

static bool add_titles(struct search_builder *builder, struct text title,
                       struct pending_document *pending)
{
    struct text whole = text_trim(title);
    struct text main = search_title_main(whole);
    return add_terms(builder, main, SEARCH_IN_TITLE, &pending->title_length) &&
           add_other_titles(builder, text_slice(whole, main.length, whole.length),
                            &pending->other_length);
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
    uint8_t people_length;
    bool fits = begin_document(builder, document->id, &pending) &&
                add_titles(builder, document->title, &pending) &&
                add_terms(builder, document->people, SEARCH_IN_PEOPLE, &people_length);
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
        .other_length = segment->other_lengths[document],
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
