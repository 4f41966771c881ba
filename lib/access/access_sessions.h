/* access_sessions.h: what a browser shows in place of a token: a text that says who it is and until
 * when, signed by us (HMAC-SHA-256), so that no table of sessions has to be kept, shared between
 * instances or lost at a restart.
 *
 * Keys are in a file, a line each: 32 bytes in hexadecimal and since when. A new one comes every
 * ACCESS_SESSION_KEY_ROTATE_MS; it signs ACCESS_SESSION_KEY_ADOPT_MS later, when all who share the
 * file know it, and goes when nothing is left that it signed. A session has the id of the token by
 * which it was opened: what that may do is looked up for each call, so that a session ends when its
 * token does. One that was ended by its user is remembered by this process until it would have
 * ended by itself, ACCESS_SESSIONS_ENDED_MAX of them: past that, those soonest over are forgotten.
 *
 * Everything may be called from any thread. */
#pragma once

#include "access/access_digest.h"
#include "access/access_grants.h"
#include "access/access_user.h"
#include "base/call.h"

struct access_sessions;

enum {
    ACCESS_SESSION_ID_BYTES = 8,
    ACCESS_SESSION_KEYS_MAX = 16,
    ACCESS_SESSIONS_ENDED_MAX = 4096,
    /* In hexadecimal: version, kind, key, end, id, token, user, signature; with NUL. */
    ACCESS_SESSION_BARE_BYTES = 2 + 8 + 8 + ACCESS_SESSION_ID_BYTES +
                                ACCESS_GRANT_ID_BYTES, /* all but user and signature */
    ACCESS_SESSION_TEXT_BYTES =
        2 * (ACCESS_SESSION_BARE_BYTES + ACCESS_USER_BYTES_MAX + ACCESS_DIGEST_BYTES) + 1,
};

#define ACCESS_SESSION_LIFETIME_MAX_MS (INT64_C(30) * 24 * 3600 * 1000)
#define ACCESS_SESSION_KEY_ROTATE_MS (INT64_C(7) * 24 * 3600 * 1000)
#define ACCESS_SESSION_KEY_ADOPT_MS (INT64_C(3600) * 1000)

struct access_session {
    unsigned char id[ACCESS_SESSION_ID_BYTES];
    unsigned char token[ACCESS_GRANT_ID_BYTES];
    bool has_token; /* false: access was open, and the user is who it says */
    int64_t expires_ms;
    char user[ACCESS_USER_BYTES_MAX + 1];
};

/* file: of keys, made if there is none; NULL: one key that is drawn now and kept nowhere, so that
 * sessions end with the process. now_ms: clock_wall_ms(). STATUS_FAILED_PRECONDITION: it cannot be
 * read or written, or holds what are no keys; the call's error says why. STATUS_RESOURCE_EXHAUSTED:
 * no memory. *ret_sessions is owned by the caller. Blocks. */
MUST_USE enum status access_sessions_open(struct call *call, const char *file, int64_t now_ms,
                                          struct access_sessions **ret_sessions);

/* Reads the keys again, and changes them when it is time. Not OK, as above: goes on with those that
 * it has. Blocks. */
MUST_USE enum status access_sessions_refresh(struct call *call, struct access_sessions *sessions,
                                             int64_t now_ms);

/* NULL is accepted. The keys are wiped. */
void access_sessions_destroy(struct access_sessions *sessions);

/* Draws the session's id, and writes it as text, signed. */
void access_session_seal(struct access_sessions *sessions, int64_t now_ms,
                         struct access_session *session,
                         char ret_text[static ACCESS_SESSION_TEXT_BYTES]);

/* The reverse. false: it was not signed here, is over, or was ended; nothing was written. */
MUST_USE bool access_session_unseal(struct access_sessions *sessions, int64_t now_ms,
                                    struct text text, struct access_session *ret_session);

/* From now on it is none any more. */
void access_session_end(struct access_sessions *sessions, const struct access_session *session,
                        int64_t now_ms);
