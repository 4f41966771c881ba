/* memory_metadata_private.h: what the files of the repository in memory share. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "metadata/repository/metadata_repository.h"
#include "store/ordered_map.h"

struct memory_metadata_repository {
    pthread_mutex_t lock;        /* held for memory's time only */
    struct ordered_map *entries; /* struct kept_entry * by id */
    struct ordered_map *lookups; /* struct kept_entry * by what it is looked up by, and its id */
    struct ordered_map *changes; /* ids by sequence, big endian */
    struct ordered_map *latest;  /* by id, its key in `changes` */
    int64_t last;
};

/* Never changed: a put makes another. It goes when neither the map nor a call holds it. */
struct kept_entry {
    struct metadata metadata;
    struct text title_key;
    struct text whole_title;
    struct arena arena; /* of its texts */
    atomic_uint holders;
};

/* With the lock: enters the entry under what it is looked up by, or takes it out. */
void memory_metadata_index(struct memory_metadata_repository *self, struct kept_entry *entry);
void memory_metadata_forget(struct memory_metadata_repository *self,
                            const struct kept_entry *entry);

/* Of struct metadata_repository_ops. */
enum status memory_metadata_find(void *state, struct call *call, enum metadata_lookup_kind kind,
                                 const struct metadata_lookup *lookups, size_t count,
                                 struct metadata_candidates *ret_candidates);
