/* sample_document.h: what is encoded: one entry of movie metadata, or a list of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/text.h"

struct arena;

/* The most entries of a list; a decoder refuses more with STATUS_RESOURCE_EXHAUSTED. */
enum { SAMPLE_ENTRIES_MAX = 10000 };

enum sample_field {
    SAMPLE_FIELD_ID,
    SAMPLE_FIELD_TITLE,
    SAMPLE_FIELD_DESCRIPTION,
    SAMPLE_FIELD_DIRECTOR,
    SAMPLE_FIELD_COUNT,
};

/* Every text is UTF-8 without NUL, and a NUL byte that its length does not count stands behind it:
 * avro-c and thrift c_glib take their strings so. */
struct sample_entry {
    struct text fields[SAMPLE_FIELD_COUNT];
};

enum sample_shape {
    SAMPLE_SINGLE, /* one entry by itself: count is 1 */
    SAMPLE_LIST,
};

struct sample_document {
    enum sample_shape shape;
    const struct sample_entry *entries; /* borrowed from whoever made the document */
    size_t count;
};

/* What the formats that carry names call the fields, and an entry and a list. The XML names are
 * those that Go's encoding/xml gives the reference's struct. */
struct sample_names {
    const char *fields[SAMPLE_FIELD_COUNT];
    const char *entry;
    const char *list;
};
extern const struct sample_names sample_lower_names; /* "id", "title", ... */
extern const struct sample_names sample_xml_names;   /* "ID", "Title", ... */

/* The reference's own sample: id 123, The Movie 2. Static storage. */
struct sample_document sample_document_reference(void);

/* Room for `count` entries, all texts empty, valid in the arena.
 * STATUS_RESOURCE_EXHAUSTED: over SAMPLE_ENTRIES_MAX, or no room in the arena. */
MUST_USE enum status sample_entries_create(struct arena *arena, size_t count,
                                           struct sample_entry **ret_entries);

/* Sets a field to a copy valid in the arena. STATUS_INVALID_ARGUMENT: not UTF-8, or holds NUL.
 * STATUS_RESOURCE_EXHAUSTED: no room in the arena. */
MUST_USE enum status sample_entry_set(struct sample_entry *entry, enum sample_field field,
                                      struct arena *arena, struct text value);

/* The same shape and the same texts in the same order. */
bool sample_document_equal(const struct sample_document *a, const struct sample_document *b);
