#include <jansson.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "sizecompare/wire_format.h"

static json_t *entry_to_json(const struct sample_entry *entry)
{
    json_t *object = json_object();

    for (size_t i = 0; i < SAMPLE_FIELD_COUNT; i++) {
        struct text value = entry->fields[i];
        /* set_new takes over the value, also when it fails, and fails for NULL. */
        if (json_object_set_new(object, sample_lower_names.fields[i],
                                json_stringn(value.data, value.length)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *document_to_json(const struct sample_document *document)
{
    if (document->shape == SAMPLE_SINGLE) {
        return entry_to_json(&document->entries[0]);
    }
    json_t *list = json_array();
    for (size_t i = 0; i < document->count; i++) {
        if (json_array_append_new(list, entry_to_json(&document->entries[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static int append_to_buffer(const char *data, size_t length, void *bytes)
{
    return buffer_append(bytes, text_of_bytes(data, length)) ? 0 : -1;
}

static enum status jansson_encode(void *state, const struct sample_document *document,
                                  struct arena *scratch, struct buffer *bytes)
{
    (void)state;
    (void)scratch;
    json_auto_t *json = document_to_json(document);

    if (json == NULL) {
        return STATUS_INTERNAL;
    }
    return json_dump_callback(json, append_to_buffer, bytes, JSON_COMPACT) == 0
               ? STATUS_OK
               : STATUS_RESOURCE_EXHAUSTED;
}

static enum status entry_from_json(const json_t *object, struct arena *arena,
                                   struct sample_entry *entry)
{
    for (size_t i = 0; i < SAMPLE_FIELD_COUNT; i++) {
        const json_t *value = json_object_get(object, sample_lower_names.fields[i]);
        if (!json_is_string(value)) {
            return STATUS_INVALID_ARGUMENT;
        }
        struct text text = text_of_bytes(json_string_value(value), json_string_length(value));
        enum status status = sample_entry_set(entry, (enum sample_field)i, arena, text);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status jansson_decode(void *state, struct text bytes, enum sample_shape shape,
                                  struct arena *arena, struct sample_document *ret_document)
{
    (void)state;
    json_auto_t *json = json_loadb(bytes.data, bytes.length, JSON_REJECT_DUPLICATES, NULL);

    if (json == NULL || (shape == SAMPLE_LIST && !json_is_array(json))) {
        return STATUS_INVALID_ARGUMENT;
    }
    size_t count = shape == SAMPLE_LIST ? json_array_size(json) : 1;
    struct sample_entry *entries = NULL;
    enum status status = sample_entries_create(arena, count, &entries);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const json_t *object = shape == SAMPLE_LIST ? json_array_get(json, i) : json;
        status = entry_from_json(object, arena, &entries[i]);
    }
    if (status == STATUS_OK) {
        *ret_document =
            (struct sample_document){.shape = shape, .entries = entries, .count = count};
    }
    return status;
}

const struct wire_format jansson_format = {
    .name = "JSON",
    .library = SIZECOMPARE_JANSSON,
    .encode = jansson_encode,
    .decode = jansson_decode,
};
