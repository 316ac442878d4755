/* SPDX-License-Identifier: MIT
 * DeepLab as TensorFlow's model zoo exports it, with few channels and weights from a hash: the layers of the real
 * backbones in the zoo's operations (L.-C. Chen et al. 2018, arXiv 1802.02611; research/deeplab). */
#ifndef BD_SUPPORT_DEEPLAB_H
#define BD_SUPPORT_DEEPLAB_H

#include <stdbool.h>
#include <stdint.h>

typedef struct test_deeplab {
    const char *name;
    bool xception;    /* Xception-65, else ResNet */
    int32_t units[4]; /* ResNet: bottlenecks of each block */
    int32_t grid[3];  /* rates of the last block's units, times what the output stride makes of them */
    int32_t stride;   /* of the output: 8, 16 or 32 */
    int32_t rates[3]; /* of ASPP; 0: no such branch */
    bool dense;       /* 3x3 convolutions of ASPP and decoder, else separable ones */
    bool pooling;     /* image pooling */
    bool decoder;
    bool dilations; /* atrous convolutions as an attribute, else between SpaceToBatchND and BatchToSpaceND */
} test_deeplab;

enum { TEST_DEEPLAB_CLASSES = 5 };

/* Writes the graph for a photo of that size into the graph in hand (support/graphdef.h): ImageTensor of uint8 to
 * SemanticPredictions; the logits are logits/semantic/BiasAdd. */
void test_deeplab_write(const test_deeplab *network, int32_t height, int32_t width);

#endif
