/* SPDX-License-Identifier: MIT
 * What a program is started with, and where it lies. Text is UTF-8. All return false where there is nothing, or too little
 * room for it. */
#ifndef BD_ENVIRONMENT_H
#define BD_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* A variable of the environment that is set and not empty. */
bool bd_environment_get(const char *name, char *value, size_t room);
/* Where this library and its programs keep what can be made anew; it need not exist. */
bool bd_own_cache_folder(char *folder, size_t room);
/* The folder of the program. */
bool bd_program_folder(char *folder, size_t room);
/* The folder of the shared library that this is part of, or of the program where it was linked into that. */
bool bd_library_folder(char *folder, size_t room);

#endif
