#include "rating/model/record_keys.h"

#include <stdlib.h>

int record_key_compare(struct record_key a, struct record_key b)
{
    if (a.type != b.type) {
        return a.type < b.type ? -1 : 1;
    }
    return text_compare(a.id, b.id);
}

static int compare(const void *a, const void *b)
{
    const struct record_key *left = a;
    const struct record_key *right = b;
    return record_key_compare(*left, *right);
}

size_t record_keys_make_set(struct record_key *keys, size_t count)
{
    size_t kept = 0;
    if (count > 1) {
        qsort(keys, count, sizeof(*keys), compare);
    }
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || record_key_compare(keys[kept - 1], keys[i]) != 0) {
            keys[kept++] = keys[i];
        }
    }
    return kept;
}
