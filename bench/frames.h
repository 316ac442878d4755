/* SPDX-License-Identifier: MIT */
#ifndef BD_BENCH_FRAMES_H
#define BD_BENCH_FRAMES_H

#include "common.h"

#define BENCH_FRAME_PATHS "both|images|memory"
enum { BENCH_FRAME_SETS = 6 };
#define BENCH_FRAMES_HELP                                                                                              \
    "Status 1, too, when something is allocated, made or recorded anew once every frame in flight has seen every\n"    \
    "size and set of parameters twice. Times are CPU time of the calling thread, in ms:\n"                             \
    "  cpu     all of it; worst: the most of one frame\n"                                                              \
    "  own     of it outside of Vulkan's functions\n"                                                                  \
    "  submit, wait, record   of it in vkQueueSubmit, in vkWaitForFences, and in all other functions\n"

bool bench_frames(bench *b);

#endif
