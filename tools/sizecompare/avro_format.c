#include <avro.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "sizecompare/binary_frame.h"
#include "sizecompare/embedded.h"
#include "sizecompare/wire_format.h"

/* The longest form of a number (64 bits, seven a byte). */
enum { NUMBER_BYTES_MAX = 10 };

/* The parsed schema, and for each shape a value that is filled again and again, as the manual
 * advises. */
struct avro_state {
    avro_schema_t list_schema;
    avro_value_iface_t *list_class;
    avro_value_iface_t *entry_class;
    avro_value_t list;
    avro_value_t entry;
    avro_reader_t reader;
    avro_writer_t writer;
};

static void avro_close(void *state)
{
    struct avro_state *self = state;

    if (self == NULL) {
        return;
    }
    if (self->writer != NULL) {
        avro_writer_free(self->writer);
    }
    if (self->reader != NULL) {
        avro_reader_free(self->reader);
    }
    if (self->entry.iface != NULL) {
        avro_value_decref(&self->entry);
    }
    if (self->list.iface != NULL) {
        avro_value_decref(&self->list);
    }
    if (self->entry_class != NULL) {
        avro_value_iface_decref(self->entry_class);
    }
    if (self->list_class != NULL) {
        avro_value_iface_decref(self->list_class);
    }
    if (self->list_schema != NULL) {
        avro_schema_decref(self->list_schema);
    }
    free(self);
}

static bool make_values(struct avro_state *self)
{
    if (avro_schema_from_json_length((const char *)sizecompare_avro_schema,
                                     sizecompare_avro_schema_size, &self->list_schema) != 0) {
        return false;
    }
    self->list_class = avro_generic_class_from_schema(self->list_schema);
    self->entry_class = avro_generic_class_from_schema(avro_schema_array_items(self->list_schema));
    if (self->list_class == NULL || self->entry_class == NULL ||
        avro_generic_value_new(self->list_class, &self->list) != 0 ||
        avro_generic_value_new(self->entry_class, &self->entry) != 0) {
        return false;
    }
    self->reader = avro_reader_memory("", 0);
    self->writer = avro_writer_memory("", 0);
    return self->reader != NULL && self->writer != NULL;
}

static enum status avro_open(void **ret_state)
{
    struct avro_state *self = calloc(1, sizeof(*self));

    if (self == NULL) {
        return STATUS_INTERNAL;
    }
    if (!make_values(self)) {
        avro_close(self);
        return STATUS_INTERNAL;
    }
    *ret_state = self;
    return STATUS_OK;
}

static bool fill_entry(avro_value_t *value, const struct sample_entry *entry)
{
    for (size_t i = 0; i < SAMPLE_FIELD_COUNT; i++) {
        avro_value_t field;
        /* avro-c sets no string but through a pointer to bytes that may change, and only reads
         * them; its sizes count the NUL. */
        union {
            const char *text;
            char *string;
        } data = {.text = entry->fields[i].data};
        if (avro_value_get_by_index(value, i, &field, NULL) != 0 ||
            avro_value_set_string_len(&field, data.string, entry->fields[i].length + 1) != 0) {
            return false;
        }
    }
    return true;
}

static bool fill_list(avro_value_t *list, const struct sample_document *document)
{
    if (avro_value_reset(list) != 0) {
        return false;
    }
    for (size_t i = 0; i < document->count; i++) {
        avro_value_t element;
        if (avro_value_append(list, &element, NULL) != 0 ||
            !fill_entry(&element, &document->entries[i])) {
            return false;
        }
    }
    return true;
}

/* What the document cannot exceed: avro-c writes into room of a fixed size. */
static size_t encoded_bytes_max(const struct sample_document *document)
{
    size_t bytes = NUMBER_BYTES_MAX + 1;

    for (size_t i = 0; i < document->count; i++) {
        for (size_t field = 0; field < SAMPLE_FIELD_COUNT; field++) {
            bytes += NUMBER_BYTES_MAX + document->entries[i].fields[field].length;
        }
    }
    return bytes;
}

static enum status avro_encode(void *state, const struct sample_document *document,
                               struct arena *scratch, struct buffer *bytes)
{
    (void)scratch;
    struct avro_state *self = state;
    bool is_list = document->shape == SAMPLE_LIST;
    size_t bytes_max = encoded_bytes_max(document);
    char *room = buffer_reserve(bytes, bytes_max);

    if (room == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (is_list ? !fill_list(&self->list, document)
                : !fill_entry(&self->entry, &document->entries[0])) {
        return STATUS_INTERNAL;
    }
    avro_writer_memory_set_dest(self->writer, room, (int64_t)bytes_max);
    if (avro_value_write(self->writer, is_list ? &self->list : &self->entry) != 0) {
        return STATUS_INTERNAL;
    }
    buffer_extend(bytes, (size_t)avro_writer_tell(self->writer));
    return STATUS_OK;
}

static enum status read_entry(const avro_value_t *value, struct arena *arena,
                              struct sample_entry *entry)
{
    for (size_t i = 0; i < SAMPLE_FIELD_COUNT; i++) {
        avro_value_t field;
        const char *string = NULL;
        size_t size = 0;
        if (avro_value_get_by_index(value, i, &field, NULL) != 0 ||
            avro_value_get_string(&field, &string, &size) != 0 || size == 0) {
            return STATUS_INTERNAL;
        }
        enum status status =
            sample_entry_set(entry, (enum sample_field)i, arena, text_of_bytes(string, size - 1));
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status read_list(const avro_value_t *list, struct arena *arena,
                             struct sample_entry **ret_entries, size_t *ret_count)
{
    struct sample_entry *entries = NULL;
    size_t count = 0;

    if (avro_value_get_size(list, &count) != 0) {
        return STATUS_INTERNAL;
    }
    enum status status = sample_entries_create(arena, count, &entries);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        avro_value_t element;
        status = avro_value_get_by_index(list, i, &element, NULL) == 0
                     ? read_entry(&element, arena, &entries[i])
                     : STATUS_INTERNAL;
    }
    if (status == STATUS_OK) {
        *ret_entries = entries;
        *ret_count = count;
    }
    return status;
}

static enum status avro_decode(void *state, struct text bytes, enum sample_shape shape,
                               struct arena *arena, struct sample_document *ret_document)
{
    struct avro_state *self = state;
    avro_value_t *value = shape == SAMPLE_LIST ? &self->list : &self->entry;
    enum status status = avro_frame_check(bytes, shape);

    if (status != STATUS_OK) {
        return status;
    }
    avro_reader_memory_set_source(self->reader, bytes.data, (int64_t)bytes.length);
    if (avro_value_reset(value) != 0 || avro_value_read(self->reader, value) != 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct sample_entry *entries = NULL;
    size_t count = 1;
    if (shape == SAMPLE_LIST) {
        status = read_list(value, arena, &entries, &count);
    } else {
        status = sample_entries_create(arena, count, &entries);
        if (status == STATUS_OK) {
            status = read_entry(value, arena, &entries[0]);
        }
    }
    if (status == STATUS_OK) {
        *ret_document =
            (struct sample_document){.shape = shape, .entries = entries, .count = count};
    }
    return status;
}

const struct wire_format avro_format = {
    .name = "Avro",
    .library = SIZECOMPARE_AVRO,
    .open = avro_open,
    .close = avro_close,
    .encode = avro_encode,
    .decode = avro_decode,
};
