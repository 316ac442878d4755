/* SPDX-License-Identifier: MIT
 * What the conversion of an operation is made of: its inputs and options, the nodes that it appends, and the limits
 * that its activation and its output's type set. */
#ifndef BD_TFLITE_BUILDER_H
#define BD_TFLITE_BUILDER_H

#include "model/tflite/tflite_context.h"

/* The tensor that input k names; NULL when it is absent. */
bd_tflite_tensor *bd_tflite_input(const bd_tflite_conversion *of, uint32_t k);
/* The graph's node of input k, which must be present: real numbers unless the operation computes with integers. */
bd_result bd_tflite_input_node(const bd_tflite_conversion *of, uint32_t k, uint32_t *node);
/* Inputs first..first+count-1 as nodes, in the import's pool; NULL with the reason in *result. */
uint32_t *bd_tflite_map_inputs(const bd_tflite_conversion *of, uint32_t first, uint32_t count, bd_result *result);
/* As many int32 of a constant input as there are, room at most; -1: it is something else. */
int32_t bd_tflite_read_i32(const bd_tflite_conversion *of, uint32_t k, int32_t *values, int32_t room);

/* Fields of the operation's table of options. */
int64_t bd_tflite_option(const bd_tflite_conversion *of, uint32_t field, uint32_t width, int64_t fallback);
bool bd_tflite_option_flag(const bd_tflite_conversion *of, uint32_t field);

/* Appends a node under the output's name, with a suffix where the operation becomes several. */
bd_result bd_tflite_append(const bd_tflite_conversion *of, const char *suffix, bd_op op, const uint32_t *inputs,
                           uint32_t count, uint32_t *node);
/* of->to with the first count inputs. */
bd_result bd_tflite_append_inputs(const bd_tflite_conversion *of, uint32_t count, uint32_t *node);

/* of->low and of->high: those of input 0; narrowed by the output's type; by activation (BD_TFLITE_ACTIVATION_*) and
 * type. */
void bd_tflite_keep_limits(bd_tflite_conversion *of);
bd_result bd_tflite_limit_by_type(bd_tflite_conversion *of);
bd_result bd_tflite_limit(bd_tflite_conversion *of, int64_t activation);

/* The last step of every conversion: limits, and the node becomes the output's. */
bd_result bd_tflite_finish(bd_tflite_conversion *of, uint32_t node, int64_t activation);

#endif
