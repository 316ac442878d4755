/* SPDX-License-Identifier: MIT
 * The closed-form matte (Levin, Lischinski, Weiss, TPAMI 2008) where the guided filters leave it in doubt.
 *
 * Colours of what the probabilities are sure of say what the rest may be (as Wang and Cohen's robust matting, CVPR
 * 2007, but by histograms), the matting Laplacian spreads it, and conjugate gradients solve in the tiles that are
 * unsettled, from the guided filters' matte. Two coarse grids of lines over colours precondition them, as Bramble, Pasciak
 * and Xu (Mathematics of Computation 55, 1990) add levels up: ten times fewer steps. */
#ifndef BD_CLOSED_FORM_H
#define BD_CLOSED_FORM_H

#include "photo/recipe.h"

typedef struct bd_closed_form {
    bool trimap;    /* where the plane is 0 or 1 it is known */
    bool alone;     /* nothing but that is known */
    uint32_t steps; /* 0: as many as are usual */
    float share;    /* of the way from the values to the solution; 0: all of it */
} bd_closed_form;

/* A grid with values, and a plane of probabilities on it, become a grid with the solution. */
bd_slot bd_closed_form_add(bd_recipe *recipe, bd_slot values, bd_slot plane, const bd_closed_form *params);

/* In a plane that a trimap has pinned, one half becomes the probability that a grid's colours tell. */
void bd_closed_prior_add(bd_recipe *recipe, bd_slot colours, bd_slot plane, const bd_closed_form *params);

#endif
