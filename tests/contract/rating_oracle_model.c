#include "contract/rating_oracle_model.h"

#include <stdarg.h>
#include <stdio.h>

void oracle_differ(struct oracle *oracle, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&oracle->lock);
    if (oracle->report.differences++ == 0) {
        (void)vsnprintf(oracle->report.first, sizeof(oracle->report.first), format, arguments);
    }
    pthread_mutex_unlock(&oracle->lock);
    va_end(arguments);
}

/* xorshift64 */
uint64_t oracle_draw(struct oracle_actor *actor, uint64_t bound)
{
    actor->random ^= actor->random << 13;
    actor->random ^= actor->random >> 7;
    actor->random ^= actor->random << 17;
    return actor->random % bound;
}

void oracle_name_actors(struct oracle *oracle)
{
    for (size_t i = 0; i < ORACLE_ACTORS; i++) {
        struct oracle_actor *actor = &oracle->actors[i];
        actor->oracle = oracle;
        actor->random = 88172645463325252ULL + i;
        actor->partition = (int32_t)i;
        for (size_t at = 0; at < ORACLE_USERS; at++) {
            (void)snprintf(actor->users[at], sizeof(actor->users[at]), "u%zu-%zu", i, at);
        }
        for (size_t at = 0; at < ORACLE_RECORDS; at++) {
            (void)snprintf(actor->records[at], sizeof(actor->records[at]), "r%zu", at);
        }
        for (size_t at = 0; at < ORACLE_EVENTS; at++) {
            (void)snprintf(actor->events[at], sizeof(actor->events[at]), "e%zu-%zu", i, at);
        }
    }
}

struct vote_key oracle_slot_key(const struct oracle_actor *actor, size_t slot)
{
    size_t record = slot / ORACLE_USERS % ORACLE_RECORDS;
    return (struct vote_key){
        .user = text_of(actor->users[slot % ORACLE_USERS]),
        .record = {.type =
                       (enum record_type)(1 + slot / ORACLE_USERS / ORACLE_RECORDS % ORACLE_TYPES),
                   .id = text_of(actor->records[record])},
        .provider =
            slot / ORACLE_USERS / ORACLE_RECORDS / ORACLE_TYPES == 0 ? TEXT("") : TEXT("provider"),
    };
}

static bool keys_equal(const struct vote_key *a, const struct vote_key *b)
{
    return a->record.type == b->record.type && text_equal(a->record.id, b->record.id) &&
           text_equal(a->provider, b->provider) && text_equal(a->user, b->user);
}

bool oracle_find_slot(const struct oracle *oracle, const struct vote_key *key, size_t *ret_actor,
                      size_t *ret_slot)
{
    for (size_t i = 0; i < ORACLE_ACTORS * ORACLE_USERS; i++) {
        const struct oracle_actor *actor = &oracle->actors[i / ORACLE_USERS];
        size_t user = i % ORACLE_USERS;
        if (!text_equal(key->user, text_of(actor->users[user]))) {
            continue;
        }
        for (size_t slot = user; slot < ORACLE_SLOTS; slot += ORACLE_USERS) {
            struct vote_key candidate = oracle_slot_key(actor, slot);
            if (keys_equal(&candidate, key)) {
                *ret_actor = i / ORACLE_USERS;
                *ret_slot = slot;
                return true;
            }
        }
    }
    return false;
}

struct rating_change oracle_random_change(struct oracle_actor *actor, size_t *ret_slot)
{
    *ret_slot = oracle_draw(actor, ORACLE_SLOTS);
    struct rating_change change = {
        .kind = oracle_draw(actor, 4) == 0 ? RATING_DELETE : RATING_PUT,
        .key = oracle_slot_key(actor, *ret_slot),
        .has_time = oracle_draw(actor, 10) != 0,
        .skip_unchanged = oracle_draw(actor, 2) != 0,
        .time_ms = (int64_t)(1000 + oracle_draw(actor, 1000)),
    };
    change.hundredths = change.kind == RATING_PUT ? (int32_t)oracle_draw(actor, 1001) : 0;
    if (oracle_draw(actor, 3) == 0) {
        change.event_id = text_of(actor->events[oracle_draw(actor, ORACLE_EVENTS)]);
    }
    return change;
}

/* Whether the event's id was not taken yet; it is, from now on. */
static bool take_event(struct oracle_actor *actor, const struct rating_change *change)
{
    size_t provider = change->key.provider.length > 0 ? 1 : 0;
    for (size_t i = 0; i < ORACLE_EVENTS && change->event_id.length > 0; i++) {
        if (text_equal(change->event_id, text_of(actor->events[i]))) {
            bool was_taken = actor->taken[provider][i];
            actor->taken[provider][i] = true;
            return !was_taken;
        }
    }
    return true;
}

enum rating_outcome oracle_change(struct oracle_actor *actor, size_t slot_index,
                                  const struct rating_change *change)
{
    struct oracle_slot *slot = &actor->slots[slot_index];
    if (!take_event(actor, change)) {
        return RATING_DUPLICATE;
    }
    if (change->has_time && slot->known && slot->time_ms > change->time_ms) {
        return RATING_STALE;
    }
    bool had = slot->voted;
    if (change->kind == RATING_PUT && change->skip_unchanged && change->has_time && had &&
        slot->time_ms == change->time_ms && slot->hundredths == change->hundredths) {
        return RATING_UNCHANGED;
    }
    if (change->kind == RATING_DELETE && !change->has_time && !slot->known) {
        return RATING_ABSENT;
    }
    slot->known = true;
    slot->voted = change->kind == RATING_PUT;
    slot->hundredths = change->hundredths;
    slot->time_ms = change->has_time ? change->time_ms : ORACLE_ARRIVAL_MS;
    if (change->kind == RATING_DELETE && !had) {
        return RATING_ABSENT;
    }
    actor->applied++;
    return RATING_APPLIED;
}

struct rating_aggregate oracle_aggregate(const struct oracle *oracle, struct record_key record)
{
    struct rating_aggregate aggregate = {.count = 0};
    for (size_t i = 0; i < ORACLE_ACTORS * ORACLE_SLOTS; i++) {
        const struct oracle_actor *actor = &oracle->actors[i / ORACLE_SLOTS];
        const struct oracle_slot *slot = &actor->slots[i % ORACLE_SLOTS];
        struct vote_key key = oracle_slot_key(actor, i % ORACLE_SLOTS);
        if (slot->voted && key.record.type == record.type && text_equal(key.record.id, record.id)) {
            aggregate.count++;
            aggregate.sum_hundredths += (uint64_t)slot->hundredths;
            aggregate.histogram[slot->hundredths / 50]++;
        }
    }
    return aggregate;
}
