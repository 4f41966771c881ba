#include "rating/model/rating.h"

static enum status validate_part(struct call *call, const char *name, struct text part,
                                 size_t bytes_max)
{
    if (part.length > bytes_max) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s is longer than %zu bytes", name,
                         bytes_max);
    }
    return text_is_clean(part) ? STATUS_OK
                               : call_fail(call, STATUS_INVALID_ARGUMENT,
                                           "%s is not UTF-8 or has a NUL in it", name);
}

static enum status validate_filled_part(struct call *call, const char *name, struct text part,
                                        size_t bytes_max)
{
    return part.length == 0 ? call_fail(call, STATUS_INVALID_ARGUMENT, "%s is empty", name)
                            : validate_part(call, name, part, bytes_max);
}

enum status rating_user_validate(struct call *call, struct text user)
{
    return validate_filled_part(call, "user id", user, RATING_USER_BYTES_MAX);
}

enum status record_key_validate(struct call *call, struct record_key record)
{
    if (record_type_name(record.type)[0] == '\0') {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "record type is unknown");
    }
    return validate_filled_part(call, "record id", record.id, RATING_RECORD_BYTES_MAX);
}

enum status vote_key_validate(struct call *call, const struct vote_key *key)
{
    enum status status = record_key_validate(call, key->record);
    if (status == STATUS_OK) {
        status = rating_user_validate(call, key->user);
    }
    if (status == STATUS_OK) {
        status = validate_part(call, "provider id", key->provider, RATING_PROVIDER_BYTES_MAX);
    }
    return status;
}

enum status rating_change_validate(struct call *call, const struct rating_change *change)
{
    enum status status = vote_key_validate(call, &change->key);
    if (status != STATUS_OK || change->kind == RATING_DELETE) {
        return status;
    }
    if (change->hundredths < 0 || change->hundredths > RATING_HUNDREDTHS_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "rating is not 0 to %d points",
                         RATING_HUNDREDTHS_MAX / RATING_HUNDREDTHS_PER_POINT);
    }
    return STATUS_OK;
}

unsigned rating_bin(int32_t hundredths)
{
    CHECK(hundredths >= 0 && hundredths <= RATING_HUNDREDTHS_MAX);
    return (unsigned)hundredths / RATING_BIN_HUNDREDTHS;
}

void rating_aggregate_add(struct rating_aggregate *aggregate, int32_t hundredths)
{
    aggregate->histogram[rating_bin(hundredths)]++;
    aggregate->sum_hundredths += (uint64_t)hundredths;
    aggregate->count++;
}

void rating_aggregate_subtract(struct rating_aggregate *aggregate, int32_t hundredths)
{
    unsigned bin = rating_bin(hundredths);
    CHECK(aggregate->count > 0 && aggregate->histogram[bin] > 0 &&
          aggregate->sum_hundredths >= (uint64_t)hundredths);
    aggregate->histogram[bin]--;
    aggregate->sum_hundredths -= (uint64_t)hundredths;
    aggregate->count--;
}

double rating_aggregate_mean(const struct rating_aggregate *aggregate)
{
    CHECK(aggregate->count > 0);
    return (double)aggregate->sum_hundredths / (double)aggregate->count /
           RATING_HUNDREDTHS_PER_POINT;
}
