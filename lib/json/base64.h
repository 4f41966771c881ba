/* base64.h: base64 (RFC 4648), written in the standard alphabet with padding, read in either
 * alphabet with or without. */
#pragma once

#include "base/buffer.h"
#include "base/text.h"

struct arena;

enum { BASE64_DIGITS = 64 };

/* The value of a digit of either alphabet; BASE64_DIGITS: it is none. */
unsigned base64_digit_value(char digit);

/* Writes into room for (length + 2) / 3 * 4 characters; returns that. */
size_t base64_encode_to(struct text bytes, char *to);

/* false: no room in the buffer. */
MUST_USE bool base64_encode(struct text bytes, struct buffer *buffer);

/* The bytes, valid in the arena. *ret_valid: the text is base64. data is NULL when there is no
 * memory. */
struct text base64_decode(struct arena *arena, struct text text, bool *ret_valid);
