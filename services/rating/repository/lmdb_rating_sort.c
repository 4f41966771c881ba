/* Sorting a batch by key: eight bytes at a time as a number, behind what the keys have in common.
 *
 * The keys of a batch are much alike ("tt0133093" beside "tt0133094"), so comparing them whole
 * costs more than writing them. Here most steps compare numbers that lie beside each other in
 * memory. */
#include <endian.h>
#include <stdlib.h>

#include "rating/repository/lmdb_rating_private.h"

/* Up to the first, a plain insertion sort is quicker; from the second, a sort by digits. */
enum { SMALL_COUNT = 16, LARGE_COUNT = 512 };

enum { CHUNK_BYTES = sizeof(uint64_t), DIGITS = 256, DIGIT_BITS = 8 };

/* So many places ahead of the walk. */
enum { PREFETCH_ENTRIES = 16, PREFETCH_KEYS = 8, CACHE_LINE_BYTES = 64 };

struct sorting {
    const struct lmdb_rating_job *job;
    struct lmdb_rating_order *scratch;
    enum lmdb_rating_sorting by;
};

struct text lmdb_rating_job_key(const struct lmdb_rating_job *job,
                                const struct lmdb_rating_order *order,
                                enum lmdb_rating_sorting sorting)
{
    const struct lmdb_rating_entry *entry = &job->entries[order->entry];
    switch (sorting) {
    case LMDB_RATING_BY_USER:
        return text_of_bytes(job->bytes + entry->keys + entry->key_length, entry->key_length);
    case LMDB_RATING_BY_EVENT:
        return text_of_bytes(job->bytes + entry->keys + 2 * entry->key_length,
                             entry->event_key_length);
    case LMDB_RATING_BY_VOTE:
        break;
    }
    return text_of_bytes(job->bytes + entry->keys, entry->key_length);
}

void lmdb_rating_job_prefetch(const struct lmdb_rating_job *job,
                              const struct lmdb_rating_order *order, size_t count, size_t at)
{
    if (at + PREFETCH_ENTRIES < count) {
        __builtin_prefetch(&job->entries[order[at + PREFETCH_ENTRIES].entry]);
    }
    if (at + PREFETCH_KEYS < count) { /* its entry has come by now */
        const char *keys = job->bytes + job->entries[order[at + PREFETCH_KEYS].entry].keys;
        __builtin_prefetch(keys);
        __builtin_prefetch(keys + CACHE_LINE_BYTES);
    }
}

static struct text key_of(const struct sorting *sorting, const struct lmdb_rating_order *order)
{
    return lmdb_rating_job_key(sorting->job, order, sorting->by);
}

/* The order of keys that are equal up to `depth`; of equal keys, that of the batch. */
static int compare_from(const struct sorting *sorting, size_t depth,
                        const struct lmdb_rating_order *a, const struct lmdb_rating_order *b)
{
    struct text left = key_of(sorting, a);
    struct text right = key_of(sorting, b);
    int order =
        text_compare(text_slice(left, depth, left.length), text_slice(right, depth, right.length));
    return order != 0 ? order : (a->entry > b->entry) - (a->entry < b->entry);
}

static int compare_whole(const void *left, const void *right, void *argument)
{
    return compare_from(argument, 0, left, right);
}

static int compare_numbers(const void *left, const void *right)
{
    const struct lmdb_rating_order *a = left;
    const struct lmdb_rating_order *b = right;
    if (a->chunk != b->chunk) {
        return a->chunk < b->chunk ? -1 : 1;
    }
    return (a->entry > b->entry) - (a->entry < b->entry);
}

static unsigned digit_of(const struct lmdb_rating_order *order, unsigned digit)
{
    return (unsigned)(order->chunk >> (digit * DIGIT_BITS)) % DIGITS;
}

/* Moves all behind each other by one digit of their numbers; those that are equal in it keep their
 * order. false: they all are, and nothing was moved. */
