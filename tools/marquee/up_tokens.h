/* up_tokens.h: what `marquee up --access` makes at its first start. */
#pragma once

#include <stdio.h>

#include "marquee/up_children.h"

/* Makes DATA/access, for the owner alone, with what is not there yet: secrets that the services and
 * the registry ask each other for, and a file of tokens with one for the user `admin`, which is
 * printed, once. Names the files in *access. data: ends in NUL. STATUS_FAILED_PRECONDITION,
 * STATUS_RESOURCE_EXHAUSTED: it cannot; the call's error says why. Blocks. */
MUST_USE enum status up_tokens_make(struct call *call, struct text data, FILE *output,
                                    struct up_access *access);
