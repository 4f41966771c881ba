/* access_tokens.h: secrets that let their holders in, kept in a file, one a line.
 *
 *   # who may write
 *   deploy 0f3b6e2c9d41a875     a name, then the secret
 *   5d0c1e7f28b94a63            without a name: known by its fingerprint
 *
 * A secret has ACCESS_SECRET_BYTES_MIN to ACCESS_SECRET_BYTES_MAX printable ASCII characters, a
 * name at most ACCESS_NAME_BYTES_MAX; blanks part them. What is accepted is any of them, what is
 * shown to others (RFC 6750, or Consul's header) is the first: so a new secret is put last
 * everywhere, then first, and then the old one goes. The file may be read again at any time.
 *
 * Everything here may be called from any thread. Secrets are never part of an error's text. */
#pragma once

#include "access/access_secret.h"
#include "base/call.h"

struct access_tokens;

enum {
    ACCESS_TOKENS_MAX = 32, /* in one file */
    ACCESS_SECRET_BYTES_MIN = 16,
    ACCESS_SECRET_BYTES_MAX = 256,
    ACCESS_NAME_BYTES_MAX = 64,
    ACCESS_FILE_BYTES_MAX = 64 * 1024,
};

/* Reads the file. STATUS_FAILED_PRECONDITION: it cannot be read, is too long, has no secret, too
 * many, or a line that is none: the call's error says which file and line.
 * STATUS_RESOURCE_EXHAUSTED: no memory. *ret_tokens is owned by the caller. Blocks while the file
 * is read. */
MUST_USE enum status access_tokens_open(struct call *call, const char *file,
                                        struct access_tokens **ret_tokens);

/* The same from what such a file would hold; it cannot be read again. */
MUST_USE enum status access_tokens_create(struct call *call, struct text content,
                                          struct access_tokens **ret_tokens);

/* Reads the same file again: what it holds is asked for from now on. Not OK, as above: everything
 * stays as it was. */
MUST_USE enum status access_tokens_reload(struct call *call, struct access_tokens *tokens);

/* NULL is accepted. The secrets are wiped. */
void access_tokens_destroy(struct access_tokens *tokens);

/* Whether it is one of the secrets; compared by access_secret_equal() with all of them. ret_name:
 * of the holder, its fingerprint where it has none; NULL: not wanted. */
MUST_USE bool access_tokens_find(struct access_tokens *tokens, struct text given,
                                 char ret_name[ACCESS_NAME_BYTES_MAX + 1]);

/* "PREFIXSECRET" with the first secret; valid in the arena. {NULL, 0}: no memory. */
struct text access_tokens_show(struct access_tokens *tokens, struct arena *arena,
                               const char *prefix);
