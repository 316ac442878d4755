/* SPDX-License-Identifier: MIT */
#include "platform/clock.h"

#include "platform/system_windows.h"

double bd_now_ms(void) {
    LARGE_INTEGER now, frequency;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&now);
    return (double)now.QuadPart * 1e3 / (double)frequency.QuadPart;
}
