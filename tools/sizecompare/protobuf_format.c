#include "sizecompare.pb-c.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "sizecompare/wire_format.h"

static void free_entry(Sizecompare__Metadata **message)
{
    if (*message != NULL) {
        sizecompare__metadata__free_unpacked(*message, NULL);
    }
}

static void free_list(Sizecompare__MetadataList **message)
{
    if (*message != NULL) {
        sizecompare__metadata_list__free_unpacked(*message, NULL);
    }
}

/* Copies the text: a message's bytes are not const, although packing only reads them. */
static bool bytes_of(struct text text, struct arena *scratch, ProtobufCBinaryData *ret_bytes)
{
    struct text copy = arena_copy(scratch, text);
    if (copy.data == NULL) {
        return false;
    }
    (void)ret_bytes;
    return true;
}
