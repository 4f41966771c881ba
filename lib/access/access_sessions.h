/* access_sessions.h: what a browser shows in place of a token: a text that says who it is and until
 * when, signed by us (HMAC-SHA-256), so that no table of sessions has to be kept, shared between
 * instances or lost at a restart.
 *
 * Keys are in a file, a line each: 32 bytes in hexadecimal and since when. A new one comes every
 * ACCESS_SESSION_KEY_ROTATE_MS; it signs ACCESS_SESSION_KEY_ADOPT_MS later, when all who share the
 * file know it, and goes when nothing is left that it signed. A session has the id of the token by
 * which it was opened: what that may do is looked up for each call, so that a session ends when its
 * token does.
 *
 * One that was ended by its user is remembered until it would have ended by itself, and never
 * holds again: where there are more of one holder than there is room for, older ones end, too
 * (access_ended.h). So that it is none at the others who share the keys, nor after a restart, it is
 * told in a file beside the keys', whose name has ".ended" behind it; each process looks there now
 * and then.
 *
 * Everything may be called from any thread, look and refresh by one at a time. */
#pragma once

#include "access/access_digest.h"
#include "access/access_grants.h"
#include "access/access_user.h"
#include "base/call.h"

struct access_sessions;

enum {
    ACCESS_SESSION_ID_BYTES = 8,
    ACCESS_SESSION_KEYS_MAX = 16,
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

/* From now on it is none any more, here. */
void access_session_end(struct access_sessions *sessions, const struct access_session *session,
                        int64_t now_ms);

/* Whether other processes may accept the same sessions: their keys are in a file. */
bool access_sessions_are_shared(const struct access_sessions *sessions);

/* Tells of its end those who share the keys, and this process after a restart; synced to disk.
 * Without a file there is nobody to tell. Statuses as of access_sessions_open(). Blocks. */
MUST_USE enum status access_session_tell_end(struct call *call,
                                             const struct access_sessions *sessions,
                                             const struct access_session *session, int64_t now_ms);

/* Takes over what the others have told. Cheap where that is nothing. STATUS_FAILED_PRECONDITION:
 * the file cannot be read; goes on with what it knows. Blocks. */
MUST_USE enum status access_sessions_look(struct call *call, struct access_sessions *sessions,
                                          int64_t now_ms);
