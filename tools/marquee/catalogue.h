/* catalogue.h: movies as a JSON array of objects, in the form of api/http.md. */
#pragma once

#include "marquee/bulk.h"

enum { CATALOGUE_BYTES_MAX = 64 * 1024 * 1024 };

/* Puts every movie of the array to the metadata service. What is wrong with one is complained of by
 * its place in the array, from 1, as the "line". STATUS_INVALID_ARGUMENT: not such an array, and
 * nothing was put. Otherwise as bulk_put_metadata(). */
MUST_USE enum status catalogue_put(struct bulk *bulk, struct text json);
