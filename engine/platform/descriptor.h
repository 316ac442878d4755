/* SPDX-License-Identifier: MIT
 * File descriptors, as POSIX systems hand memory from one to another. */
#ifndef BD_DESCRIPTOR_H
#define BD_DESCRIPTOR_H

#include "platform/failure.h"

/* Another descriptor of the same, which programs that are started do not inherit. Fails for what is not open. */
bd_failure bd_descriptor_copy(int from, int *copy);
void bd_descriptor_close(int descriptor);

#endif
