#include "access/access_grants.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

/* By the id's value, open addressing: at most half full. NOTHING ends a search. */
struct index {
    uint32_t *places; /* in the list, plus one */
    size_t mask;
};

enum { NOTHING = 0, PLACES_MIN = 16 };

struct access_grants {
    pthread_rwlock_t lock; /* of the list: read by loops, written by who reads the file again */
    struct access_grant_list list;
    struct index index;
    char file[PATH_MAX];
};

static uint64_t id_value(const unsigned char id[static ACCESS_GRANT_ID_BYTES])
{
    uint64_t value;
    memcpy(&value, id, sizeof(value));
    return value;
}

static enum status no_memory(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for tokens");
}

/* The digests are as good as random: their beginnings spread by themselves. */
static bool index_list(const struct access_grant_list *list, struct index *ret_index)
{
    size_t size = PLACES_MIN;
    while (size < 2 * list->count) {
        size *= 2;
    }
    struct index index = {.places = calloc(size, sizeof(uint32_t)), .mask = size - 1};
    if (index.places == NULL) {
        return false;
    }
    for (size_t i = 0; i < list->count; i++) {
        size_t at = id_value(list->grants[i].digest) & index.mask;
        while (index.places[at] != NOTHING) {
            at = (at + 1) & index.mask;
        }
        index.places[at] = (uint32_t)i + 1;
    }
    *ret_index = index;
    return true;
}

static enum status read_file(struct call *call, const char *file, struct access_grant_list *list,
                             struct index *index)
{
    enum status status = access_grant_list_read(call, file, list);
    if (status == STATUS_OK && !index_list(list, index)) {
        status = no_memory(call);
    }
    if (status != STATUS_OK) {
        access_grant_list_deinit(list);
    }
    return status;
}

enum status access_grants_open(struct call *call, const char *file,
                               struct access_grants **ret_grants)
{
    struct access_grants *grants = calloc(1, sizeof(*grants));
    if (grants == NULL || pthread_rwlock_init(&grants->lock, NULL) != 0) {
        free(grants);
        return no_memory(call);
    }
    enum status status =
        text_to_c_string(text_of(file), grants->file, sizeof(grants->file))
            ? read_file(call, grants->file, &grants->list, &grants->index)
            : call_fail(call, STATUS_FAILED_PRECONDITION, "the name of a file is too long");
    if (status != STATUS_OK) {
        access_grants_destroy(grants);
        return status;
    }
    *ret_grants = grants;
    return STATUS_OK;
}

enum status access_grants_reload(struct call *call, struct access_grants *grants)
{
    struct access_grant_list list = {.count = 0};
    struct index index = {.places = NULL};
    enum status status = read_file(call, grants->file, &list, &index);
    if (status != STATUS_OK) {
        return status;
    }
    CHECK(pthread_rwlock_wrlock(&grants->lock) == 0);
    struct access_grant_list old_list = grants->list;
    struct index old_index = grants->index;
    grants->list = list;
    grants->index = index;
    CHECK(pthread_rwlock_unlock(&grants->lock) == 0);
    access_grant_list_deinit(&old_list);
    free(old_index.places);
    return STATUS_OK;
}

void access_grants_destroy(struct access_grants *grants)
{
    if (grants == NULL) {
        return;
    }
    CHECK(pthread_rwlock_destroy(&grants->lock) == 0);
    access_grant_list_deinit(&grants->list);
    free(grants->index.places);
    free(grants);
}

/* Those with this id are compared whole, if a digest is given. */
static const struct access_grant *find(const struct access_grants *grants, const unsigned char *id,
                                       const unsigned char *digest)
{
    uint64_t value = id_value(id);
    for (size_t at = value & grants->index.mask; grants->index.places[at] != NOTHING;
         at = (at + 1) & grants->index.mask) {
        const struct access_grant *grant = &grants->list.grants[grants->index.places[at] - 1];
        if (id_value(grant->digest) == value &&
            (digest == NULL ||
             access_secret_equal(text_of_bytes(digest, ACCESS_DIGEST_BYTES),
                                 text_of_bytes(grant->digest, ACCESS_DIGEST_BYTES)))) {
            return grant;
        }
    }
    return NULL;
}

static bool find_holder(struct access_grants *grants, const unsigned char *id,
                        const unsigned char *digest, int64_t now_ms,
                        struct access_holder *ret_holder)
{
    CHECK(pthread_rwlock_rdlock(&grants->lock) == 0);
    const struct access_grant *grant = find(grants, id, digest);
    bool is_found = grant != NULL && now_ms < grant->expires_ms;
    if (is_found) {
        ret_holder->scopes = grant->scopes;
        memcpy(ret_holder->user, grant->user, strlen(grant->user) + 1);
        memcpy(ret_holder->id, grant->digest, ACCESS_GRANT_ID_BYTES);
    }
    CHECK(pthread_rwlock_unlock(&grants->lock) == 0);
    return is_found;
}

bool access_grants_find(struct access_grants *grants,
                        const unsigned char digest[static ACCESS_DIGEST_BYTES], int64_t now_ms,
                        struct access_holder *ret_holder)
{
    return find_holder(grants, digest, digest, now_ms, ret_holder);
}

bool access_grants_find_id(struct access_grants *grants,
                           const unsigned char id[static ACCESS_GRANT_ID_BYTES], int64_t now_ms,
                           struct access_holder *ret_holder)
{
    return find_holder(grants, id, NULL, now_ms, ret_holder);
}

size_t access_grants_count(struct access_grants *grants)
{
    CHECK(pthread_rwlock_rdlock(&grants->lock) == 0);
    size_t count = grants->list.count;
    CHECK(pthread_rwlock_unlock(&grants->lock) == 0);
    return count;
}
