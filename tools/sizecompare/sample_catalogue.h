/* sample_catalogue.h: the real entries that the longer list is made of. */
#pragma once

#include "base/status.h"
#include "sizecompare/sample_document.h"

struct arena;

/* The most bytes of a catalogue file. */
enum { SAMPLE_CATALOGUE_BYTES_MAX = 16 << 20 };

/* Takes the first `entries_max` entries, or all when there are fewer, from a JSON list of objects
 * with at least the texts id, title, description and director. path: NULL: the catalogue built in.
 * ret_document: a list, valid in the arena.
 * STATUS_NOT_FOUND, STATUS_PERMISSION_DENIED, STATUS_UNAVAILABLE: the file cannot be read.
 * STATUS_INVALID_ARGUMENT: it is not such a list, or an empty one.
 * STATUS_RESOURCE_EXHAUSTED: over SAMPLE_CATALOGUE_BYTES_MAX or SAMPLE_ENTRIES_MAX, or no memory.
 */
MUST_USE enum status sample_catalogue_load(const char *path, size_t entries_max,
                                           struct arena *arena,
                                           struct sample_document *ret_document);
