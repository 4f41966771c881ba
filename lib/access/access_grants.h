/* access_grants.h: who may do what: tokens that were given out, kept by their digests.
 *
 * The file has a line a token (`marquee token` writes it):
 *
 *   DIGEST SCOPES USER CREATED EXPIRES NAME
 *   9f86d081…0f00a08 read,vote alice 2026-11-29T16:00:00Z never laptop
 *
 * DIGEST is the SHA-256 of the token, in hexadecimal. A plain digest is right here, and a slow one
 * for passwords would not be: a token is ACCESS_TOKEN_RANDOM_BYTES drawn at random, which nobody
 * can try through whatever the digest costs, and each call must afford it. USER is whose it is, as
 * access_user.h writes it; "-": nobody's, as of a service, which names the user for whom it acts.
 * NAME is for people and logs.
 *
 * Who reads the file learns no token. Everything but the making of lists may be called from any
 * thread. */
#pragma once

#include "access/access_digest.h"
#include "access/access_scope.h"
#include "access/access_secret.h"
#include "access/access_user.h"
#include "base/call.h"

struct access_grants;

enum {
    ACCESS_GRANTS_MAX = 10000, /* in one file */
    ACCESS_GRANT_NAME_BYTES_MAX = 64,
    ACCESS_GRANT_FILE_BYTES_MAX = 8 * 1024 * 1024,
    ACCESS_GRANT_ID_BYTES = 8, /* the beginning of the digest: names a token where it must not be
                                  said */
    ACCESS_TOKEN_RANDOM_BYTES = 32,
    /* "marquee_" and the random bytes in hexadecimal, with NUL. */
    ACCESS_TOKEN_BYTES = 8 + 2 * ACCESS_TOKEN_RANDOM_BYTES + 1,
};

#define ACCESS_NEVER_MS INT64_MAX

struct access_grant {
    unsigned char digest[ACCESS_DIGEST_BYTES];
    unsigned scopes;                      /* enum access_scope */
    char user[ACCESS_USER_BYTES_MAX + 1]; /* "": of nobody */
    char name[ACCESS_GRANT_NAME_BYTES_MAX + 1];
    int64_t created_ms; /* clock_wall_ms() */
    int64_t expires_ms; /* ACCESS_NEVER_MS */
};

/* What a call needs to know of it. */
struct access_holder {
    unsigned scopes;
    char user[ACCESS_USER_BYTES_MAX + 1];
    unsigned char id[ACCESS_GRANT_ID_BYTES];
};

/* Reads the file. STATUS_FAILED_PRECONDITION: it cannot be read, anybody may change it, it is too
 * long, has too many tokens, one twice, or a line that is none: the call's error says which file
 * and line. STATUS_RESOURCE_EXHAUSTED: no memory. *ret_grants is owned by the caller. Blocks while
 * the file is read. */
MUST_USE enum status access_grants_open(struct call *call, const char *file,
                                        struct access_grants **ret_grants);

/* Reads the same file again: what it holds counts from now on. Not OK, as above: everything stays
 * as it was. */
MUST_USE enum status access_grants_reload(struct call *call, struct access_grants *grants);

/* NULL is accepted. */
void access_grants_destroy(struct access_grants *grants);

/* Whose token has this digest, and is not past its end at `now_ms`. Which one it is looked for by
 * the beginning of the digest, and then compared whole in a time that depends on nothing: who
 * cannot make digests to measure learns nothing of what is kept. false: nobody's. */
MUST_USE bool access_grants_find(struct access_grants *grants,
                                 const unsigned char digest[static ACCESS_DIGEST_BYTES],
                                 int64_t now_ms, struct access_holder *ret_holder);

/* The same by the token's id, for who proved earlier to hold it. */
MUST_USE bool access_grants_find_id(struct access_grants *grants,
                                    const unsigned char id[static ACCESS_GRANT_ID_BYTES],
                                    int64_t now_ms, struct access_holder *ret_holder);

size_t access_grants_count(struct access_grants *grants);

/* A file's tokens as they are written in it, in its order: for who edits it. Zeroed before. */
struct access_grant_list {
    struct access_grant *grants;
    size_t count;
    size_t capacity; /* private */
};

void access_grant_list_deinit(struct access_grant_list *list);

/* place: the file's name, for errors. Statuses as of access_grants_open(). */
MUST_USE enum status access_grant_list_parse(struct call *call, struct text content,
                                             const char *place, struct access_grant_list *list);
MUST_USE enum status access_grant_list_read(struct call *call, const char *file,
                                            struct access_grant_list *list);

/* STATUS_RESOURCE_EXHAUSTED: ACCESS_GRANTS_MAX, or no memory. */
MUST_USE enum status access_grant_list_add(struct call *call, struct access_grant_list *list,
                                           const struct access_grant *grant);

/* Puts a new file in place of the old one, for the owner alone to read (0600), synced: whoever
 * reads sees either whole. STATUS_FAILED_PRECONDITION: it cannot be written; the call's error says
 * why. Blocks. */
MUST_USE enum status access_grant_list_write(struct call *call, const char *file,
                                             const struct access_grant_list *list);

/* Draws a new token. */
void access_token_draw(char ret_token[static ACCESS_TOKEN_BYTES]);
