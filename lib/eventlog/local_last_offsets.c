#include "eventlog/local_last_offsets.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/random.h"

struct slot {
    int64_t offset; /* plus one; 0: free */
    uint32_t key_at;
    uint32_t key_length;
};

struct local_last_offsets {
    struct slot *slots;
    size_t mask;
    size_t count;
    size_t keys_max;
    struct buffer keys;
    unsigned char secret[DIGEST_KEY_BYTES]; /* keys are an outsider's to choose: it keeps them from
                                               one place */
};

struct local_last_offsets *local_last_offsets_create(size_t keys_max, size_t key_bytes_max)
{
    CHECK(keys_max > 0 && key_bytes_max <= UINT32_MAX);
    struct local_last_offsets *offsets = calloc(1, sizeof(*offsets));
    size_t slots = 1;
    while (slots < 2 * keys_max) {
        slots *= 2;
    }
    struct slot *memory = calloc(slots, sizeof(*memory));
    if (offsets == NULL || memory == NULL) {
        free(offsets);
        free(memory);
        return NULL;
    }
    offsets->slots = memory;
    offsets->mask = slots - 1;
    offsets->keys_max = keys_max;
    buffer_init(&offsets->keys, key_bytes_max);
    random_secret(offsets->secret, sizeof(offsets->secret));
    return offsets;
}

void local_last_offsets_destroy(struct local_last_offsets *offsets)
{
    if (offsets != NULL) {
        buffer_deinit(&offsets->keys);
        free(offsets->slots);
        free(offsets);
    }
}

/* The key's slot, or the free one where it would be. */
static struct slot *find(const struct local_last_offsets *offsets, struct text key)
{
    size_t place = (size_t)digest_with(offsets->secret, key).low & offsets->mask;
    for (;;) {
        struct slot *slot = &offsets->slots[place];
        struct text known =
            text_slice(buffer_text(&offsets->keys), slot->key_at, slot->key_at + slot->key_length);
        if (slot->offset == 0 || text_equal(known, key)) {
            return slot;
        }
        place = (place + 1) & offsets->mask;
    }
}

bool local_last_offsets_put(struct local_last_offsets *offsets, struct text key, int64_t offset)
{
    struct slot *slot = find(offsets, key);
    if (slot->offset == 0) {
        size_t at = offsets->keys.length;
        if (offsets->count == offsets->keys_max || !buffer_append(&offsets->keys, key)) {
            return false;
        }
        slot->key_at = (uint32_t)at;
        slot->key_length = (uint32_t)key.length;
        offsets->count++;
    }
    slot->offset = offset + 1;
    return true;
}

int64_t local_last_offsets_get(const struct local_last_offsets *offsets, struct text key)
{
    return find(offsets, key)->offset - 1;
}
