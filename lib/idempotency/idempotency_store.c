/* The keys of all clients: found by a keyed digest, dropped in the order in which they ended. */
#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/random.h"
#include "idempotency/idempotency.h"

/* A power of two: as many chains as there may be entries. */
enum { BUCKETS = IDEMPOTENCY_ENTRIES_MAX };

/* Who has at least one entry. */
struct client {
    struct client *next; /* in its chain */
    unsigned char id[ACCESS_DIGEST_BYTES];
    size_t count;         /* of its entries */
    struct list finished; /* of them, the first to end first */
};

/* One key of one client. */
struct idempotency_claim {
    struct idempotency_claim *next; /* in its chain */
    struct list link;               /* among all that are finished; alone while under way */
    struct list client_link;        /* among its client's */
    struct client *client;
    unsigned char id[ACCESS_DIGEST_BYTES]; /* of client and key */
    unsigned char fingerprint[ACCESS_DIGEST_BYTES];
    int64_t ended_ns;
    char *reply; /* NULL: under way, or not kept */
    size_t reply_bytes;
    bool is_finished;
};

struct idempotency_store {
    pthread_mutex_t lock;
    int64_t window_ns;
    unsigned char secret[ACCESS_DIGEST_BYTES]; /* so that nobody can aim at a chain */
    struct list finished;                      /* the first to end first */
    struct idempotency_counts counts;
    struct idempotency_claim *entries[BUCKETS];
    struct client *clients[BUCKETS];
};

enum status idempotency_store_create(int64_t window_ms, struct idempotency_store **ret_store)
{
    if (window_ms < 1 || window_ms > IDEMPOTENCY_WINDOW_MAX_MS) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct idempotency_store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    CHECK(pthread_mutex_init(&store->lock, NULL) == 0);
    store->window_ns = window_ms * CLOCK_NS_PER_MS;
    random_secret(store->secret, sizeof(store->secret));
    list_init(&store->finished);
    *ret_store = store;
    return STATUS_OK;
}

static size_t bucket_of(const unsigned char id[static ACCESS_DIGEST_BYTES])
{
    uint64_t word;
    memcpy(&word, id, sizeof(word));
    return (size_t)(word % BUCKETS);
}

static bool is_same(const unsigned char *a, const unsigned char *b)
{
    return memcmp(a, b, ACCESS_DIGEST_BYTES) == 0;
}

/* Of a client (key empty), or of a key of its. */
static void identify(const struct idempotency_store *store,
                     const struct idempotency_request *request, struct text key,
                     unsigned char ret_id[static ACCESS_DIGEST_BYTES])
{
    unsigned char digest[ACCESS_DIGEST_BYTES];
    memcpy(digest, request->client, sizeof(digest));
    if (key.length > 0) {
        idempotency_mix(digest, key);
    }
    access_digest_keyed(store->secret, text_of_bytes(digest, sizeof(digest)), ret_id);
}

/* What points to the client of that id, or to the end of its chain. */
static struct client **find_client(struct idempotency_store *store,
                                   const unsigned char id[static ACCESS_DIGEST_BYTES])
{
    struct client **place = &store->clients[bucket_of(id)];
    while (*place != NULL && !is_same((*place)->id, id)) {
        place = &(*place)->next;
    }
    return place;
}

static struct idempotency_claim **find_entry(struct idempotency_store *store,
                                             const unsigned char id[static ACCESS_DIGEST_BYTES])
{
    struct idempotency_claim **place = &store->entries[bucket_of(id)];
    while (*place != NULL && !is_same((*place)->id, id)) {
        place = &(*place)->next;
    }
    return place;
}

/* A client without entries is forgotten. */
static void leave_client(struct idempotency_store *store, struct client *client)
{
    if (--client->count == 0) {
        struct client **place = find_client(store, client->id);
        CHECK(*place == client);
        *place = client->next;
        free(client);
    }
}

static void drop(struct idempotency_store *store, struct idempotency_claim *entry)
{
    struct idempotency_claim **place = find_entry(store, entry->id);
    CHECK(*place == entry);
    *place = entry->next;
    list_remove(&entry->link);
    list_remove(&entry->client_link);
    leave_client(store, entry->client);
    store->counts.entries--;
    store->counts.under_way -= !entry->is_finished;
    store->counts.reply_bytes -= entry->reply_bytes;
    free(entry->reply);
    free(entry);
}

