/* json_output.h: one line of JSON, as commands print it. */
#pragma once

#include "base/buffer.h"
#include "marquee/session.h"
#include "json/json.h"

enum { JSON_OUTPUT_BYTES_MAX = 4 * 1024 * 1024 };

struct json_output {
    struct json_writer writer; /* what is to be printed */
    /* private */
    struct buffer buffer;
};

/* To be printed, which closes it. */
void json_output_open(struct json_output *output);

/* STATUS_RESOURCE_EXHAUSTED: it is longer than JSON_OUTPUT_BYTES_MAX, or there is no memory;
 * nothing is printed. That the output takes it is looked at when the command ends. */
MUST_USE enum status json_output_print(struct json_output *output, struct session *session);
