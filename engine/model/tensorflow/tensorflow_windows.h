/* SPDX-License-Identifier: MIT
 * TensorFlow's convolutions, pools and batch norms into the graph's. op is that of the table in tensorflow_ops.c, and
 * the number of inputs is within its range. */
#ifndef BD_TENSORFLOW_WINDOWS_H
#define BD_TENSORFLOW_WINDOWS_H

#include "model/tensorflow/tensorflow_context.h"

/* Checks data_format against the layout of input 0, which becomes that of the output. */
bd_result bd_tf_take_layout(const bd_tf *tf, bd_tf_node *node);
bd_result bd_tf_convert_conv(bd_tf *tf, bd_tf_node *node, bd_op op);
bd_result bd_tf_convert_fused_conv(bd_tf *tf, bd_tf_node *node, bd_op op);
bd_result bd_tf_convert_batch_norm(bd_tf *tf, bd_tf_node *node, bd_op op);
bd_result bd_tf_convert_pool(bd_tf *tf, bd_tf_node *node, bd_op op);

#endif
