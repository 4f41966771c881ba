/* access_session_keys.h: the keys that sign sessions, as a file has them. */
#pragma once

#include "access/access_sessions.h"

struct access_session_key {
    unsigned char key[ACCESS_DIGEST_BYTES];
    int64_t created_ms; /* tells keys apart too */
};

/* The oldest first; at least one. */
struct access_session_key_list {
    size_t count;
    struct access_session_key keys[ACCESS_SESSION_KEYS_MAX];
};

/* Drops what is too old to have signed anything that holds, and adds a key when the newest is old.
 * Returns whether something has changed. */
bool access_session_keys_rotate(struct access_session_key_list *list, int64_t now_ms);

/* The one to sign with: the newest that all know by now, else the oldest. */
const struct access_session_key *
access_session_keys_signing(const struct access_session_key_list *list, int64_t now_ms);

/* NULL: there is none any more. */
const struct access_session_key *
access_session_keys_find(const struct access_session_key_list *list, int64_t created_ms);

/* Reads the file, makes or changes it when that is due. Statuses as of access_sessions_open(). */
MUST_USE enum status access_session_keys_load(struct call *call, const char *file, int64_t now_ms,
                                              struct access_session_key_list *list);

/* STATUS_FAILED_PRECONDITION: these are no keys. */
MUST_USE enum status access_session_keys_parse(struct call *call, struct text content,
                                               const char *place,
                                               struct access_session_key_list *list);
