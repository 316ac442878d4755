/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#define _DARWIN_C_SOURCE /* _SC_NPROCESSORS_ONLN */
#include "platform/thread.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

static void *begin(void *context) {
    const bd_thread *thread = context;
    thread->run(thread->context);
    return NULL;
}

bool bd_thread_start(bd_thread *thread, void (*run)(void *context), void *context) {
    /* These come of what the thread itself does. */
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t masked, before;
    sigfillset(&masked);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        sigdelset(&masked, own[i]);
    }
    thread->run = run;
    thread->context = context;
    pthread_sigmask(SIG_SETMASK, &masked, &before);
    bool started = !pthread_create(&thread->handle, NULL, begin, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

void bd_thread_join(bd_thread *thread) {
    (void)pthread_join(thread->handle, NULL);
}

uint32_t bd_thread_processors(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 1 ? (uint32_t)count : 1;
}

void bd_mutex_init(bd_mutex *mutex) {
    (void)pthread_mutex_init(&mutex->state, NULL);
}

void bd_mutex_finish(bd_mutex *mutex) {
    (void)pthread_mutex_destroy(&mutex->state);
}

void bd_mutex_lock(bd_mutex *mutex) {
    (void)pthread_mutex_lock(&mutex->state);
}

void bd_mutex_unlock(bd_mutex *mutex) {
    (void)pthread_mutex_unlock(&mutex->state);
}

void bd_condition_init(bd_condition *condition) {
    (void)pthread_cond_init(&condition->state, NULL);
}

void bd_condition_finish(bd_condition *condition) {
    (void)pthread_cond_destroy(&condition->state);
}

void bd_condition_wait(bd_condition *condition, bd_mutex *mutex) {
    (void)pthread_cond_wait(&condition->state, &mutex->state);
}

void bd_condition_wait_ms(bd_condition *condition, bd_mutex *mutex, uint32_t ms) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(&condition->state, &mutex->state, &until);
}

void bd_condition_signal(bd_condition *condition) {
    (void)pthread_cond_signal(&condition->state);
}
