/* metadata_message.h: between the model and the messages of api/metadata.proto. */
#pragma once

#include "metadata.pb-c.h"
#include "metadata/model/metadata.h"

struct arena;

/* A message that borrows the model's texts; valid in the arena. NULL: no room. */
Metadata *metadata_to_message(struct arena *arena, const struct metadata *metadata);

/* Borrows the message's texts; the genres' list is in the arena. A missing message is all empty.
 * STATUS_RESOURCE_EXHAUSTED: no room. */
MUST_USE enum status metadata_from_message(struct arena *arena, const Metadata *message,
                                           struct metadata *ret_metadata);
