/* text.h: a borrowed run of bytes, with its length: the type of every string that came from
 * outside.
 *
 * A struct text owns nothing and need not end in NUL; whoever hands it on says how long it stays
 * valid. {NULL, 0} is the empty text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"

struct text {
    const char *data;
    size_t length;
};

/* A text of a string literal, usable in static tables: TEXT("a"). */
#define TEXT(literal) ((struct text){"" literal, sizeof(literal) - 1})
#define TEXT_INIT(literal)                                                                         \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }

/* For printf: "%.*s", TEXT_ARGUMENTS(text). */
#define TEXT_ARGUMENTS(text) (int)(text).length, ((text).data ? (text).data : "")

static inline struct text text_of(const char *string)
{
    return (struct text){string, string ? strlen(string) : 0};
}

static inline struct text text_of_bytes(const void *data, size_t length)
{
    return (struct text){data, length};
}

static inline bool text_equal(struct text a, struct text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* ASCII letters compare without regard to case. */
bool text_equal_ignoring_case(struct text a, struct text b);

/* As memcmp, a shorter text before a longer one that it starts. */
int text_compare(struct text a, struct text b);

bool text_starts_with(struct text text, struct text prefix);
bool text_ends_with(struct text text, struct text suffix);

/* The offset of the first `byte` at or after `from`, or text.length. */
size_t text_find(struct text text, size_t from, char byte);

/* The part [from, to), clipped to the text. */
struct text text_slice(struct text text, size_t from, size_t to);

/* Without spaces and tabs at both ends. */
struct text text_trim(struct text text);

/* Cuts at the first `separator`: returns the part before it and moves *rest behind it; *rest
 * becomes {NULL, 0} when there was none, so `while (rest.data != NULL)` walks all parts. */
struct text text_next(struct text *rest, char separator);

/* Whether the bytes are UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
bool text_is_utf8(struct text text);

/* Whether the text is UTF-8 without NUL: what every string of a message must be. */
bool text_is_clean(struct text text);

/* Decimal numbers, the whole text, no sign but '-' where signed, no spaces.
 * false: not a number or outside the type's range; *ret is then untouched. */
MUST_USE bool text_to_u64(struct text text, uint64_t *ret_value);
MUST_USE bool text_to_i64(struct text text, int64_t *ret_value);

/* A finite decimal number ("8", "8.5", "-1e3"), in the C locale. */
MUST_USE bool text_to_double(struct text text, double *ret_value);

/* Copies into a C string of `size` bytes with its NUL. false: it does not fit or holds a NUL. */
MUST_USE bool text_to_c_string(struct text text, char *buffer, size_t size);

/* FNV-1a, for hash tables that no outsider can aim at and for stable placement (RFC draft
 * eastlake-fnv). */
uint64_t text_hash(struct text text);
