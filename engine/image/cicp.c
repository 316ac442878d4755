/* SPDX-License-Identifier: MIT */
#include "image/cicp.h"

#include <stddef.h>

#include "image/color.h"

/* x and y of white, red, green and blue (H.273, table 2); NULL: sRGB's, or unknown. */
static const double *points_of(int primaries) {
    static const double bt470m[8] = {0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08};
    static const double bt470bg[8] = {0.3127, 0.3290, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06};
    static const double bt601[8] = {0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070};
    static const double film[8] = {0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049};
    static const double bt2020[8] = {0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046};
    static const double dci_p3[8] = {0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060};
    static const double display_p3[8] = {0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060};
    static const double ebu3213[8] = {0.3127, 0.3290, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077};
    switch (primaries) {
    case 4: return bt470m;
    case 5: return bt470bg;
    case 6:
    case 7: return bt601;
    case 8: return film;
    case 9: return bt2020;
    case 11: return dci_p3;
    case 12: return display_p3;
    case 22: return ebu3213;
    default: return NULL;
    }
}

/* Pictures with a camera's curve (BT.709's and its kin) are meant for screens with sRGB's, which is 0. */
static double gamma_of(int transfer) {
    enum { BT470M = 4, BT470BG = 5, DCI = 17 };
    switch (transfer) {
    case BT470M: return 2.2;
    case BT470BG: return 2.8;
    case BD_CICP_LINEAR: return 1.0;
    case DCI: return 2.6;
    default: return 0.0;
    }
}

bd_result bd_image_take_cicp(const bd_image_source *source, int primaries, int transfer, bd_image *image,
                             bd_error *error) {
    if (transfer == BD_CICP_PQ || transfer == BD_CICP_HLG) {
        bd_image_warn(source, "%s: high dynamic range (%s): colours are taken for sRGB", source->name,
                      transfer == BD_CICP_PQ ? "PQ" : "HLG");
        return BD_OK;
    }
    const double *points = points_of(primaries);
    const double gamma = gamma_of(transfer);
    return points || gamma > 0.0 ? bd_image_take_gamma(source, gamma, points, image, error) : BD_OK;
}
