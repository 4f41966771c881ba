/* shapes_random.h: random messages of any type, the same for the same seed. */
#pragma once

#include "base/arena.h"
#include "proto/proto.h"

struct shapes_random {
    struct arena *arena; /* the messages' memory, which must suffice */
    uint64_t state;      /* the seed, not 0 */
    bool no_negative_zero;
};

/* Types of google/protobuf with JSON forms of their own are left out: not every value has one. Map
 * keys differ, numbers are no NaN, strings are text. */
ProtobufCMessage *shapes_random_message(struct shapes_random *random, const struct proto_type *type,
                                        unsigned depth);
