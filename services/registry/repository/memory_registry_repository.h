/* memory_registry_repository.h: the registry's records in memory: for tests, which may have it
 * fail. */
#pragma once

#include "registry/repository/registry_repository.h"

/* What a test sees of it and sets; zeroed before open. Outlives the repository, so that another may
 * be opened on the same records. */
struct memory_registry_records {
    bool is_full;        /* save() fails with STATUS_UNAVAILABLE */
    unsigned save_count; /* read only: that succeeded */
    /* private */
    struct memory_registry_record *records;
    size_t count;
};

/* Never fails. */
struct registry_repository memory_registry_repository(struct memory_registry_records *records);

/* Changes a byte of the record at that place, by key. false: there are fewer. */
MUST_USE bool memory_registry_records_damage(struct memory_registry_records *records, size_t place,
                                             size_t byte);
MUST_USE bool memory_registry_records_lose(struct memory_registry_records *records, size_t place);

void memory_registry_records_deinit(struct memory_registry_records *records);
