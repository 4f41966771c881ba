/* store_directory.h: the folder that a store's files are in. */
#pragma once

#include "store/store_error.h"

/* Creates the directory and its parents where they are missing, for the owner only (0700), durably.
 * Blocks. STATUS_FAILED_PRECONDITION: it cannot be created or is no directory. STATUS_UNAVAILABLE:
 * a new one cannot be synced. */
MUST_USE enum status store_directory_create(struct text path, struct store_error *error);

/* Has the entries of the directory synced, so that new files survive a loss of power.
 * STATUS_UNAVAILABLE: it cannot be. */
MUST_USE enum status store_directory_sync(struct text path, struct store_error *error);

/* The part of a file's path before its last '/', "." when there is none. */
struct text store_directory_of(struct text file_path);
