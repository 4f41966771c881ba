/* proof_bugs.h: planted bugs of ingestion: what a rating repository looks like to an ingester that
 * has them. The proof must find each. */
#pragma once

#include "rating/repository/rating_repository.h"

/* bug: "position-outside": the position is moved in a transaction of its own, after the changes.
 * "no-fence": whatever epoch and position a batch comes with, those that stand are taken for them.
 * "from-beginning": a partition is read from its beginning, whatever was stored; not fenced.
 * Empty: none. The repository stays its owner's. Once in a process. */
struct rating_repository proof_bugs_wrap(const char *bug, struct rating_repository repository);
