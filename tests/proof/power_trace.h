/* power_trace.h: what the power shim records of a real program: every write and sync of the files
 * below PROOF_TRACED (two paths, by ':'), in order, into the file PROOF_TRACE, to which several
 * processes append. power_replay.py reads it, and adds the records of what its clients were told.
 *
 * A write stands in the trace before it is done, a sync twice: before and after. LMDB writes its
 * root through a descriptor that is O_DSYNC: such a write is followed by POWER_WRITTEN. */
#pragma once

#include <stdint.h>

enum power_kind {
    POWER_CREATE = 'C',  /* a file or folder that was not there */
    POWER_WRITE = 'W',   /* offset, data */
    POWER_WRITTEN = 'D', /* the write of this number, to an O_DSYNC descriptor, has returned */
    POWER_TRUNCATE = 'T',
    POWER_SYNC = 'F',   /* a sync begins */
    POWER_SYNCED = 'S', /* the sync of this number has returned */
    POWER_RENAME = 'R', /* data: the new path */
    POWER_REMOVE = 'U',
    POWER_MAPPED = 'M', /* writable: what is written so is not in the trace, which is void */
    POWER_TOLD = 'A',   /* by a client: what it asked for and was told, as JSON */
};

/* Followed by the path and the data. */
struct power_record {
    uint32_t kind;
    uint32_t path_length;
    uint32_t data_length;
    uint32_t process;
    uint64_t number; /* of a write or sync, within its process */
    int64_t offset;
};
