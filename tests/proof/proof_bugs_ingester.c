/* marquee-rating-with-bugs is marquee-rating, linked so that ingesters are made here: the store
 * that they are given has the bug that PROOF_BUG names. */
#include <stdlib.h>

#include "proof/proof_bugs.h"
#include "rating/ingester/rating_ingester.h"

/* The linker's names: --wrap=rating_ingester_create. It knows no types, so they are taken from the
 * header. */
__typeof__(rating_ingester_create) __real_rating_ingester_create;
__typeof__(rating_ingester_create) __wrap_rating_ingester_create;

enum status __wrap_rating_ingester_create(const struct rating_ingester_options *options,
                                          struct rating_ingester **ret_ingester)
{
    struct rating_ingester_options given = *options;
    given.repository = proof_bugs_wrap(getenv("PROOF_BUG"), options->repository);
    return __real_rating_ingester_create(&given, ret_ingester);
}
