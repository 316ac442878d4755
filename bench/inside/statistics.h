/* SPDX-License-Identifier: MIT
 * What a driver's compiler says of the pipelines that it makes: registers, spills, shared memory. */
#ifndef BD_BENCH_STATISTICS_H
#define BD_BENCH_STATISTICS_H

#include "bench/intercept.h"

#include <stddef.h>

/* For bd_engine_params; NULL: there is no loader. */
void *statistics_entry(void);
/* "name=value" for each figure of a pipeline's only executable, a semicolon between; "" where the driver has none. */
void statistics_text(VkPipeline pipeline, char *text, size_t room);

#endif
