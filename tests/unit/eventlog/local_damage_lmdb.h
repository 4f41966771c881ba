/* local_damage_lmdb.h: reaches into a log's LMDB environment behind the log's back. The log must
 * not be open in this process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum damage_kind { DAMAGE_FLIP, DAMAGE_REMOVE };

struct damage {
    enum damage_kind kind;
    char entry;      /* 't', 'p' or 'r' (local_store_lmdb.h) */
    unsigned number; /* which of them, from 0; counted from the last when `from_end` */
    bool from_end;
    size_t byte; /* of the value: its lowest bit is flipped */
};

void damage_log(const char *directory, const struct damage *damage);

/* Begins a write transaction and leaves it open: the process is to be killed. */
void hold_log(const char *directory);
