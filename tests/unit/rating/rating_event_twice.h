/* rating_event_twice.h: the two ways in which an event's fields are read, held against each other.
 */
#pragma once

#include "base/text.h"

/* Reads the text in one pass and, if that takes it, as a tree too; CHECKs that both find the same.
 * Whether the one pass took it. */
bool rating_event_read_twice(struct text json);
