/* export_output.h: where an export goes: standard output, or a file that is there only once it is
 * whole. Until then it is written beside it, under the name with ".new" at its end, so that an
 * export that fails leaves the one before as it was. */
#pragma once

#include <stdio.h>

#include "marquee/session.h"

struct export_output {
    FILE *file;
    /* private */
    struct text path;   /* empty: standard output */
    struct text beside; /* empty: it is written in place */
};

/* STATUS_FAILED_PRECONDITION: it cannot be written there. */
MUST_USE enum status export_output_open(struct session *session, struct text path,
                                        struct export_output *ret_output);

/* status: what the export came to; returns it, or where that is STATUS_OK why the file could not be
 * written as a whole. */
enum status export_output_close(struct session *session, struct export_output *output,
                                enum status status);
