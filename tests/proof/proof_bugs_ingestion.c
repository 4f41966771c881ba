/* marquee-rating-with-bugs is marquee-rating, linked so that what main.c opens for ingestion comes
 * through here: the store that it is given has the bug that PROOF_BUG names. */
#include <stdlib.h>

#include "proof/proof_bugs.h"
#include "rating/rating_ingestion.h"

/* The linker's names: --wrap=rating_ingestion_open. */
enum status __real_rating_ingestion_open(struct process *process, struct call *call,
                                         struct rating_repository repository,
                                         struct rating_ingestion **ret_ingestion);
enum status __wrap_rating_ingestion_open(struct process *process, struct call *call,
                                         struct rating_repository repository,
                                         struct rating_ingestion **ret_ingestion);

enum status __wrap_rating_ingestion_open(struct process *process, struct call *call,
                                         struct rating_repository repository,
                                         struct rating_ingestion **ret_ingestion)
{
    return __real_rating_ingestion_open(
        process, call, proof_bugs_wrap(getenv("PROOF_BUG"), repository), ret_ingestion);
}
