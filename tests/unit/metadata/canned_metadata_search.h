/* canned_metadata_search.h: a search that finds what it was given, whatever is asked. */
#pragma once

#include "metadata/repository/metadata_search.h"

struct canned_metadata_search {
    const struct metadata_match *matches; /* best first */
    size_t count;
    enum status status; /* with the words "canned", if not OK */
    /* read only */
    struct text query; /* of the last question */
    size_t limit;
    unsigned changes; /* noted */
};

struct metadata_search canned_metadata_search_port(struct canned_metadata_search *search);
