/* registry_repository.h: what is kept of the registry's state over a restart: one record for each
 * node, and one for each instance with its checks, which are opaque here.
 *
 * A batch is saved whole or not at all, so that what is loaded is always the state as it was at one
 * moment. One process at a time. */
#pragma once

#include <stddef.h>

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

enum registry_record_kind {
    REGISTRY_RECORD_HEAD, /* there is one, with the empty key; written with every batch */
    REGISTRY_RECORD_NODE,
    REGISTRY_RECORD_INSTANCE,
    REGISTRY_RECORD_KINDS,
};

/* Of keys, but for the head's 1 to so many. */
enum { REGISTRY_RECORD_KEY_BYTES_MAX = 511 };

struct registry_record {
    enum registry_record_kind kind;
    struct text key;
    struct text value;
    bool is_removed; /* in a batch: there is to be none; without a value */
};

struct registry_batch {
    bool is_whole;                         /* records that are not in it are removed */
    const struct registry_record *records; /* applied in this order */
    size_t count;
    size_t bytes; /* of keys and values, about */
};

/* Told of a record, whose texts are borrowed for the call. Another status than STATUS_OK ends the
 * reading. */
typedef enum status (*registry_record_fn)(void *argument, const struct registry_record *record);

struct registry_repository_ops {
    /* Tells every record, in the order of the kinds, those of one kind by key. Blocks: before
     * anything is saved. Returns what `visit` returned, or STATUS_DATA_LOSS: what is kept is
     * damaged; STATUS_UNAVAILABLE: it cannot be read now. Mandatory. */
    enum status (*load)(void *state, struct call *call, registry_record_fn visit, void *argument);

    /* Parks until the batch is durable: it survives a loss of power. The batch is borrowed until
     * then, whether or not the call is over. One at a time. STATUS_UNAVAILABLE: it cannot be saved
     * now, nothing has changed. Mandatory. */
    enum status (*save)(void *state, struct call *call, const struct registry_batch *batch);

    /* Nothing may be under way. Mandatory. */
    void (*close)(void *state);
};

struct registry_repository {
    const struct registry_repository_ops *ops; /* NULL: nothing is kept */
    void *state;
};
