/* SPDX-License-Identifier: MIT
 * The subject's colours drawn towards the new background's; see push/harmonize.h. */
#ifndef BD_HARMONIZE_H
#define BD_HARMONIZE_H

#include "photo/background.h"

/* The map of colours, for bd_relight_add; BD_HARMONIZE_OFF: BD_NO_SLOT. front: the subject's colours. */
bd_slot bd_harmonize_add(bd_recipe *recipe, bd_harmonize how, bd_slot front, bd_slot mask,
                         const bd_backdrop *background);

#endif
