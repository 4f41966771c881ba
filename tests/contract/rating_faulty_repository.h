/* rating_faulty_repository.h: a repository with a planted fault, so that the suite is seen to fail.
 */
#pragma once

#include "rating/repository/rating_repository.h"

enum rating_fault {
    RATING_FAULT_NONE,
    RATING_FAULT_AGGREGATE_KEEPS_DELETED, /* deletions never reach the aggregate */
    RATING_FAULT_LOSES_A_CHANGE,          /* the last change of each tenth batch is not applied */
    RATING_FAULT_EPOCH_IS_NOT_COMPARED,   /* whoever claimed the partition first goes on */
    RATING_FAULT_HOLE_IN_THE_LOG,         /* a sequence is passed over */
    RATING_FAULT_EVENT_ID_IS_FORGOTTEN,   /* each tenth batch has no ids */
    RATING_FAULT_POSITION_APART,          /* the position moves in a transaction of its own */
};

/* Over the memory repository. */
MUST_USE enum status rating_faulty_repository_open(struct call *call, enum rating_fault fault,
                                                   struct rating_repository *ret_repository);
