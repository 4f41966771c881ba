#include "access/access_identity.h"

#include "access/access_user.h"
#include "base/arena.h"

#include "access/access_secret.h"

bool access_may(const struct call *call, enum access_scope scope)
{
    const struct call_identity *identity = &call->identity;
    return !identity->is_checked || (identity->scopes & (unsigned)scope) == (unsigned)scope;
}

struct text access_user_asked(const struct call *call, struct text given)
{
    return given.length > 0 ? given : call->identity.user;
}

enum status access_user_writing(struct call *call, struct text given, struct text *ret_user)
{
    const struct call_identity *identity = &call->identity;
    struct text user = access_user_asked(call, given);
    if (user.length > 0 && !access_may(call, ACCESS_IMPERSONATE) &&
        !access_secret_equal(user, identity->user)) {
        return call_fail(call, STATUS_PERMISSION_DENIED,
                         "%.*s%s may not do this for another user: that needs the scope "
                         "'impersonate'",
                         TEXT_ARGUMENTS(identity->user),
                         identity->user.length > 0 ? "" : "a token without a user");
    }
    *ret_user = user;
    return STATUS_OK;
}

enum status access_provider_writing(struct call *call, struct text provider)
{
    return provider.length == 0 || access_may(call, ACCESS_IMPERSONATE)
               ? STATUS_OK
               : call_fail(call, STATUS_PERMISSION_DENIED,
                           "to do this for a provider's users needs the scope 'impersonate'");
}

bool access_user_is_shown(const struct call *call, struct text user, struct text provider)
{
    return access_may(call, ACCESS_IMPERSONATE) || (provider.length == 0 && user.length > 0 &&
                                                    access_secret_equal(user, call->identity.user));
}

bool access_acting_for(const struct call *call, struct text *ret_value)
{
    const struct call_identity *identity = &call->identity;
    char scopes[ACCESS_SCOPES_TEXT_BYTES];
    char user[ACCESS_USER_WORD_BYTES];
    *ret_value = (struct text){NULL, 0};
    if (!identity->is_checked || identity->user.length == 0) {
        return true;
    }
    *ret_value = arena_format(call->arena, "%.*s %.*s",
                              TEXT_ARGUMENTS(access_scopes_format(identity->scopes, scopes)),
                              TEXT_ARGUMENTS(access_user_encode(identity->user, user)));
    return ret_value->data != NULL;
}
