/* access_tokens_private.h: the secrets of one file, as they were read. */
#pragma once

#include "access/access_tokens.h"

struct access_token {
    char name[ACCESS_NAME_BYTES_MAX + 1];
    char secret[ACCESS_SECRET_BYTES_MAX + 1];
};

struct access_token_list {
    size_t count;
    struct access_token tokens[ACCESS_TOKENS_MAX];
};

/* place: the file's name, for errors. Statuses as of access_tokens_open(). */
MUST_USE enum status access_tokens_parse(struct call *call, struct text content, const char *place,
                                         struct access_token_list *list);
MUST_USE enum status access_tokens_read(struct call *call, const char *file,
                                        struct access_token_list *list);
