/* record_keys.h: sets of records. */
#pragma once

#include "rating/model/rating.h"

/* By type, then by id in byte order: as repositories list them. */
int record_key_compare(struct record_key a, struct record_key b);

/* Sorts them and drops all but one of each. Returns how many are left. */
size_t record_keys_make_set(struct record_key *keys, size_t count);
