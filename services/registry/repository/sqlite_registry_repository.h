/* sqlite_registry_repository.h: the registry's records in a SQLite database: each batch is one
 * transaction, synced before save() returns. */
#pragma once

#include "registry/repository/registry_repository.h"

struct group_commit;

struct sqlite_registry_repository_options {
    struct text path; /* a directory; created when missing, for the owner only */
};

/* Blocks. STATUS_FAILED_PRECONDITION: the directory cannot be used, another process has it open, or
 * the database is of another version. STATUS_DATA_LOSS: it is damaged. STATUS_UNAVAILABLE: it
 * cannot be opened now. *ret_repository is owned by the caller, who closes it. */
MUST_USE enum status
sqlite_registry_repository_open(struct call *call,
                                const struct sqlite_registry_repository_options *options,
                                struct registry_repository *ret_repository);

/* Renames the directory, which is not open, to PATH.damaged-TIME, so that another can be begun.
 * *ret_aside: its new path, valid in the call's arena. STATUS_UNAVAILABLE: it cannot be. */
MUST_USE enum status sqlite_registry_repository_set_aside(struct call *call, struct text path,
                                                          struct text *ret_aside);

/* For metrics of its commits. Borrowed. */
struct group_commit *
sqlite_registry_repository_writer(const struct registry_repository *repository);
