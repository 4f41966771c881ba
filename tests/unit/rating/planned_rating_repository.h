/* planned_rating_repository.h: the memory repository, whose next writes fail as a test plans. */
#pragma once

#include "rating/repository/rating_repository.h"

struct planned_rating_repository {
    enum status failure; /* of the next `failures` writes */
    unsigned failures;
    bool fails_after; /* they are done before they fail: an answer that was lost */
    unsigned writes;  /* read only: how many were asked for */
    /* private */
    struct rating_repository whole;
};

/* Fills in the port; `self` is borrowed until its close. */
MUST_USE enum status planned_rating_repository_open(struct planned_rating_repository *self,
                                                    struct call *call,
                                                    struct rating_repository *ret_repository);
