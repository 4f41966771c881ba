#include "marquee/movielens_links.h"

#include <stdlib.h>

enum { FIELD_COUNT = 3, FIRST_CAPACITY = 1024 };

static enum status grow(struct movielens_links *links, struct call *call)
{
    size_t capacity = links->capacity == 0 ? FIRST_CAPACITY : links->capacity * 2;
    struct movielens_link *moved = capacity <= MOVIELENS_LINKS_MAX
                                       ? reallocarray(links->links, capacity, sizeof(*links->links))
                                       : NULL;
    if (moved == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "too many links for the memory");
    }
    links->links = moved;
    links->capacity = capacity;
    return STATUS_OK;
}

enum status movielens_links_add(struct movielens_links *links, struct call *call,
                                const struct csv_row *row)
{
    struct movielens_link link;
    if (row->count != FIELD_COUNT || !text_to_u64(row->fields[0], &link.movie) ||
        !text_to_c_string(row->fields[1], link.imdb, sizeof(link.imdb)) ||
        !text_to_c_string(row->fields[2], link.tmdb, sizeof(link.tmdb))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "not movieId,imdbId,tmdbId with numbers for all three");
    }
    enum status status = links->count == links->capacity ? grow(links, call) : STATUS_OK;
    if (status == STATUS_OK) {
        links->links[links->count++] = link;
    }
    return status;
}

static int compare(const void *left, const void *right)
{
    const struct movielens_link *a = left;
    const struct movielens_link *b = right;
    return (a->movie > b->movie) - (a->movie < b->movie);
}

void movielens_links_sort(struct movielens_links *links)
{
    if (links->count > 0) {
        qsort(links->links, links->count, sizeof(*links->links), compare);
    }
}

const struct movielens_link *movielens_links_find(const struct movielens_links *links,
                                                  struct text movie)
{
    struct movielens_link key;
    if (links->count == 0 || !text_to_u64(movie, &key.movie)) {
        return NULL;
    }
    return bsearch(&key, links->links, links->count, sizeof(*links->links), compare);
}

void movielens_links_deinit(struct movielens_links *links)
{
    free(links->links);
}
