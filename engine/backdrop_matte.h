/* SPDX-License-Identifier: MIT
 *
 * The choices of bd_matte_params. A part of backdrop.h, which includes it. */
#ifndef BACKDROP_MATTE_H
#define BACKDROP_MATTE_H

/* How the network's coarse answer becomes a matte of the photo's size. */
typedef enum bd_matte_mode {
    BD_MATTE_REFINE = 0, /* guided by the photo's colours: three fast guided filters, each followed by levels */
    BD_MATTE_HARD = 1,   /* the class with the highest logit at the network's size, enlarged: the tutorial's mask */
    BD_MATTE_SOFT = 2,   /* probabilities at the network's size, interpolated */
    /* REFINE, then a closed-form solution, by what colours tell: in a band along the edge of the mask that the rule made
     * or, without it, where REFINE is in doubt. Meant for a session with the network at twice its size, too
     * (bd_session_params.sizes), as the command has it: where all such sizes are larger, nothing is mirrored and the rule
     * is on, those networks run where bodies are thin, as those of groups are, and no crop is looked at; else the looks
     * are averaged as for the other kinds. */
    BD_MATTE_BEST = 3
} bd_matte_mode;

/* Which connected parts of the foreground stay. Parts are told apart in the coarse answer, before it is refined, where
 * it is at least 0.4, on a grid of at most 1024 nodes a side; what lies below goes with the part it is nearest to. */
typedef enum bd_keep {
    BD_KEEP_ALL = 0,     /* but for stray islands: island_share */
    BD_KEEP_LARGEST = 1, /* the one with the largest area; of equals the upper one, then the left one */
    BD_KEEP_POINT = 2    /* the one at (keep_x, keep_y) */
} bd_keep;

/* Whether what the network says is first made to be whole bodies, on the grid of its logits, by the log-odds o of the
 * foreground's classes: what is nearly sure keeps all that hangs together with it, what is worn or held and has a class of
 * its own joins, loose ends go, and sigmoid(2 (o + bias)) takes the softmax's place. */
typedef enum bd_rule {
    BD_RULE_ON = 0,
    BD_RULE_OFF = 1 /* the softmax as it is */
} bd_rule;

/* Whether the colours that a matte is guided by are blurred where the photo is noisy, so that its noise does not become
 * the matte's. The photo itself and what is made of it stay. */
typedef enum bd_guide_blur {
    BD_GUIDE_BLUR_AUTO = 0, /* by the noise that is measured; without any the matte is that of OFF, bit by bit */
    BD_GUIDE_BLUR_OFF = 1
} bd_guide_blur;

#endif
