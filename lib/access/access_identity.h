/* access_identity.h: for whom a call may speak, once it is known who makes it (base/call.h). */
#pragma once

#include "access/access_scope.h"
#include "base/call.h"

/* Whether the call may do what needs this scope. Where access is open, all may everything. */
MUST_USE bool access_may(const struct call *call, enum access_scope scope);

/* The user that a request is about. given: whom it names; empty: nobody, which means the caller,
 * if it is known who that is. *ret_user: borrowed from one or the other; may be empty.
 *
 * access_user_asked() is for what anybody may look at; access_user_writing() for what is done as
 * that user: STATUS_PERMISSION_DENIED, if it is another than the caller, which may not act for
 * others; the call's error says so. */
struct text access_user_asked(const struct call *call, struct text given);
MUST_USE enum status access_user_writing(struct call *call, struct text given,
                                         struct text *ret_user);

/* Whether it may be done for a provider's user: whoever those are, the caller is none of them.
 * provider: empty is ourselves. STATUS_PERMISSION_DENIED: no. */
MUST_USE enum status access_provider_writing(struct call *call, struct text provider);

/* Whether what is a user's alone may be shown: to that user, and to who may act for others; where
 * access is open, to all. Users of a provider are none of the callers, whatever their ids. */
MUST_USE bool access_user_is_shown(const struct call *call, struct text user, struct text provider);

/* How a service says for whom it acts: "SCOPES USER", the user as access_user.h writes it. It goes
 * with the service's own secret, and is believed of who may impersonate (docs/security.md). */
#define ACCESS_ACTING_HEADER "marquee-acting-for"

/* The header's value for what is asked on the call's behalf: what that user may do there is no more
 * than what it may do here. Valid in the call's arena; empty: it is for nobody in particular, and
 * none is sent. false: no memory. */
MUST_USE bool access_acting_for(const struct call *call, struct text *ret_value);
