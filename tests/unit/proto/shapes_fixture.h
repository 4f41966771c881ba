/* shapes_fixture.h: a pool over the shapes of tests/unit/proto, and a call to use it in. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "proto/proto.h"
#include "shapes.pb-c.h"
#include "well_known.pb-c.h"

struct shapes {
    struct arena arena;
    struct call call;
    struct proto_pool *pool;
    struct buffer buffer; /* empty at first */
};

/* For cmocka: *state becomes a struct shapes. Both return 0. */
int shapes_set_up(void **state);
int shapes_tear_down(void **state);

/* Forgets what earlier cases left; the call then has this much memory. */
void shapes_reset(struct shapes *shapes, size_t arena_bytes);

enum { SHAPES_ARENA_BYTES = 16 * 1024 * 1024 };

/* The type of a message, which must be in the pool. */
const struct proto_type *shapes_type(const struct shapes *shapes, const char *full_name);
