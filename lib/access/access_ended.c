#include "access/access_ended.h"

#include "base/digest.h"

unsigned access_ended_set_of(const struct access_session *session)
{
    /* A token's id is the beginning of a SHA-256. */
    uint64_t holder;
    memcpy(&holder, session->token, sizeof(holder));
    if (!session->has_token) {
        holder = digest_of(text_of(session->user)).low;
    }
    return (unsigned)(holder % ACCESS_ENDED_SETS);
}

uint64_t access_ended_id_of(const struct access_session *session)
{
    uint64_t id;
    memcpy(&id, session->id, sizeof(id));
    return id;
}

bool access_ended_has(const struct access_ended *ended, unsigned set, uint64_t id,
                      int64_t expires_ms)
{
    const struct access_ended_set *own = &ended->sets[set];
    if (expires_ms <= own->until_ms) {
        return true;
    }
    for (size_t i = 0; i < ACCESS_ENDED_WAYS; i++) {
        if (own->ones[i].id == id && own->ones[i].expires_ms != 0) {
            return true;
        }
    }
    return false;
}

void access_ended_note_until(struct access_ended *ended, unsigned set, int64_t until_ms)
{
    struct access_ended_set *own = &ended->sets[set];
    if (until_ms > own->until_ms) {
        own->until_ms = until_ms;
    }
}

/* The free one, or that which is soonest over. */
static struct access_ended_one *find_place(struct access_ended_set *set)
{
    struct access_ended_one *place = &set->ones[0];
    for (size_t i = 1; i < ACCESS_ENDED_WAYS; i++) {
        if (set->ones[i].expires_ms < place->expires_ms) {
            place = &set->ones[i];
        }
    }
    return place;
}

void access_ended_note(struct access_ended *ended, unsigned set, uint64_t id, int64_t expires_ms,
                       int64_t now_ms)
{
    if (access_ended_has(ended, set, id, expires_ms)) {
        return;
    }
    struct access_ended_one *place = find_place(&ended->sets[set]);
    struct access_ended_one one = {.id = id, .expires_ms = expires_ms};
    struct access_ended_one other = *place;
    if (other.expires_ms > now_ms && other.expires_ms >= expires_ms) {
        access_ended_note_until(ended, set, expires_ms);
        return;
    }
    if (other.expires_ms > now_ms) {
        access_ended_note_until(ended, set, other.expires_ms);
    }
    *place = one;
}

void access_ended_take(struct access_ended *ended, const struct access_ended *other, int64_t now_ms)
{
    for (unsigned set = 0; set < ACCESS_ENDED_SETS; set++) {
        const struct access_ended_set *from = &other->sets[set];
        access_ended_note_until(ended, set, from->until_ms);
        for (size_t i = 0; i < ACCESS_ENDED_WAYS; i++) {
            if (from->ones[i].expires_ms > now_ms) {
                access_ended_note(ended, set, from->ones[i].id, from->ones[i].expires_ms, now_ms);
            }
        }
    }
}
