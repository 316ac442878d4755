/* SPDX-License-Identifier: MIT
 * Libraries that are loaded while the program runs. */
#ifndef BD_DYNAMIC_LIBRARY_H
#define BD_DYNAMIC_LIBRARY_H

/* By file name, where the system looks for its libraries; on Windows that is the system's folder alone, since a library
 * of that name may lie beside any document. NULL: there is none. It stays loaded. */
void *bd_dynamic_library_open(const char *name);
/* The address of a function; NULL: there is none. */
void *bd_dynamic_library_find(void *library, const char *function);

#endif