static bool move_by_digit(const struct lmdb_rating_order *from, struct lmdb_rating_order *to,
                          size_t count, unsigned digit)
{
    size_t places[DIGITS] = {0};
    for (size_t i = 0; i < count; i++) {
        places[digit_of(&from[i], digit)]++;
    }
    if (places[digit_of(&from[0], digit)] == count) {
        return false;
    }
    size_t place = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        size_t next = place + places[i];
        places[i] = place;
        place = next;
    }
    for (size_t i = 0; i < count; i++) {
        to[places[digit_of(&from[i], digit)]++] = from[i];
    }
    return true;
}

/* From the last digit to the first. */
static void sort_by_digits(struct lmdb_rating_order *order, struct lmdb_rating_order *scratch,
                           size_t count)
{
    struct lmdb_rating_order *from = order;
    struct lmdb_rating_order *to = scratch;
    for (unsigned digit = 0; digit < CHUNK_BYTES; digit++) {
        if (move_by_digit(from, to, count, digit)) {
            struct lmdb_rating_order *moved = to;
            to = from;
            from = moved;
        }
    }
    if (from != order) {
        memcpy(order, from, count * sizeof(*order));
    }
}

static void insert_each(struct lmdb_rating_order *order, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct lmdb_rating_order moved = order[i];
        size_t at = i;
        while (at > 0 && compare_numbers(&order[at - 1], &moved) > 0) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = moved;
    }
}

/* Given in the order of the batch where numbers are equal. */
static void sort_numbers(const struct sorting *sorting, struct lmdb_rating_order *order,
                         size_t count)
{
    if (count >= LARGE_COUNT) {
        sort_by_digits(order, sorting->scratch, count);
    } else if (count > SMALL_COUNT) {
        qsort(order, count, sizeof(*order), compare_numbers);
    } else {
        insert_each(order, count);
    }
}

/* How many bytes all keys have in common, at least `depth`. */
static size_t common_bytes(const struct sorting *sorting, const struct lmdb_rating_order *order,
                           size_t count, size_t depth)
{
    struct text first = key_of(sorting, &order[0]);
    size_t common = first.length;
    for (size_t i = 1; i < count && common > depth; i++) {
        struct text key = key_of(sorting, &order[i]);
        size_t at = depth;
        common = key.length < common ? key.length : common;
        while (at < common && key.data[at] == first.data[at]) {
            at++;
        }
        common = at;
    }
    return common;
}

/* The bytes at `depth` as a number that orders as they do; zeros stand for those past the end. */
static uint64_t chunk_at(struct text key, size_t depth)
{
    struct text rest = text_slice(key, depth, depth + CHUNK_BYTES);
    uint64_t chunk = 0;
    if (rest.length > 0) {
        memcpy(&chunk, rest.data, rest.length);
    }
    return be64toh(chunk);
}

static bool all_reach(const struct sorting *sorting, const struct lmdb_rating_order *order,
                      size_t count, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        if (key_of(sorting, &order[i]).length < length) {
            return false;
        }
    }
    return true;
}

/* Each level passes CHUNK_BYTES of the key, which bounds the depth of the recursion. */
static void sort_from(struct sorting *sorting, struct lmdb_rating_order *order, size_t count,
                      size_t depth)
{
    if (count <= 1) {
        return;
    }
    depth = common_bytes(sorting, order, count, depth);
    for (size_t i = 0; i < count; i++) {
        order[i].chunk = chunk_at(key_of(sorting, &order[i]), depth);
    }
    sort_numbers(sorting, order, count);
    size_t end;
    for (size_t start = 0; start < count; start = end) {
        for (end = start + 1; end < count && order[end].chunk == order[start].chunk;) {
            end++;
        }
        if (end - start == 1) {
            continue;
        }
        if (all_reach(sorting, order + start, end - start, depth + CHUNK_BYTES)) {
            sort_from(sorting, order + start, end - start, depth + CHUNK_BYTES);
        } else {
            qsort_r(order + start, end - start, sizeof(*order), compare_whole, sorting);
        }
    }
}

void lmdb_rating_job_sort(const struct lmdb_rating_job *job, struct lmdb_rating_order *order,
                          struct lmdb_rating_order *scratch, size_t count,
                          enum lmdb_rating_sorting by)
{
    struct sorting sorting = {.job = job, .scratch = scratch, .by = by};
    sort_from(&sorting, order, count, 0);
}
