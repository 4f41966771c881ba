#include "metadata/model/metadata_condition.h"

#include "metadata/model/metadata_json.h"

static bool is_among(struct digest digest, const struct digest *tags, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (digest_equal(tags[i], digest)) {
            return true;
        }
    }
    return false;
}

enum status metadata_condition_check(const struct metadata_condition *condition,
                                     const struct metadata *current)
{
    struct digest digest;
    if (current == NULL) {
        return condition->must_match ? STATUS_ABORTED : STATUS_OK;
    }
    if (condition->must_be_absent) {
        return STATUS_ABORTED;
    }
    enum status status = metadata_digest(current, &digest);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_one = !condition->must_match || condition->is_any ||
                  is_among(digest, condition->tags, condition->tag_count);
    return is_one && !is_among(digest, condition->others, condition->other_count) ? STATUS_OK
                                                                                  : STATUS_ABORTED;
}