/* Of all that are finished. false: none is. */
static bool drop_first(struct idempotency_store *store)
{
    if (list_is_empty(&store->finished)) {
        return false;
    }
    store->counts.dropped++;
    drop(store, CONTAINER_OF(store->finished.next, struct idempotency_claim, link));
    return true;
}

static bool drop_first_of(struct idempotency_store *store, struct client *client)
{
    if (list_is_empty(&client->finished)) {
        return false;
    }
    store->counts.dropped++;
    drop(store, CONTAINER_OF(client->finished.next, struct idempotency_claim, client_link));
    return true;
}

static bool is_expired(const struct idempotency_store *store, const struct idempotency_claim *entry,
                       int64_t now_ns)
{
    return entry->is_finished && now_ns - entry->ended_ns >= store->window_ns;
}

/* Some of them, so that a request is never held up by many. */
static void drop_expired(struct idempotency_store *store, int64_t now_ns)
{
    for (size_t i = 0; i < IDEMPOTENCY_EXPIRED_AT_ONCE && !list_is_empty(&store->finished); i++) {
        struct idempotency_claim *first =
            CONTAINER_OF(store->finished.next, struct idempotency_claim, link);
        if (!is_expired(store, first, now_ns)) {
            return;
        }
        drop(store, first);
    }
}

void idempotency_store_destroy(struct idempotency_store *store)
{
    if (store == NULL) {
        return;
    }
    while (drop_first(store)) {
    }
    CHECK(store->counts.entries == 0);
    CHECK(pthread_mutex_destroy(&store->lock) == 0);
    explicit_bzero(store->secret, sizeof(store->secret));
    free(store);
}

/* Makes room for one more of the client, which may be a new one (NULL). */
static bool make_room(struct idempotency_store *store, struct client *client)
{
    if (client != NULL && client->count >= IDEMPOTENCY_CLIENT_ENTRIES_MAX) {
        return drop_first_of(store, client);
    }
    return store->counts.entries < IDEMPOTENCY_ENTRIES_MAX || drop_first(store);
}

static struct idempotency_claim *add(struct idempotency_store *store,
                                     const struct idempotency_request *request,
                                     const unsigned char id[static ACCESS_DIGEST_BYTES])
{
    unsigned char client_id[ACCESS_DIGEST_BYTES];
    identify(store, request, (struct text){NULL, 0}, client_id);
    if (!make_room(store, *find_client(store, client_id))) {
        return NULL;
    }
    /* Looked up anew: with its last entry the client goes, too. */
    struct client **place = find_client(store, client_id);
    struct idempotency_claim *entry = calloc(1, sizeof(*entry));
    struct client *client = *place != NULL ? *place : calloc(1, sizeof(*client));
    if (entry == NULL || client == NULL) {
        free(entry);
        if (*place == NULL) {
            free(client);
        }
        return NULL;
    }
    if (*place == NULL) {
        memcpy(client->id, client_id, sizeof(client->id));
        list_init(&client->finished);
        *place = client;
    }
    client->count++;
    entry->client = client;
    memcpy(entry->id, id, sizeof(entry->id));
    memcpy(entry->fingerprint, request->fingerprint, sizeof(entry->fingerprint));
    list_init(&entry->link);
    list_init(&entry->client_link);
    entry->next = store->entries[bucket_of(id)];
    store->entries[bucket_of(id)] = entry;
    store->counts.entries++;
    store->counts.under_way++;
    return entry;
}

