#include "movie/catalogue/catalogue_cards.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "store/ordered_map.h"

/* Behind it: the lengths of the genres, a byte each; title, director, genres. */
struct card_head {
    uint32_t generation;
    int32_t year;
    uint16_t title_length;
    uint16_t director_length;
    uint8_t genre_count;
};

enum {
    CARD_BYTES_MAX = sizeof(struct card_head) + METADATA_TITLE_BYTES_MAX +
                     METADATA_DIRECTOR_BYTES_MAX +
                     METADATA_GENRES_MAX * (METADATA_GENRE_BYTES_MAX + 1),
};

struct card_shard {
    _Alignas(64) pthread_mutex_t lock; /* on cache lines of its own */
    struct ordered_map *cards;
};

struct catalogue_cards {
    _Atomic size_t count;
    _Atomic uint32_t generation; /* of the refill that goes on, or was the last */
    struct card_shard shards[CATALOGUE_CARD_SHARDS];
};

/* Ids that are chosen to meet in one shard wait for its lock: its map is ordered, and no slower. */
static struct card_shard *shard_of(struct catalogue_cards *cards, struct text id)
{
    return &cards->shards[text_hash(id) % CATALOGUE_CARD_SHARDS];
}

enum status catalogue_cards_create(struct catalogue_cards **ret_cards)
{
    struct catalogue_cards *cards = aligned_alloc(64, sizeof(*cards));
    if (cards == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    memset(cards, 0, sizeof(*cards));
    for (size_t i = 0; i < CATALOGUE_CARD_SHARDS; i++) {
        pthread_mutex_init(&cards->shards[i].lock, NULL);
        cards->shards[i].cards = ordered_map_create();
    }
    *ret_cards = cards;
    return STATUS_OK;
}

void catalogue_cards_destroy(struct catalogue_cards *cards)
{
    if (cards == NULL) {
        return;
    }
    for (size_t i = 0; i < CATALOGUE_CARD_SHARDS; i++) {
        ordered_map_destroy(cards->shards[i].cards);
        pthread_mutex_destroy(&cards->shards[i].lock);
    }
    free(cards);
}

static size_t add_bytes(char *packed, size_t at, struct text text)
{
    if (text.length > 0) {
        memcpy(packed + at, text.data, text.length);
    }
    return at + text.length;
}

/* Returns the length. */
static size_t pack(const struct metadata *metadata, uint32_t generation,
                   char packed[static CARD_BYTES_MAX])
{
    struct text title = text_slice(metadata->title, 0, METADATA_TITLE_BYTES_MAX);
    struct text director = text_slice(metadata->director, 0, METADATA_DIRECTOR_BYTES_MAX);
    size_t genres =
        metadata->genre_count < METADATA_GENRES_MAX ? metadata->genre_count : METADATA_GENRES_MAX;
    const struct card_head head = {.generation = generation,
                                   .year = metadata->year,
                                   .title_length = (uint16_t)title.length,
                                   .director_length = (uint16_t)director.length,
                                   .genre_count = (uint8_t)genres};
    size_t at = add_bytes(packed, 0, text_of_bytes(&head, sizeof(head)));
    for (size_t i = 0; i < genres; i++) {
        struct text genre = text_slice(metadata->genres[i], 0, METADATA_GENRE_BYTES_MAX);
        packed[at++] = (char)genre.length;
    }
    at = add_bytes(packed, at, title);
    at = add_bytes(packed, at, director);
    for (size_t i = 0; i < genres; i++) {
        at = add_bytes(packed, at, text_slice(metadata->genres[i], 0, METADATA_GENRE_BYTES_MAX));
    }
    return at;
}

void catalogue_cards_put(struct catalogue_cards *cards, const struct metadata *metadata)
{
    char packed[CARD_BYTES_MAX];
    struct card_shard *shard = shard_of(cards, metadata->id);
    size_t length = pack(metadata, atomic_load(&cards->generation), packed);
    pthread_mutex_lock(&shard->lock);
    bool is_new = ordered_map_find(shard->cards, metadata->id) == NULL;
    ordered_map_put(shard->cards, metadata->id, packed, length);
    pthread_mutex_unlock(&shard->lock);
    atomic_fetch_add(&cards->count, is_new ? 1 : 0);
}

void catalogue_cards_remove(struct catalogue_cards *cards, struct text id)
{
    struct card_shard *shard = shard_of(cards, id);
    pthread_mutex_lock(&shard->lock);
    bool was_there = ordered_map_find(shard->cards, id) != NULL;
    ordered_map_remove(shard->cards, id);
    pthread_mutex_unlock(&shard->lock);
    atomic_fetch_sub(&cards->count, was_there ? 1 : 0);
}

void catalogue_cards_begin_refill(struct catalogue_cards *cards)
{
    atomic_fetch_add(&cards->generation, 1);
}

/* With the lock: looks at a few cards from `from` on, which it moves; false: those were the last.
 */
static bool sweep_some(struct catalogue_cards *cards, struct card_shard *shard, char *from,
                       size_t *from_length)
{
    uint32_t generation = atomic_load(&cards->generation);
    const struct ordered_map_entry *entry =
        ordered_map_seek(shard->cards, text_of_bytes(from, *from_length));
    for (size_t i = 0; i < CATALOGUE_SWEEP_COUNT && entry != NULL; i++) {
        const struct card_head *head = entry->value;
        const struct ordered_map_entry *next = ordered_map_next(entry);
        if (head->generation != generation) {
            ordered_map_remove(shard->cards, entry->key);
            atomic_fetch_sub(&cards->count, 1);
        }
        entry = next;
    }
    if (entry == NULL) {
        return false;
    }
    memcpy(from, entry->key.data, entry->key.length);
    *from_length = entry->key.length;
    return true;
}

void catalogue_cards_end_refill(struct catalogue_cards *cards)
{
    for (size_t i = 0; i < CATALOGUE_CARD_SHARDS; i++) {
        char from[METADATA_ID_BYTES_MAX];
        size_t from_length = 0;
        bool more = true;
        while (more) {
            pthread_mutex_lock(&cards->shards[i].lock);
            more = sweep_some(cards, &cards->shards[i], from, &from_length);
            pthread_mutex_unlock(&cards->shards[i].lock);
        }
    }
}

/* false: no room. */
static bool unpack(struct arena *arena, struct text packed, struct movie_card *card)
{
    struct card_head head;
    memcpy(&head, packed.data, sizeof(head));
    struct text *genres = arena_calloc(arena, head.genre_count, sizeof(*genres));
    if (genres == NULL) {
        return false;
    }
    const char *lengths = packed.data + sizeof(head);
    const char *at = lengths + head.genre_count;
    card->title = text_of_bytes(at, head.title_length);
    at += head.title_length;
    card->director = text_of_bytes(at, head.director_length);
    at += head.director_length;
    for (size_t i = 0; i < head.genre_count; i++) {
        genres[i] = text_of_bytes(at, (unsigned char)lengths[i]);
        at += genres[i].length;
    }
    card->year = head.year;
    card->genres = genres;
    card->genre_count = head.genre_count;
    return true;
}

enum status catalogue_cards_describe(struct catalogue_cards *cards, struct arena *arena,
                                     struct movie_card *card)
{
    struct card_shard *shard = shard_of(cards, card->id);
    struct text packed = {NULL, 0};
    pthread_mutex_lock(&shard->lock);
    const struct ordered_map_entry *entry = ordered_map_find(shard->cards, card->id);
    bool is_there = entry != NULL;
    if (is_there) {
        packed = arena_copy(arena, text_of_bytes(entry->value, entry->value_size));
    }
    pthread_mutex_unlock(&shard->lock);
    if (!is_there) {
        return STATUS_NOT_FOUND;
    }
    return packed.data != NULL && unpack(arena, packed, card) ? STATUS_OK
                                                              : STATUS_RESOURCE_EXHAUSTED;
}

size_t catalogue_cards_count(const struct catalogue_cards *cards)
{
    return atomic_load(&cards->count);
}
