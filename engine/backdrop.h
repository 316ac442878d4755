/* SPDX-License-Identifier: MIT
 *
 * Backdrop: replaces the background of a photo with DeepLabv3 on any Vulkan device.
 *
 *   bd_engine    a Vulkan device with its pipelines           one per device
 *   bd_model     exported weights, parsed and planned (no GPU) shareable by sessions
 *   bd_session   a model on an engine, recorded once           one call at a time
 *   bd_image     pixels in host memory
 *
 * Conventions
 *   Results     every fallible function returns a bd_result and takes an optional bd_error, which is the caller's and
 *               receives the failure in words. It is written on failure only.
 *   Structs     those that start with struct_size, which is their sizeof, only ever grow; all others stay as they are.
 *               Of parameters, zero every other member for the default. Without struct_size a call fails with
 *               BD_ERR_INVALID_ARGUMENT; members that an older library does not know make it BD_ERR_UNSUPPORTED there,
 *               unless they are zero.
 *   Paths       are UTF-8 on every system, Windows included.
 *   Threads     engines are independent. A session, and the engine under it, serve one call at a time.
 *   Hygiene     the library never exits, prints, touches the network or keeps globals, and only where it looks for weights
 *               (backdrop_weights.h) does it read the environment.
 */
#ifndef BACKDROP_H
#define BACKDROP_H

#include "backdrop_engine.h"
#include "backdrop_image.h"
#include "backdrop_measure.h"
#include "backdrop_model.h"
#include "backdrop_session.h"
#include "backdrop_weights.h"

#endif
