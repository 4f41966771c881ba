#include "proto/proto_place.h"

#include <stdio.h>

/* Written from the end to the start, for the chain leads from the inside to the outside. */
struct path {
    char *buffer;
    size_t start;
    bool name_follows; /* what was written last begins with a name */
};

static bool prepend(struct path *path, struct text part)
{
    if (part.length > path->start) {
        return false;
    }
    path->start -= part.length;
    if (part.length > 0) {
        memcpy(path->buffer + path->start, part.data, part.length);
    }
    return true;
}

static bool prepend_place(struct path *path, const struct proto_place *place)
{
    char index[32];
    int length = 0;
    if (place->index != PROTO_PLACE_NO_INDEX) {
        length = snprintf(index, sizeof(index), "[%zu]", place->index);
    }
    struct text dot = path->name_follows ? TEXT(".") : TEXT("");
    if (!prepend(path, dot) || !prepend(path, text_of_bytes(index, (size_t)length)) ||
        !prepend(path, place->name)) {
        return false;
    }
    path->name_follows = place->name.length > 0;
    return true;
}

struct text proto_place_path(const struct proto_place *place, char buffer[PROTO_PLACE_BYTES_MAX])
{
    struct path path = {.buffer = buffer, .start = PROTO_PLACE_BYTES_MAX};
    bool fits = true;
    for (; fits && place != NULL; place = place->parent) {
        fits = prepend_place(&path, place);
    }
    return text_of_bytes(buffer + path.start, PROTO_PLACE_BYTES_MAX - path.start);
}
