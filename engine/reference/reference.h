/* SPDX-License-Identifier: MIT
 * One scalar C function per operation: what every shader is checked against. Plain loops, double accumulation where a
 * sum is long, no padding of channels. All of it, for tests; files of this layer include what they need. */
#ifndef BD_REFERENCE_H
#define BD_REFERENCE_H

#include "reference/ref_blur.h"
#include "reference/ref_body.h"
#include "reference/ref_closed_form.h"
#include "reference/ref_components.h"
#include "reference/ref_convert.h"
#include "reference/ref_fusion.h"
#include "reference/ref_key.h"
#include "reference/ref_layout.h"
#include "reference/ref_light.h"
#include "reference/ref_matte.h"
#include "reference/ref_noise.h"
#include "reference/ref_operations.h"
#include "reference/ref_picture.h"
#include "reference/ref_requantise.h"
#include "reference/ref_run.h"

#endif
