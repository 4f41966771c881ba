/* scratch_directory.h: a directory of a test's own. */
#pragma once

enum { SCRATCH_PATH_BYTES = 64 };

/* Makes one below /tmp (or TMPDIR, when that is short) and writes its path. */
void scratch_directory_make(char path[static SCRATCH_PATH_BYTES]);

/* Removes it with all that is in it. */
void scratch_directory_remove(const char *path);
