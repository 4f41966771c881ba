/* search_builder_private.h: what a builder has collected, for the files of this folder. */
#pragma once

#include "base/digest.h"
#include "search/search_segment_private.h"

/* Grows by doubling. */
struct table {
    void *items;
    size_t count;
    size_t capacity;
};

struct pending_document {
    size_t id_at;
    uint32_t id_length;
    uint32_t popularity;
    size_t occurrence_at;
    uint32_t occurrence_count;
    int16_t year;
    uint8_t title_length;
    uint8_t other_length;
};

struct pending_term {
    size_t bytes_at;
    uint32_t length;
    uint32_t hash;
    uint32_t rank; /* its number in the segment */
};

struct search_builder {
    struct table bytes;                  /* char: of terms and ids */
    struct table documents;              /* struct pending_document */
    struct table terms;                  /* struct pending_term, as they came */
    struct table occurrences;            /* uint32_t, with numbers of `terms` */
    uint32_t *places;                    /* open addressing: 1 + the number in `terms`; 0: free */
    size_t place_count;                  /* a power of two */
    unsigned char key[DIGEST_KEY_BYTES]; /* of the hash by which they are found */
    struct arena arena;                  /* of one document */
};

static inline struct text search_pending_text(const struct search_builder *builder,
                                              const struct pending_term *term)
{
    return text_of_bytes((const char *)builder->bytes.items + term->bytes_at, term->length);
}
