/* registry_unsaved.h: which records of a registry's state are not saved yet, and the state read
 * back from its records.
 *
 * A changed instance is one record to write, however often it changes before it is saved. New
 * outputs with the same status, and when TTLs were renewed, are not kept. */
#pragma once

#include "base/buffer.h"
#include "registry/repository/registry_record.h"
#include "registry/repository/registry_repository.h"
#include "registry/repository/registry_state.h"

enum {
    /* That are remembered until they are saved; with more, everything is saved anew. */
    REGISTRY_REMOVED_MAX = 65536,
    /* More than the records of all that the registry may hold. */
    REGISTRY_BATCH_BYTES_MAX = 2 * REGISTRY_BYTES_MAX,
    /* An index that was told before it could be saved is lower than the saved one and so much. */
    REGISTRY_INDEX_RESERVE = 1000000,
};

/* From now on it is remembered what is not saved. notify: called on each change; must not write. */
void registry_state_keep_unsaved(struct registry_state *state, void (*notify)(void *argument),
                                 void *argument);

/* Counts changes, saved or not: what has the same count is the same. */
uint64_t registry_state_changes(const struct registry_state *state);

/* What is to be saved. */
struct registry_unsaved {
    struct registry_batch batch; /* with all that it points to */
    /* private */
    struct registry_record *records;
    struct buffer buffer;
};

/* Takes all that is not saved, as it is now. STATUS_RESOURCE_EXHAUSTED: no memory; it is still
 * unsaved. *ret_unsaved is handed back by one of the two below. */
MUST_USE enum status registry_state_take_unsaved(struct registry_state *state, int64_t now_ns,
                                                 int64_t wall_ms,
                                                 struct registry_unsaved *ret_unsaved);
void registry_unsaved_release(struct registry_unsaved *unsaved);
/* It could not be saved: its records are unsaved again. Releases. */
void registry_state_give_back(struct registry_state *state, struct registry_unsaved *unsaved);

/* What a state is read back into, record by record as registry_repository tells them. */
struct registry_restoring {
    struct registry_state *state;
    int64_t now_ns;
    int64_t wall_ms;
    /* read only */
    bool any;
    int64_t saved_ms;
    /* private */
    bool has_head;
    uint64_t index;
    size_t expected_nodes;
    size_t expected_instances;
};

/* Is a registry_record_fn; argument: the struct registry_restoring, over a new state. What is
 * restored is as it was; TTLs start anew, active checks are due, and both are unconfirmed until
 * they are heard of. STATUS_DATA_LOSS: the record is damaged. */
enum status registry_state_restore(void *argument, const struct registry_record *record);

/* At the end. STATUS_DATA_LOSS: records are missing. Indexes go on above those of before. */
MUST_USE enum status registry_state_restored(struct registry_restoring *restoring);
