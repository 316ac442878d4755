/* SPDX-License-Identifier: MIT
 * The kernels: which shader computes an operation on a device (shaders/variants.txt), with its push constants,
 * specialisation constants and grid, and how its weights are packed. They fill everything of a bd_vk_dispatch but its
 * bindings' buffers. All of it, for users outside of the layer; files of this layer include what they need. */
#ifndef BD_KERNEL_H
#define BD_KERNEL_H

#include "graph/plan.h"
#include "kernel/blur_kernels.h"
#include "kernel/body_kernels.h"
#include "kernel/candidates.h"
#include "kernel/closed_form_kernels.h"
#include "kernel/column.h"
#include "kernel/component_kernels.h"
#include "kernel/defaults.h"
#include "kernel/fusion_kernels.h"
#include "kernel/key_kernels.h"
#include "kernel/light_kernels.h"
#include "kernel/matte_kernels.h"
#include "kernel/node.h"
#include "kernel/noise_kernels.h"
#include "kernel/packing.h"
#include "kernel/picture_kernels.h"
#include "kernel/table.h"
#include "kernel/trial.h"
#include "vk/vk.h"

#endif
