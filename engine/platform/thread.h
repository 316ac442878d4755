/* SPDX-License-Identifier: MIT
 * Threads, and what they wait for. Nothing here moves in memory while it is in use. */
#ifndef BD_THREAD_H
#define BD_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#ifndef _WIN32
#include <pthread.h>
#endif

typedef struct bd_thread {
    void (*run)(void *context);
    void *context;
#ifdef _WIN32
    void *handle;
#else
    pthread_t handle;
#endif
} bd_thread;

typedef struct bd_mutex {
#ifdef _WIN32
    void *state; /* an SRWLOCK */
#else
    pthread_mutex_t state;
#endif
} bd_mutex;

typedef struct bd_condition {
#ifdef _WIN32
    void *state; /* a CONDITION_VARIABLE */
#else
    pthread_cond_t state;
#endif
} bd_condition;

/* Runs run(context) on a new thread, which signals go past: they are for the threads of the program. false: none could
 * be started. A started thread must be joined. */
bool bd_thread_start(bd_thread *thread, void (*run)(void *context), void *context);
void bd_thread_join(bd_thread *thread);
/* Processors that the process may run on at once, as far as the system tells; at least 1. */
uint32_t bd_thread_processors(void);

void bd_mutex_init(bd_mutex *mutex);
void bd_mutex_finish(bd_mutex *mutex);
void bd_mutex_lock(bd_mutex *mutex);
void bd_mutex_unlock(bd_mutex *mutex);

void bd_condition_init(bd_condition *condition);
void bd_condition_finish(bd_condition *condition);
/* With the mutex held, which is free meanwhile. Both may come back early. */
void bd_condition_wait(bd_condition *condition, bd_mutex *mutex);
void bd_condition_wait_ms(bd_condition *condition, bd_mutex *mutex, uint32_t ms);
/* Wakes one thread. */
void bd_condition_signal(bd_condition *condition);

#endif
