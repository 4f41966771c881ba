/* access_ended.h: which sessions were ended before their time, in a table of fixed size.
 *
 * A session is looked for in a set that is its holder's (its token's, or where access was open, its
 * user's). A set has room for ACCESS_ENDED_WAYS. Where more are ended, the one soonest over makes
 * room, and with it end all sessions of the set that are over no later: so nothing that is done
 * with other sessions makes an ended one hold again, and whoever ends many ends older ones of its
 * own, or in the worst case of the few who have the set with it. */
#pragma once

#include "access/access_sessions.h"

enum { ACCESS_ENDED_SETS = 512, ACCESS_ENDED_WAYS = 8 };

struct access_ended_one {
    uint64_t id;
    int64_t expires_ms; /* 0: there is none */
};

struct access_ended_set {
    int64_t until_ms; /* what is over by then was ended; 0: nothing */
    struct access_ended_one ones[ACCESS_ENDED_WAYS];
};

/* Zeros: nothing was ended. */
struct access_ended {
    struct access_ended_set sets[ACCESS_ENDED_SETS];
};

unsigned access_ended_set_of(const struct access_session *session);
uint64_t access_ended_id_of(const struct access_session *session);

/* now_ms: those that are over by then are forgotten, as need be. */
void access_ended_note(struct access_ended *ended, unsigned set, uint64_t id, int64_t expires_ms,
                       int64_t now_ms);
/* All of the set that are over by then. */
void access_ended_note_until(struct access_ended *ended, unsigned set, int64_t until_ms);
/* All that are in another table and not over. */
void access_ended_take(struct access_ended *ended, const struct access_ended *other,
                       int64_t now_ms);

MUST_USE bool access_ended_has(const struct access_ended *ended, unsigned set, uint64_t id,
                               int64_t expires_ms);
