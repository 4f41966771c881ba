#include "store/ordered_map.h"

#include <stdlib.h>

#include "base/random.h"

enum { LEVELS_MAX = 24 };

struct node {
    struct ordered_map_entry entry; /* first: an entry is its node */
    unsigned levels;
    struct node *next[];
};

struct ordered_map {
    struct node *head; /* with all levels and no key */
    unsigned levels;   /* that any node has had */
};

static struct node *create_node(struct text key, unsigned levels)
{
    struct node *node = calloc(1, sizeof(*node) + levels * sizeof(node->next[0]));
    char *bytes = malloc(key.length + 1);
    CHECK(node != NULL && bytes != NULL);
    if (key.length > 0) {
        memcpy(bytes, key.data, key.length);
    }
    node->entry.key = (struct text){bytes, key.length};
    node->levels = levels;
    return node;
}

static void set_value(struct node *node, const void *value, size_t value_size)
{
    void *copy = malloc(value_size > 0 ? value_size : 1);
    CHECK(copy != NULL);
    if (value_size > 0) {
        memcpy(copy, value, value_size);
    }
    free(node->entry.value);
    node->entry.value = copy;
    node->entry.value_size = value_size;
}

static void destroy_node(struct node *node)
{
    union {
        const char *held;
        void *freed;
    } key = {.held = node->entry.key.data};
    free(key.freed);
    free(node->entry.value);
    free(node);
}

struct ordered_map *ordered_map_create(void)
{
    struct ordered_map *map = calloc(1, sizeof(*map));
    CHECK(map != NULL);
    map->head = create_node((struct text){NULL, 0}, LEVELS_MAX);
    return map;
}

void ordered_map_destroy(struct ordered_map *map)
{
    if (map == NULL) {
        return;
    }
    struct node *node = map->head;
    while (node != NULL) {
        struct node *next = node->next[0];
        destroy_node(node);
        node = next;
    }
    free(map);
}

/* The last node before `key` on each level. */
static void find_path(const struct ordered_map *map, struct text key,
                      struct node *path[static LEVELS_MAX])
{
    struct node *node = map->head;
    for (unsigned level = LEVELS_MAX; level-- > map->levels;) {
        path[level] = node;
    }
    for (unsigned level = map->levels; level-- > 0;) {
        while (node->next[level] != NULL && text_compare(node->next[level]->entry.key, key) < 0) {
            node = node->next[level];
        }
        path[level] = node;
    }
}

const struct ordered_map_entry *ordered_map_seek(const struct ordered_map *map, struct text key)
{
    const struct node *node = map->head;
    for (unsigned level = map->levels; level-- > 0;) {
        while (node->next[level] != NULL && text_compare(node->next[level]->entry.key, key) < 0) {
            node = node->next[level];
        }
    }
    return node->next[0] != NULL ? &node->next[0]->entry : NULL;
}

const struct ordered_map_entry *ordered_map_find(const struct ordered_map *map, struct text key)
{
    const struct ordered_map_entry *entry = ordered_map_seek(map, key);
    return entry != NULL && text_equal(entry->key, key) ? entry : NULL;
}

const struct ordered_map_entry *ordered_map_next(const struct ordered_map_entry *entry)
{
    const struct node *node = (const struct node *)(const void *)entry;
    return node->next[0] != NULL ? &node->next[0]->entry : NULL;
}

static unsigned random_levels(void)
{
    uint64_t bits;
    random_fill(&bits, sizeof(bits));
    unsigned levels = 1;
    while (levels < LEVELS_MAX && (bits & 1) != 0) {
        bits >>= 1;
        levels++;
    }
    return levels;
}

void ordered_map_put(struct ordered_map *map, struct text key, const void *value, size_t value_size)
{
    struct node *path[LEVELS_MAX];
    find_path(map, key, path);
    struct node *node = path[0]->next[0];
    if (node == NULL || !text_equal(node->entry.key, key)) {
        node = create_node(key, random_levels());
        map->levels = node->levels > map->levels ? node->levels : map->levels;
        for (unsigned level = 0; level < node->levels; level++) {
            node->next[level] = path[level]->next[level];
            path[level]->next[level] = node;
        }
    }
    set_value(node, value, value_size);
}

void ordered_map_remove(struct ordered_map *map, struct text key)
{
    struct node *path[LEVELS_MAX];
    find_path(map, key, path);
    struct node *node = path[0]->next[0];
    if (node == NULL || !text_equal(node->entry.key, key)) {
        return;
    }
    for (unsigned level = 0; level < node->levels; level++) {
        path[level]->next[level] = node->next[level];
    }
    destroy_node(node);
}
