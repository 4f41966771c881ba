/* json_private.h: what the files of the JSON reader share. */
#pragma once

#include "json/json.h"

struct json {
    enum json_kind kind;
    size_t length; /* of an array or an object */
    union {
        struct text text; /* a string, or a number as it was written */
        bool boolean;
        const struct json *items;         /* of an array */
        const struct json_entry *entries; /* of an object */
    };
    union {
        int64_t integer;
        double real;
    };
};

/* A member of an object, or (without name) an element of an array that is being read. */
struct json_entry {
    struct text name;
    struct json value;
};

/* Reads the string whose opening quote is at **at, replacing its escapes in place, and moves *at
 * behind its closing quote. The bytes are UTF-8 and end in NUL. Returns NULL, or what is wrong
 * (with *at at the place). */
MUST_USE const char *json_read_string(char **at, struct text *ret_string);
