/* SPDX-License-Identifier: MIT */
#include "platform/thread.h"

#include <process.h>

#include "platform/system_windows.h"

_Static_assert(sizeof(SRWLOCK) == sizeof(bd_mutex), "bd_mutex holds an SRWLOCK");
_Static_assert(sizeof(CONDITION_VARIABLE) == sizeof(bd_condition), "bd_condition holds a CONDITION_VARIABLE");

static unsigned __stdcall begin(void *context) {
    const bd_thread *thread = context;
    thread->run(thread->context);
    return 0;
}

bool bd_thread_start(bd_thread *thread, void (*run)(void *context), void *context) {
    thread->run = run;
    thread->context = context;
    /* CreateThread, with the C library told of it. */
    thread->handle = (void *)_beginthreadex(NULL, 0, begin, thread, 0, NULL);
    return thread->handle != NULL;
}

void bd_thread_join(bd_thread *thread) {
    (void)WaitForSingleObject(thread->handle, INFINITE);
    (void)CloseHandle(thread->handle);
}

uint32_t bd_thread_processors(void) {
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwNumberOfProcessors > 1 ? (uint32_t)info.dwNumberOfProcessors : 1;
}

void bd_mutex_init(bd_mutex *mutex) {
    InitializeSRWLock((SRWLOCK *)mutex);
}

/* Locks of Windows hold nothing that would have to be released; neither do conditions. */
void bd_mutex_finish(bd_mutex *mutex) {
    (void)mutex;
}

void bd_mutex_lock(bd_mutex *mutex) {
    AcquireSRWLockExclusive((SRWLOCK *)mutex);
}

void bd_mutex_unlock(bd_mutex *mutex) {
    ReleaseSRWLockExclusive((SRWLOCK *)mutex);
}

void bd_condition_init(bd_condition *condition) {
    InitializeConditionVariable((CONDITION_VARIABLE *)condition);
}

void bd_condition_finish(bd_condition *condition) {
    (void)condition;
}

void bd_condition_wait(bd_condition *condition, bd_mutex *mutex) {
    (void)SleepConditionVariableSRW((CONDITION_VARIABLE *)condition, (SRWLOCK *)mutex, INFINITE, 0);
}

void bd_condition_wait_ms(bd_condition *condition, bd_mutex *mutex, uint32_t ms) {
    (void)SleepConditionVariableSRW((CONDITION_VARIABLE *)condition, (SRWLOCK *)mutex, ms, 0);
}

void bd_condition_signal(bd_condition *condition) {
    WakeConditionVariable((CONDITION_VARIABLE *)condition);
}
