/* fake_store.h: a store for group commit's tests: it counts, fails when told to, and waits at
 * gates. */
#pragma once

#include <pthread.h>

#include "store/group_commit.h"

enum { FAKE_STORE_VALUES_MAX = 8192 };

/* Where the writer waits until the test lets it on. */
struct fake_gate {
    bool closed;
    bool reached; /* the writer has been there */
};

struct fake_store {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    struct fake_gate begin;
    struct fake_gate apply;
    enum status begin_status; /* of every begin */
    unsigned commit_failures; /* of the commits to come */
    bool abort_removes_cause;
    unsigned begins;
    unsigned commits;
    size_t pending_count; /* applied, not committed */
    size_t value_count;   /* committed */
    int pending[FAKE_STORE_VALUES_MAX];
    int values[FAKE_STORE_VALUES_MAX];
};

extern const struct group_commit_ops fake_store_ops;

void fake_store_init(struct fake_store *store);
void fake_store_deinit(struct fake_store *store);

void fake_store_close_gate(struct fake_store *store, struct fake_gate *gate);
void fake_store_open_gate(struct fake_store *store, struct fake_gate *gate);

/* Blocks until the writer has come to the gate. */
void fake_store_await_writer(struct fake_store *store, const struct fake_gate *gate);

/* How often the value was committed. */
unsigned fake_store_count(struct fake_store *store, int value);

/* A job that appends `value`, or answers with `status`. */
struct group_commit_job *fake_store_job(int value, enum status status, size_t bytes);

/* Jobs that were made and not released yet, of this thread. */
unsigned fake_store_job_count(void);
