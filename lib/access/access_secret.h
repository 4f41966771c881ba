/* access_secret.h: what is compared and named without giving it away. */
#pragma once

#include "base/text.h"

/* "sha256:", 8 hexadecimal digits and NUL. */
enum { ACCESS_FINGERPRINT_BYTES = 16 };

/* Whether both are the same. It takes as long whatever differs: how long it took says nothing of
 * the secret but its length. An empty secret is never the same. */
MUST_USE bool access_secret_equal(struct text given, struct text secret);

/* The secret of an `authorization` header ("Bearer SECRET", RFC 6750), within it; {NULL, 0}: the
 * header holds none. */
struct text access_bearer(struct text authorization);

/* What a secret is called where it must not be said: the beginning of its SHA-256. Of one drawn at
 * random that is no help to who guesses. "sha256:unknown" without memory. */
void access_fingerprint(struct text secret, char ret_name[static ACCESS_FINGERPRINT_BYTES]);
