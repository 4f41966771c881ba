#include "thrift_sample_sizecompare_types.h"

#include <stdlib.h>

#include <thrift/c_glib/protocol/thrift_binary_protocol.h>
#include <thrift/c_glib/transport/thrift_memory_buffer.h>

#include "base/buffer.h"
#include "sizecompare/binary_frame.h"
#include "sizecompare/wire_format.h"

/* A protocol over a transport over a byte array, kept from document to document. */
struct thrift_state {
    GByteArray *content;
    ThriftTransport *transport;
    ThriftProtocol *protocol;
};

static void free_object(void *object)
{
    g_clear_object((GObject **)object);
}

static void free_error(GError **error)
{
    g_clear_error(error);
}

static void finalize_memory_buffer(GObject *object)
{
    G_OBJECT_CLASS(g_type_class_peek(THRIFT_TYPE_MEMORY_BUFFER))->finalize(object);
    G_OBJECT_CLASS(g_type_class_peek(G_TYPE_OBJECT))->finalize(object);
}

static void init_memory_buffer_class(gpointer class, gpointer data)
{
    (void)data;
    G_OBJECT_CLASS(class)->finalize = finalize_memory_buffer;
}

/* Thrift's memory buffer, which does not call GObject's finalizer and so leaks, with that call
 * (cmake/thrift_finalize.cmake does the same for the generated types). */
static GType memory_buffer_type(void)
{
    GType type = g_type_from_name("SizecompareMemoryBuffer");

    if (type == 0) {
        type = g_type_register_static_simple(
            THRIFT_TYPE_MEMORY_BUFFER, "SizecompareMemoryBuffer", sizeof(ThriftMemoryBufferClass),
            init_memory_buffer_class, sizeof(ThriftMemoryBuffer), NULL, 0);
    }
    return type;
}

static enum status thrift_open(void **ret_state)
{
    struct thrift_state *self = calloc(1, sizeof(*self));

    if (self == NULL) {
        return STATUS_INTERNAL;
    }
    self->content = g_byte_array_new();
    self->transport =
        g_object_new(memory_buffer_type(), "buf", self->content, "owner", FALSE, NULL);
    self->protocol = g_object_new(THRIFT_TYPE_BINARY_PROTOCOL, "transport", self->transport, NULL);
    *ret_state = self;
    return STATUS_OK;
}

static void thrift_close(void *state)
{
    struct thrift_state *self = state;

    if (self != NULL) {
        g_object_unref(self->protocol);
        g_object_unref(self->transport);
        g_byte_array_unref(self->content);
        free(self);
    }
}

static gchar *string_of(struct text text)
{
    return g_strndup(text.data, text.length);
}

static ThriftStruct *entry_to_struct(const struct sample_entry *entry)
{
    thrift_sampleMetadata *metadata = g_object_new(THRIFT_SAMPLE_TYPE_METADATA, NULL);

    metadata->id = string_of(entry->fields[SAMPLE_FIELD_ID]);
    metadata->title = string_of(entry->fields[SAMPLE_FIELD_TITLE]);
    metadata->description = string_of(entry->fields[SAMPLE_FIELD_DESCRIPTION]);
    metadata->director = string_of(entry->fields[SAMPLE_FIELD_DIRECTOR]);
    return THRIFT_STRUCT(metadata);
}

static ThriftStruct *document_to_struct(const struct sample_document *document)
{
    if (document->shape == SAMPLE_SINGLE) {
        return entry_to_struct(&document->entries[0]);
    }
    thrift_sampleMetadataList *list = g_object_new(THRIFT_SAMPLE_TYPE_METADATA_LIST, NULL);
    for (size_t i = 0; i < document->count; i++) {
        g_ptr_array_add(list->entries, entry_to_struct(&document->entries[i]));
    }
    return THRIFT_STRUCT(list);
}

static enum status thrift_encode(void *state, const struct sample_document *document,
                                 struct arena *scratch, struct buffer *bytes)
{
    (void)scratch;
    struct thrift_state *self = state;
    CLEANUP(free_object) ThriftStruct *object = document_to_struct(document);
    CLEANUP(free_error) GError *error = NULL;

    g_byte_array_set_size(self->content, 0);
    if (thrift_struct_write(object, self->protocol, &error) < 0) {
        return STATUS_INTERNAL;
    }
    return buffer_append(bytes, text_of_bytes(self->content->data, self->content->len))
               ? STATUS_OK
               : STATUS_RESOURCE_EXHAUSTED;
}

static enum status entry_from_struct(const thrift_sampleMetadata *metadata, struct arena *arena,
                                     struct sample_entry *entry)
{
    const gchar *const values[SAMPLE_FIELD_COUNT] = {
        [SAMPLE_FIELD_ID] = metadata->id,
        [SAMPLE_FIELD_TITLE] = metadata->title,
        [SAMPLE_FIELD_DESCRIPTION] = metadata->description,
        [SAMPLE_FIELD_DIRECTOR] = metadata->director,
    };

    for (size_t i = 0; i < SAMPLE_FIELD_COUNT; i++) {
        enum status status =
            sample_entry_set(entry, (enum sample_field)i, arena, text_of(values[i]));
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status entries_from_struct(ThriftStruct *object, enum sample_shape shape,
                                       struct arena *arena, struct sample_document *ret_document)
{
    const GPtrArray *list =
        shape == SAMPLE_LIST ? THRIFT_SAMPLE_METADATA_LIST(object)->entries : NULL;
    size_t count = list != NULL ? list->len : 1;
    struct sample_entry *entries = NULL;
    enum status status = sample_entries_create(arena, count, &entries);

    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        gpointer element = list != NULL ? g_ptr_array_index(list, i) : object;
        status = entry_from_struct(THRIFT_SAMPLE_METADATA(element), arena, &entries[i]);
    }
    if (status == STATUS_OK) {
        *ret_document =
            (struct sample_document){.shape = shape, .entries = entries, .count = count};
    }
    return status;
}

static enum status thrift_decode(void *state, struct text bytes, enum sample_shape shape,
                                 struct arena *arena, struct sample_document *ret_document)
{
    struct thrift_state *self = state;
    enum status status = thrift_frame_check(bytes, shape);

    if (status != STATUS_OK) {
        return status;
    }
    if (bytes.length > INT32_MAX) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    CLEANUP(free_error) GError *error = NULL;
    CLEANUP(free_object)
    ThriftStruct *object = g_object_new(shape == SAMPLE_LIST ? THRIFT_SAMPLE_TYPE_METADATA_LIST
                                                             : THRIFT_SAMPLE_TYPE_METADATA,
                                        NULL);
    g_byte_array_set_size(self->content, 0);
    g_byte_array_append(self->content, (const guint8 *)bytes.data, (guint)bytes.length);
    if (thrift_struct_read(object, self->protocol, &error) < 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    return entries_from_struct(object, shape, arena, ret_document);
}

const struct wire_format thrift_format = {
    .name = "Thrift",
    .library = SIZECOMPARE_THRIFT,
    .open = thrift_open,
    .close = thrift_close,
    .encode = thrift_encode,
    .decode = thrift_decode,
};
