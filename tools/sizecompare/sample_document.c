#include "sizecompare/sample_document.h"

#include "base/arena.h"

const struct sample_names sample_lower_names = {
    .fields = {"id", "title", "description", "director"},
    .entry = "metadata",
    .list = "entries",
};

const struct sample_names sample_xml_names = {
    .fields = {"ID", "Title", "Description", "Director"},
    .entry = "Metadata",
    .list = "MetadataList",
};

static const struct sample_entry reference_entry = {
    .fields =
        {
            [SAMPLE_FIELD_ID] = TEXT_INIT("123"),
            [SAMPLE_FIELD_TITLE] = TEXT_INIT("The Movie 2"),
            [SAMPLE_FIELD_DESCRIPTION] = TEXT_INIT("Sequel of the legendary The Movie"),
            [SAMPLE_FIELD_DIRECTOR] = TEXT_INIT("Foo Bars"),
        },
};

struct sample_document sample_document_reference(void)
{
    return (struct sample_document){
        .shape = SAMPLE_SINGLE, .entries = &reference_entry, .count = 1};
}

enum status sample_entries_create(struct arena *arena, size_t count,
                                  struct sample_entry **ret_entries)
{
    if (count > SAMPLE_ENTRIES_MAX) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    /* One more than needed, so that an empty list is not mistaken for a lack of room. */
    struct sample_entry *entries = arena_calloc(arena, count + 1, sizeof(*entries));
    if (entries == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t field = 0; field < SAMPLE_FIELD_COUNT; field++) {
            entries[i].fields[field] = TEXT("");
        }
    }
    *ret_entries = entries;
    return STATUS_OK;
}

enum status sample_entry_set(struct sample_entry *entry, enum sample_field field,
                             struct arena *arena, struct text value)
{
    if (!text_is_clean(value)) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct text copy = arena_copy(arena, value);
    if (copy.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    entry->fields[field] = copy;
    return STATUS_OK;
}

bool sample_document_equal(const struct sample_document *a, const struct sample_document *b)
{
    if (a->shape != b->shape || a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        for (size_t field = 0; field < SAMPLE_FIELD_COUNT; field++) {
            if (!text_equal(a->entries[i].fields[field], b->entries[i].fields[field])) {
                return false;
            }
        }
    }
    return true;
}
