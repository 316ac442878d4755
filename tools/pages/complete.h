/* SPDX-License-Identifier: MIT
 * Scripts by which shells complete the command. */
#ifndef BACKDROP_PAGES_COMPLETE_H
#define BACKDROP_PAGES_COMPLETE_H

void pages_print_bash(void);
void pages_print_zsh(void);
void pages_print_fish(void);

#endif
