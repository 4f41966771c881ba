/* idempotency.h: the outcomes of writes, kept by the keys that their callers gave them: a request
 * that comes twice because its first answer was lost is done once, and answered the same.
 *
 * The header is that of the IETF's draft (draft-ietf-httpapi-idempotency-key-header). A caller
 * draws a key for each write that it means, and sends it along with every attempt. The first one
 * runs. Until it has ended, others are told that it is under way; afterwards they get what it gave.
 * A key is known by who used it: two clients may draw the same one. What comes with it is known by
 * its fingerprint: the same key with another request is a mistake, and is told to be one.
 *
 * What says "try again" is not kept: then the key is free, and the next attempt runs.
 *
 * In memory, of one process: another instance, or the same one after a restart, knows nothing of
 * it (docs/adr/0023-outcomes-of-writes-kept-by-idempotency-keys.md). It does not grow: see the
 * maxima below. When one is reached, what was finished first goes first; what is under way never
 * does.
 *
 * May be used from any thread. Nothing here waits, but for another thread that copies a reply. */
#pragma once

#include <stdint.h>

#include "access/access_digest.h"
#include "base/call.h"

struct buffer;
struct idempotency_claim;
struct idempotency_store;

enum {
    IDEMPOTENCY_KEY_BYTES_MAX = 255,
    IDEMPOTENCY_ENTRIES_MAX = 65536,          /* keys of all clients, under way or kept */
    IDEMPOTENCY_CLIENT_ENTRIES_MAX = 16384,   /* of one client */
    IDEMPOTENCY_REPLY_BYTES_MAX = 64 * 1024,  /* of one kept reply; larger ones are not kept */
    IDEMPOTENCY_BYTES_MAX = 32 * 1024 * 1024, /* of all kept replies */
    IDEMPOTENCY_EXPIRED_AT_ONCE = 16,         /* at most so many are dropped by one request */
};

/* How long a reply is kept after it was given, and at most may be. */
#define IDEMPOTENCY_WINDOW_DEFAULT_TEXT "24h"
#define IDEMPOTENCY_WINDOW_MAX_MS INT64_C(604800000)

/* When to ask again while the first attempt is under way. */
#define IDEMPOTENCY_RETRY_AFTER_MS INT64_C(1000)

/* The request's header, and the one that tells a kept reply from a new one: Stripe's name for it.
 */
#define IDEMPOTENCY_HEADER "idempotency-key"
#define IDEMPOTENCY_REPLAYED_HEADER "idempotent-replayed"

/* What a header's value names: the string of RFC 8941 ("\"8e03978e\""), or, without quotes, the
 * visible ASCII that is neither quote, backslash, comma nor semicolon; both name the same key. 1 to
 * IDEMPOTENCY_KEY_BYTES_MAX bytes. Borrowed from `bytes`. {NULL, 0}: malformed. */
struct text idempotency_key_parse(struct text value, char bytes[static IDEMPOTENCY_KEY_BYTES_MAX]);

/* What a malformed one is refused with: STATUS_INVALID_ARGUMENT, in the call's error. */
enum status idempotency_refuse_key(struct call *call);

/* Makes a digest of what it was and the part. A fingerprint is one of all zeros into which every
 * part of the request was mixed, always as many. */
void idempotency_mix(unsigned char digest[static ACCESS_DIGEST_BYTES], struct text part);

/* Who asks: by the call's user, or if there is none by the token that it showed (the value of
 * `authorization`); and by its certificate. Where access is open, all that show neither are one
 * client: they are told apart by their keys alone. */
void idempotency_client(const struct call *call, struct text authorization,
                        unsigned char ret_client[static ACCESS_DIGEST_BYTES]);

/* Texts one behind the other, as a kept reply: put appends, take removes the first. false: no room;
 * there is none left. */
MUST_USE bool idempotency_put(struct buffer *record, struct text part);
MUST_USE bool idempotency_take(struct text *record, struct text *ret_part);

/* window_ms: how long replies are kept. STATUS_INVALID_ARGUMENT: below 1, or above the maximum.
 * STATUS_RESOURCE_EXHAUSTED: no memory. *ret_store is owned by the caller. */
MUST_USE enum status idempotency_store_create(int64_t window_ms,
                                              struct idempotency_store **ret_store);

/* When nothing is under way. NULL is accepted. */
void idempotency_store_destroy(struct idempotency_store *store);

struct idempotency_request {
    unsigned char client[ACCESS_DIGEST_BYTES];
    unsigned char fingerprint[ACCESS_DIGEST_BYTES];
    struct text key;
};

/* STATUS_OK with *ret_claim: it is to be run, and then kept or released. STATUS_OK without
 * (NULL): *ret_reply is what was kept, valid in the call's arena.
 * STATUS_ABORTED: the first attempt is under way. STATUS_FAILED_PRECONDITION: the key came with
 * another request. STATUS_ALREADY_EXISTS: it was done, but its reply was too large to be kept.
 * STATUS_RESOURCE_EXHAUSTED: no memory, or as many as may be are under way. The call's error says
 * which. now_ns: clock_monotonic_ns(). */
MUST_USE enum status idempotency_begin(struct idempotency_store *store, struct call *call,
                                       const struct idempotency_request *request, int64_t now_ns,
                                       struct idempotency_claim **ret_claim,
                                       struct text *ret_reply);

/* It was done: whoever comes with the key gets the reply, or, where that is too large or there is
 * no memory for it, STATUS_ALREADY_EXISTS. The claim is given back. */
void idempotency_keep(struct idempotency_store *store, struct idempotency_claim *claim,
                      struct text reply, int64_t now_ns);

/* The same, without a reply that could be kept. */
void idempotency_keep_nothing(struct idempotency_store *store, struct idempotency_claim *claim,
                              int64_t now_ns);

/* It is as if it had never come: the next attempt runs. The claim is given back. */
void idempotency_release(struct idempotency_store *store, struct idempotency_claim *claim);

/* Whether such an outcome is final. What is not says that it may go well another time: CANCELLED,
 * DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE. */
bool idempotency_is_final(enum status status);

/* As of now, and since the store was made. */
struct idempotency_counts {
    uint64_t entries;
    uint64_t under_way; /* of these */
    uint64_t reply_bytes;
    uint64_t replayed;
    uint64_t refused_under_way;
    uint64_t refused_other_request;
    uint64_t refused_not_kept;
    uint64_t dropped; /* before their time, for want of room */
};

void idempotency_count(struct idempotency_store *store, struct idempotency_counts *ret_counts);
