/* registry_coder.h: writes values one after the other, and reads them back by the same code: a
 * description of a struct is one function for both ways, so that they cannot differ.
 *
 * Numbers are in base 128, lowest first (as protobuf's varints); texts have their length before
 * them. A fault sticks: what follows it does nothing. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"

struct registry_coder {
    struct buffer *output; /* NULL: it reads */
    struct text input;     /* what is left of it */
    struct arena *arena;   /* of lists that are read; texts are borrowed from the input */
    bool failed;           /* the input is not what was written, or */
    bool without_memory;
};

static inline bool registry_coder_is_reading(const struct registry_coder *coder)
{
    return coder->output == NULL;
}

void registry_code_number(struct registry_coder *coder, uint64_t *value);
void registry_code_text(struct registry_coder *coder, struct text *text);

void registry_code_integer(struct registry_coder *coder, int64_t *value);
void registry_code_int(struct registry_coder *coder, int *value);

/* Fails unless the value is at most `maximum`. */
void registry_code_size(struct registry_coder *coder, size_t *value, size_t maximum);
void registry_code_flag(struct registry_coder *coder, bool *value);

/* Room for a list that is read; NULL when writing, or without memory (which is a fault). */
void *registry_coder_list(struct registry_coder *coder, size_t count, size_t size);
