/* Which entries of a map count: on the wire a key may be there more than once, and its last entry
 * holds (protobuf.dev/programming-guides/encoding); in JSON it may not. */
#include "base/arena.h"
#include "json/proto_json_private.h"

/* The keys of a map's entries. */
struct keys {
    const ProtobufCMessage *message;
    const struct proto_field *map;
    const struct proto_field *key;
    size_t count;
};

static const void *key_at(const struct keys *keys, size_t index)
{
    const void *entry = proto_field_element(keys->message, keys->map, index);
    return proto_field_value(*(const ProtobufCMessage *const *)entry, keys->key);
}

/* Some total order of the keys, as good as any for finding those that are equal. */
static int compare_keys(const struct keys *keys, size_t a, size_t b)
{
    const void *left = key_at(keys, a);
    const void *right = key_at(keys, b);
    if (keys->key->c->type == PROTOBUF_C_TYPE_BYTES) {
        return text_compare(proto_text(*(const ProtobufCBinaryData *)left),
                            proto_text(*(const ProtobufCBinaryData *)right));
    }
    uint64_t bits[2] = {0, 0};
    memcpy(&bits[0], left, proto_field_bytes(keys->key));
    memcpy(&bits[1], right, proto_field_bytes(keys->key));
    return (bits[0] > bits[1]) - (bits[0] < bits[1]);
}

/* Written in order, as most programs do, no key can be there twice. */
static bool is_ascending(const struct keys *keys)
{
    for (size_t i = 1; i < keys->count; i++) {
        if (compare_keys(keys, i - 1, i) >= 0) {
            return false;
        }
    }
    return true;
}

/* Merges from[start, middle) and from[middle, end), each in order, to the same places of `to`. */
static void merge(const struct keys *keys, const size_t *from, size_t *to, const size_t bounds[3])
{
    size_t left = bounds[0];
    size_t right = bounds[1];
    for (size_t i = bounds[0]; i < bounds[2]; i++) {
        bool take_left = right == bounds[2] ||
                         (left < bounds[1] && compare_keys(keys, from[left], from[right]) <= 0);
        to[i] = from[take_left ? left++ : right++];
    }
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The entries in the order of their keys, equal ones as they stand: one of the two arrays, which
 * have room for all. No qsort(): it takes memory from the heap. */
static const size_t *sort(const struct keys *keys, size_t *order, size_t *spare)
{
    for (size_t i = 0; i < keys->count; i++) {
        order[i] = i;
    }
    for (size_t width = 1; width < keys->count; width *= 2) {
        for (size_t start = 0; start < keys->count; start += 2 * width) {
            const size_t bounds[] = {start, smaller(start + width, keys->count),
                                     smaller(start + 2 * width, keys->count)};
            merge(keys, order, spare, bounds);
        }
        size_t *sorted = spare;
        spare = order;
        order = sorted;
    }
    return order;
}

PROTO_OWN_FRAME bool proto_json_find_replaced(struct arena *arena, const struct proto_field *map,
                                              const ProtobufCMessage *message,
                                              const bool **ret_replaced)
{
    const struct keys keys = {message, map, proto_type_field(map->message, MAP_KEY),
                              proto_field_count(message, map)};
    *ret_replaced = NULL;
    if (is_ascending(&keys)) {
        return true;
    }
    size_t *order = arena_calloc(arena, keys.count, 2 * sizeof(*order));
    bool *replaced = arena_calloc(arena, keys.count, sizeof(*replaced));
    if (order == NULL || replaced == NULL) {
        return false;
    }
    const size_t *sorted = sort(&keys, order, order + keys.count);
    for (size_t i = 1; i < keys.count; i++) {
        replaced[sorted[i - 1]] = compare_keys(&keys, sorted[i - 1], sorted[i]) == 0;
    }
    *ret_replaced = replaced;
    return true;
}