/* What there is to say to who comes with a key that is known. */
static enum status answer(struct idempotency_store *store, struct call *call,
                          const struct idempotency_request *request,
                          const struct idempotency_claim *entry, struct text *ret_reply)
{
    if (!is_same(entry->fingerprint, request->fingerprint)) {
        store->counts.refused_other_request++;
        return call_fail(call, STATUS_FAILED_PRECONDITION,
                         "the idempotency key was used for another request");
    }
    if (!entry->is_finished) {
        store->counts.refused_under_way++;
        return call_fail(call, STATUS_ABORTED,
                         "a request with this idempotency key is under way: ask again");
    }
    if (entry->reply == NULL) {
        store->counts.refused_not_kept++;
        return call_fail(call, STATUS_ALREADY_EXISTS,
                         "this was done, but its reply was too large to be kept");
    }
    struct text reply = arena_copy(call->arena, text_of_bytes(entry->reply, entry->reply_bytes));
    if (reply.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the kept reply");
    }
    store->counts.replayed++;
    *ret_reply = reply;
    return STATUS_OK;
}

static enum status begin_locked(struct idempotency_store *store, struct call *call,
                                const struct idempotency_request *request,
                                const unsigned char id[static ACCESS_DIGEST_BYTES], int64_t now_ns,
                                struct idempotency_claim **ret_claim, struct text *ret_reply)
{
    drop_expired(store, now_ns);
    struct idempotency_claim *entry = *find_entry(store, id);
    if (entry != NULL && is_expired(store, entry, now_ns)) {
        drop(store, entry);
        entry = NULL;
    }
    if (entry != NULL) {
        *ret_claim = NULL;
        return answer(store, call, request, entry, ret_reply);
    }
    entry = add(store, request, id);
    if (entry == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED,
                         "too many requests with idempotency keys are under way");
    }
    *ret_claim = entry;
    return STATUS_OK;
}

enum status idempotency_begin(struct idempotency_store *store, struct call *call,
                              const struct idempotency_request *request, int64_t now_ns,
                              struct idempotency_claim **ret_claim, struct text *ret_reply)
{
    unsigned char id[ACCESS_DIGEST_BYTES];
    CHECK(request->key.length > 0);
    identify(store, request, request->key, id);
    CHECK(pthread_mutex_lock(&store->lock) == 0);
    enum status status = begin_locked(store, call, request, id, now_ns, ret_claim, ret_reply);
    CHECK(pthread_mutex_unlock(&store->lock) == 0);
    return status;
}

/* reply: NULL for none; the entry's from now on. */
static void finish(struct idempotency_store *store, struct idempotency_claim *claim, char *reply,
                   size_t reply_bytes, int64_t now_ns)
{
    CHECK(pthread_mutex_lock(&store->lock) == 0);
    CHECK(!claim->is_finished);
    while (reply_bytes > IDEMPOTENCY_BYTES_MAX - store->counts.reply_bytes) {
        CHECK(drop_first(store)); /* all bytes are of finished ones */
    }
    claim->reply = reply;
    claim->reply_bytes = reply_bytes;
    claim->ended_ns = now_ns;
    claim->is_finished = true;
    store->counts.reply_bytes += reply_bytes;
    store->counts.under_way--;
    list_append(&store->finished, &claim->link);
    list_append(&claim->client->finished, &claim->client_link);
    CHECK(pthread_mutex_unlock(&store->lock) == 0);
}

void idempotency_keep(struct idempotency_store *store, struct idempotency_claim *claim,
                      struct text reply, int64_t now_ns)
{
    char *kept = NULL;
    CHECK(reply.length > 0);
    if (reply.length <= IDEMPOTENCY_REPLY_BYTES_MAX) {
        kept = malloc(reply.length);
    }
    if (kept != NULL) {
        memcpy(kept, reply.data, reply.length);
    }
    finish(store, claim, kept, kept != NULL ? reply.length : 0, now_ns);
}

void idempotency_keep_nothing(struct idempotency_store *store, struct idempotency_claim *claim,
                              int64_t now_ns)
{
    finish(store, claim, NULL, 0, now_ns);
}

void idempotency_release(struct idempotency_store *store, struct idempotency_claim *claim)
{
    CHECK(pthread_mutex_lock(&store->lock) == 0);
    CHECK(!claim->is_finished);
    drop(store, claim);
    CHECK(pthread_mutex_unlock(&store->lock) == 0);
}

void idempotency_count(struct idempotency_store *store, struct idempotency_counts *ret_counts)
{
    CHECK(pthread_mutex_lock(&store->lock) == 0);
    *ret_counts = store->counts;
    CHECK(pthread_mutex_unlock(&store->lock) == 0);
}
