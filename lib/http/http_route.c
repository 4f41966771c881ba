#include "http/http_route.h"

#include <stdlib.h>

#include "base/arena.h"

/* Rows of the same path stand side by side in `rows`. */
struct path_group {
    struct text path; /* without the '*' */
    bool is_prefix;   /* it ended in one */
    size_t first;
    size_t count;
};

struct http_route_table {
    const struct http_route **rows; /* sorted by path, then method */
    size_t row_count;
    struct path_group *exact;    /* open addressing, slot_count of them, path.data NULL: free */
    size_t slot_count;           /* a power of two */
    struct path_group *prefixes; /* the longest first */
    size_t prefix_count;
};

static int compare_rows(const void *a, const void *b)
{
    const struct http_route *first = *(const struct http_route *const *)a;
    const struct http_route *second = *(const struct http_route *const *)b;
    int order = strcmp(first->path, second->path);
    if (order != 0) {
        return order;
    }
    return strcmp(first->method != NULL ? first->method : "",
                  second->method != NULL ? second->method : "");
}

static int compare_prefixes(const void *a, const void *b)
{
    const struct path_group *first = a;
    const struct path_group *second = b;
    return first->path.length < second->path.length ? 1 : -1;
}

/* Eight bytes at a time, the last ones twice where need be. The paths in the table are ours: there
 * is nothing that an outsider could make collide. */
static size_t hash_of(struct text path)
{
    uint64_t hash = path.length;
    uint64_t word = 0;
    for (size_t i = 0; i + sizeof(word) <= path.length; i += sizeof(word)) {
        memcpy(&word, path.data + i, sizeof(word));
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    if (path.length >= sizeof(word)) {
        memcpy(&word, path.data + path.length - sizeof(word), sizeof(word));
    } else if (path.length > 0) {
        memcpy(&word, path.data, path.length);
    }
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash ^ hash >> 32);
}

static void insert_exact(struct http_route_table *table, struct path_group group)
{
    size_t slot = hash_of(group.path) & (table->slot_count - 1);
    while (table->exact[slot].path.data != NULL) {
        slot = (slot + 1) & (table->slot_count - 1);
    }
    table->exact[slot] = group;
}

static enum status fill_table(struct http_route_table *table, size_t count)
{
    for (size_t i = 0; i < count;) {
        struct path_group group = {.path = text_of(table->rows[i]->path), .first = i};
        while (i < count && text_equal(text_of(table->rows[i]->path), group.path)) {
            if (i > group.first && compare_rows(&table->rows[i - 1], &table->rows[i]) == 0) {
                return STATUS_INVALID_ARGUMENT;
            }
            i++;
        }
        group.count = i - group.first;
        group.is_prefix = text_ends_with(group.path, TEXT("/*"));
        if (group.is_prefix) {
            group.path.length--;
            table->prefixes[table->prefix_count++] = group;
        } else {
            insert_exact(table, group);
        }
    }
    qsort(table->prefixes, table->prefix_count, sizeof(table->prefixes[0]), compare_prefixes);
    return STATUS_OK;
}

enum status http_route_table_create(const struct http_route *routes, size_t count,
                                    struct http_route_table **ret_table)
{
    struct http_route_table *table = calloc(1, sizeof(*table));
    if (table == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    table->slot_count = 4;
    while (table->slot_count < 2 * count) {
        table->slot_count *= 2;
    }
    table->rows = calloc(count + 1, sizeof(table->rows[0]));
    table->exact = calloc(table->slot_count, sizeof(table->exact[0]));
    table->prefixes = calloc(count + 1, sizeof(table->prefixes[0]));
    if (table->rows == NULL || table->exact == NULL || table->prefixes == NULL) {
        http_route_table_destroy(table);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < count; i++) {
        table->rows[i] = &routes[i];
    }
    table->row_count = count;
    qsort(table->rows, count, sizeof(table->rows[0]), compare_rows);
    enum status status = fill_table(table, count);
    if (status != STATUS_OK) {
        http_route_table_destroy(table);
        return status;
    }
    *ret_table = table;
    return STATUS_OK;
}

void http_route_table_destroy(struct http_route_table *table)
{
    if (table == NULL) {
        return;
    }
    free(table->rows);
    free(table->exact);
    free(table->prefixes);
    free(table);
}

static const struct path_group *find_group(const struct http_route_table *table, struct text path)
{
    size_t slot = hash_of(path) & (table->slot_count - 1);
    while (table->exact[slot].path.data != NULL) {
        if (text_equal(table->exact[slot].path, path)) {
            return &table->exact[slot];
        }
        slot = (slot + 1) & (table->slot_count - 1);
    }
    for (size_t i = 0; i < table->prefix_count; i++) {
        if (text_starts_with(path, table->prefixes[i].path)) {
            return &table->prefixes[i];
        }
    }
    return NULL;
}

static const struct http_route *find_method(const struct http_route_table *table,
                                            const struct path_group *group, struct text method)
{
    const struct http_route *any = NULL;
    for (size_t i = group->first; i < group->first + group->count; i++) {
        const struct http_route *row = table->rows[i];
        if (row->method == NULL) {
            any = row;
        } else if (text_equal(text_of(row->method), method)) {
            return row;
        }
    }
    return any;
}

struct http_route_match http_route_find(const struct http_route_table *table, struct text method,
                                        struct text path)
{
    const struct path_group *group = find_group(table, path);
    if (group == NULL) {
        return (struct http_route_match){.route = NULL};
    }
    const struct http_route *route = find_method(table, group, method);
    if (route == NULL && text_equal(method, TEXT("HEAD"))) {
        route = find_method(table, group, TEXT("GET"));
    }
    if (route == NULL) {
        return (struct http_route_match){.other = table->rows[group->first]};
    }
    struct http_route_match match = {.route = route};
    if (group->is_prefix) {
        match.rest = text_slice(path, group->path.length, path.length);
    }
    return match;
}

struct text http_route_allow(const struct http_route_table *table, const struct http_route *route,
                             struct arena *arena)
{
    struct text allow = {NULL, 0};
    for (size_t i = 0; i < table->row_count; i++) {
        const struct http_route *row = table->rows[i];
        if (strcmp(row->path, route->path) == 0) {
            bool is_get = strcmp(row->method, "GET") == 0;
            allow = arena_format(arena, "%.*s%s%s%s", TEXT_ARGUMENTS(allow),
                                 allow.length > 0 ? ", " : "", row->method, is_get ? ", HEAD" : "");
        }
    }
    return allow;
}
