/* recommend_snapshot.h: a model as bytes, so that a process need not make it anew from all votes.
 *
 * The votes, the lists, and which lists wait; what follows from the votes is made of them again.
 * For the machine and the version that wrote it: numbers stand as they do in memory. Bytes that are
 * no snapshot are refused; that they are those which were written is for the caller to check. */
#pragma once

#include "recommend/recommend_model.h"

/* Where bytes go. put: false when they cannot be written; then nothing more is put. */
struct recommend_sink {
    bool (*put)(void *state, const void *bytes, size_t count);
    void *state;
};

/* Where they come from. get: false when there are fewer. */
struct recommend_source {
    bool (*get)(void *state, void *bytes, size_t count);
    void *state;
};

/* The writer's, between its changes. STATUS_UNAVAILABLE: they could not be written. */
MUST_USE enum status recommend_snapshot_write(const struct recommend_model *model,
                                              struct recommend_sink sink);

/* *ret_model is owned by the caller; it says what the one written said. STATUS_FAILED_PRECONDITION:
 * it is of other settings, or of another version. STATUS_DATA_LOSS: it is cut short, or none.
 * STATUS_RESOURCE_EXHAUSTED: no memory. CHECKs the settings. */
MUST_USE enum status recommend_snapshot_read(const struct recommend_settings *settings,
                                             struct recommend_source source,
                                             struct recommend_model **ret_model);
