#include "recommend/recommend_ids.h"

#include <stdlib.h>

#include "base/random.h"

enum { BLOCK_BYTES = 64 * 1024, SLOTS_MIN = 1024 };

struct recommend_id_block {
    struct recommend_id_block *next;
    size_t used;
    unsigned char bytes[BLOCK_BYTES];
};

void recommend_ids_init(struct recommend_ids *ids, uint32_t count_max)
{
    CHECK(count_max <= RECOMMEND_ID_PAGE * RECOMMEND_ID_PAGES_MAX);
    *ids = (struct recommend_ids){.count_max = count_max};
    random_secret(ids->key, sizeof(ids->key));
}

void recommend_ids_deinit(struct recommend_ids *ids)
{
    while (ids->blocks != NULL) {
        struct recommend_id_block *block = ids->blocks;
        ids->blocks = block->next;
        free(block);
    }
    for (size_t i = 0; i < RECOMMEND_ID_PAGES_MAX; i++) {
        free(ids->pages[i]);
    }
    free(ids->slots);
}

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[static 4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein, 2012). */
static uint64_t hash_of(const struct recommend_ids *ids, struct text text)
{
    uint64_t v[4] = {ids->key[0] ^ 0x736f6d6570736575U, ids->key[1] ^ 0x646f72616e646f6dU,
                     ids->key[0] ^ 0x6c7967656e657261U, ids->key[1] ^ 0x7465646279746573U};
    for (size_t at = 0; at <= text.length; at += 8) {
        uint64_t word = 0;
        size_t left = text.length - at;
        memcpy(&word, text.data + at, left < 8 ? left : 8);
        word |= left < 8 ? (uint64_t)text.length << 56 : 0;
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The slot of the text, or the free one where it would go. */
static uint32_t *slot_of(const struct recommend_ids *ids, uint32_t *slots, uint32_t slot_count,
                         struct text text)
{
    uint32_t at = (uint32_t)hash_of(ids, text) & (slot_count - 1);
    while (slots[at] != 0 && !text_equal(recommend_ids_text(ids, slots[at] - 1), text)) {
        at = (at + 1) & (slot_count - 1);
    }
    return &slots[at];
}

uint32_t recommend_ids_find(const struct recommend_ids *ids, struct text text)
{
    if (ids->slot_count == 0) {
        return RECOMMEND_ID_NONE;
    }
    uint32_t slot = *slot_of(ids, ids->slots, ids->slot_count, text);
    return slot == 0 ? RECOMMEND_ID_NONE : slot - 1;
}

/* At most half of the slots are taken. */
enum status recommend_ids_prepare(const struct recommend_ids *ids,
                                  struct recommend_ids_growth *ret_growth)
{
    *ret_growth = (struct recommend_ids_growth){.slots = NULL};
    if (ids->count == ids->count_max) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (ids->count < ids->slot_count / 2) {
        return STATUS_OK;
    }
    uint32_t slot_count = ids->slot_count == 0 ? SLOTS_MIN : ids->slot_count * 2;
    uint32_t *slots = calloc(slot_count, sizeof(*slots));
    if (slots == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (uint32_t i = 0; i < ids->count; i++) {
        *slot_of(ids, slots, slot_count, recommend_ids_text(ids, i)) = i + 1;
    }
    *ret_growth = (struct recommend_ids_growth){.slots = slots, .slot_count = slot_count};
    return STATUS_OK;
}

void recommend_ids_adopt(struct recommend_ids *ids, struct recommend_ids_growth *growth)
{
    if (growth->slots != NULL) {
        struct recommend_ids_growth before = {ids->slots, ids->slot_count};
        ids->slots = growth->slots;
        ids->slot_count = growth->slot_count;
        *growth = before;
    }
}

void recommend_ids_discard(struct recommend_ids_growth *growth)
{
    free(growth->slots);
    *growth = (struct recommend_ids_growth){.slots = NULL};
}

static bool has_page(struct recommend_ids *ids)
{
    const unsigned char ***page = &ids->pages[ids->count / RECOMMEND_ID_PAGE];
    if (*page == NULL) {
        *page = calloc(RECOMMEND_ID_PAGE, sizeof(**page));
    }
    return *page != NULL;
}

static unsigned char *room_for(struct recommend_ids *ids, size_t bytes)
{
    struct recommend_id_block *block = ids->blocks;
    if (block == NULL || block->used + bytes > BLOCK_BYTES) {
        block = malloc(sizeof(*block));
        if (block == NULL) {
            return NULL;
        }
        block->used = 0;
        block->next = ids->blocks;
        ids->blocks = block;
    }
    block->used += bytes;
    return block->bytes + block->used - bytes;
}

enum status recommend_ids_add(struct recommend_ids *ids, struct text text, uint32_t *ret_number)
{
    CHECK(text.length > 0 && text.length <= UINT8_MAX && ids->count < ids->slot_count);
    unsigned char *copy = has_page(ids) ? room_for(ids, text.length + 1) : NULL;
    if (copy == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    copy[0] = (unsigned char)text.length;
    memcpy(copy + 1, text.data, text.length);
    ids->pages[ids->count / RECOMMEND_ID_PAGE][ids->count % RECOMMEND_ID_PAGE] = copy;
    *slot_of(ids, ids->slots, ids->slot_count, text) = ids->count + 1;
    *ret_number = ids->count++;
    return STATUS_OK;
}
