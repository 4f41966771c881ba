#include "sizecompare.pb-c.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "sizecompare/wire_format.h"

static void free_entry(Sizecompare__Metadata **message)
{
    sizecompare__metadata__free_unpacked(*message, NULL);
}

static void free_list(Sizecompare__MetadataList **message)
{
    sizecompare__metadata_list__free_unpacked(*message, NULL);
}

/* Copies the text: a message's bytes are not const, although packing only reads them. */
static bool set_bytes(ProtobufCBinaryData *bytes, struct arena *scratch, struct text text)
{
    uint8_t *copy = arena_alloc(scratch, text.length + 1);

    if (copy == NULL) {
        return false;
    }
    memcpy(copy, text.data, text.length);
    *bytes = (ProtobufCBinaryData){.len = text.length, .data = copy};
    return true;
}

static bool entry_to_message(const struct sample_entry *entry, struct arena *scratch,
                             Sizecompare__Metadata *message)
{
    sizecompare__metadata__init(message);
    return set_bytes(&message->id, scratch, entry->fields[SAMPLE_FIELD_ID]) &&
           set_bytes(&message->title, scratch, entry->fields[SAMPLE_FIELD_TITLE]) &&
           set_bytes(&message->description, scratch, entry->fields[SAMPLE_FIELD_DESCRIPTION]) &&
           set_bytes(&message->director, scratch, entry->fields[SAMPLE_FIELD_DIRECTOR]);
}

static enum status pack(const ProtobufCMessage *message, struct buffer *bytes)
{
    char *room = buffer_reserve(bytes, protobuf_c_message_get_packed_size(message));

    if (room == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    buffer_extend(bytes, protobuf_c_message_pack(message, (uint8_t *)room));
    return STATUS_OK;
}

static enum status encode_list(const struct sample_document *document, struct arena *scratch,
                               struct buffer *bytes)
{
    Sizecompare__MetadataList list = SIZECOMPARE__METADATA_LIST__INIT;
    Sizecompare__Metadata *messages = arena_calloc(scratch, document->count + 1, sizeof(*messages));
    Sizecompare__Metadata **pointers =
        arena_calloc(scratch, document->count + 1, sizeof(Sizecompare__Metadata *));

    if (messages == NULL || pointers == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < document->count; i++) {
        if (!entry_to_message(&document->entries[i], scratch, &messages[i])) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
        pointers[i] = &messages[i];
    }
    list.n_entries = document->count;
    list.entries = pointers;
    return pack(&list.base, bytes);
}

static enum status protobuf_encode(void *state, const struct sample_document *document,
                                   struct arena *scratch, struct buffer *bytes)
{
    (void)state;
    if (document->shape == SAMPLE_LIST) {
        return encode_list(document, scratch, bytes);
    }
    Sizecompare__Metadata message;
    if (!entry_to_message(&document->entries[0], scratch, &message)) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    return pack(&message.base, bytes);
}

static enum status entry_from_message(const Sizecompare__Metadata *message, struct arena *arena,
                                      struct sample_entry *entry)
{
    const ProtobufCBinaryData *const values[SAMPLE_FIELD_COUNT] = {
        [SAMPLE_FIELD_ID] = &message->id,
        [SAMPLE_FIELD_TITLE] = &message->title,
        [SAMPLE_FIELD_DESCRIPTION] = &message->description,
        [SAMPLE_FIELD_DIRECTOR] = &message->director,
    };

    for (size_t i = 0; i < SAMPLE_FIELD_COUNT; i++) {
        enum status status = sample_entry_set(entry, (enum sample_field)i, arena,
                                              text_of_bytes(values[i]->data, values[i]->len));
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status decode_single(struct text bytes, struct arena *arena,
                                 struct sample_entry **ret_entries, size_t *ret_count)
{
    CLEANUP(free_entry)
    Sizecompare__Metadata *message =
        sizecompare__metadata__unpack(NULL, bytes.length, (const uint8_t *)bytes.data);
    struct sample_entry *entries = NULL;

    if (message == NULL) {
        return STATUS_INVALID_ARGUMENT;
    }
    enum status status = sample_entries_create(arena, 1, &entries);
    if (status == STATUS_OK) {
        status = entry_from_message(message, arena, &entries[0]);
    }
    if (status == STATUS_OK) {
        *ret_entries = entries;
        *ret_count = 1;
    }
    return status;
}

static enum status decode_list(struct text bytes, struct arena *arena,
                               struct sample_entry **ret_entries, size_t *ret_count)
{
    CLEANUP(free_list)
    Sizecompare__MetadataList *list =
        sizecompare__metadata_list__unpack(NULL, bytes.length, (const uint8_t *)bytes.data);
    struct sample_entry *entries = NULL;

    if (list == NULL) {
        return STATUS_INVALID_ARGUMENT;
    }
    enum status status = sample_entries_create(arena, list->n_entries, &entries);
    for (size_t i = 0; i < list->n_entries && status == STATUS_OK; i++) {
        status = entry_from_message(list->entries[i], arena, &entries[i]);
    }
    if (status == STATUS_OK) {
        *ret_entries = entries;
        *ret_count = list->n_entries;
    }
    return status;
}

static enum status protobuf_decode(void *state, struct text bytes, enum sample_shape shape,
                                   struct arena *arena, struct sample_document *ret_document)
{
    (void)state;
    struct sample_entry *entries = NULL;
    size_t count = 0;
    enum status status = shape == SAMPLE_LIST ? decode_list(bytes, arena, &entries, &count)
                                              : decode_single(bytes, arena, &entries, &count);

    if (status == STATUS_OK) {
        *ret_document =
            (struct sample_document){.shape = shape, .entries = entries, .count = count};
    }
    return status;
}

const struct wire_format protobuf_format = {
    .name = "Protocol Buffers",
    .library = SIZECOMPARE_PROTOBUF,
    .encode = protobuf_encode,
    .decode = protobuf_decode,
};
