/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_CLASSES_H
#define BACKDROP_CLI_CLASSES_H

#include "cli.h"

/* --class: numbers, names of the model (any case) and "all" (every class but 0). */
bool cli_classes(cli *run, const bd_model *model, bd_class_set *set);

#endif
