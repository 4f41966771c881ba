/* registry_kept.h: opens the controller over what --data holds, and what to do when that is
 * damaged; part of what main.c composes. */
#pragma once

#include "process/process.h"
#include "registry/controller/registry_controller.h"

/* In open. *ret_repository: without operations where nothing is kept; closed after the controller's
 * end. Statuses as of registry_controller_create() and sqlite_registry_repository_open(), but for
 * STATUS_DATA_LOSS: what is damaged is put aside, and the registry begins with nothing. */
MUST_USE enum status registry_kept_open(struct process *process, struct call *call,
                                        struct registry_checker checker,
                                        struct registry_repository *ret_repository,
                                        struct registry_controller **ret_controller);

/* One that was not opened is accepted. */
void registry_kept_close(struct registry_repository *repository);
