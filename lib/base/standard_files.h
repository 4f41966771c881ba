/* standard_files.h: standard input, output and error are open, whatever the caller closed. */
#pragma once

/* First thing in main(): a descriptor of them that is closed (`program >&-`) would be given to the
 * next file that is opened, and what is printed or logged would be written into a store. Such a one
 * is opened the wrong way round, so that to use it fails as if it were closed. */
void standard_files_hold(void);
