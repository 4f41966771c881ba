#include "access/access_secret.h"

bool access_secret_equal(struct text given, struct text secret)
{
    volatile unsigned char difference = given.length != secret.length || secret.length == 0;
    for (size_t i = 0; i < secret.length; i++) {
        char byte = i < given.length ? given.data[i] : '\0';
        difference = (unsigned char)(difference | (byte ^ secret.data[i]));
    }
    return difference == 0;
}

struct text access_bearer(struct text authorization)
{
    static const struct text scheme = TEXT_INIT("Bearer ");
    return text_equal_ignoring_case(text_slice(authorization, 0, scheme.length), scheme)
               ? text_trim(text_slice(authorization, scheme.length, authorization.length))
               : (struct text){NULL, 0};
}
