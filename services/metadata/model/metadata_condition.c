#include "metadata/model/metadata_condition.h"

#include "metadata/model/metadata_json.h"

enum status metadata_condition_check(const struct metadata_condition *condition,
                                     const struct metadata *current)
{
    struct digest digest;
    if (condition->must_be_absent && current != NULL) {
        return STATUS_ABORTED;
    }
    if (!condition->must_match) {
        return STATUS_OK;
    }
    if (current == NULL || condition->is_any) {
        return current != NULL ? STATUS_OK : STATUS_ABORTED;
    }
    enum status status = metadata_digest(current, &digest);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < condition->tag_count; i++) {
        if (digest_equal(condition->tags[i], digest)) {
            return STATUS_OK;
        }
    }
    return STATUS_ABORTED;
}
