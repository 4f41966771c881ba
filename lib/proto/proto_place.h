/* proto_place.h: where in a message something is wrong, as words: "scalars.names[2].text".
 *
 * A chain of places on the stack of whoever walks a message; costs nothing until it is asked for.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { PROTO_PLACE_BYTES_MAX = 256 };

#define PROTO_PLACE_NO_INDEX SIZE_MAX

/* For a function with large locals that is called from a recursion over messages: inlined, they
 * would be part of every level's frame. */
#define PROTO_OWN_FRAME __attribute__((noinline))

struct proto_place {
    const struct proto_place *parent; /* NULL: the whole message */
    struct text name;                 /* empty: only the index counts */
    size_t index;                     /* of a repeated field, or PROTO_PLACE_NO_INDEX */
};

/* Writes the path from the outermost place to `place`, cut at its start where it is too long. The
 * text is borrowed from `buffer`. */
struct text proto_place_path(const struct proto_place *place, char buffer[PROTO_PLACE_BYTES_MAX]);
