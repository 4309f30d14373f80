/* SPDX-License-Identifier: MIT */
/* layer_cases.h - settings and shapes at which every layer kind is tried (test_layers_double.c).
 *
 * settings: "key=value key=value"; a value with commas is a list ("kernel_size=3,2"), and so is one in
 * brackets ("dims=[1]").  inputs: shapes of one item, "3x8x8"; several inputs with blanks between.
 * range: random inputs lie in -2 range ... 2 range (0 means 1) and keep clear of 0, +-3 and 6, where
 * activations have kinks.  All values of one item differ, so that a maximum is never tied. */
#ifndef RAY_TESTS_LAYER_CASES_H
#define RAY_TESTS_LAYER_CASES_H

typedef struct layer_case {
    const char *kind, *settings, *inputs;
    double      range;
} layer_case;

static const layer_case layer_cases[] = {
    /* convolutions */
    { "conv1d", "out_channels=4 kernel_size=3", "3x11", 0 },
    { "conv1d", "out_channels=4 kernel_size=4 stride=2 padding=1,2 dilation=2 groups=2", "6x13", 0 },
    { "conv2d", "out_channels=4 kernel_size=3 padding=1", "3x7x6", 0 },
    { "conv2d", "out_channels=5 kernel_size=1", "7x5x4", 0 },
    { "conv2d", "out_channels=5 kernel_size=1 stride=2", "4x5x7", 0 },
    { "conv2d", "out_channels=4 kernel_size=1 padding=1 groups=2", "6x4x5", 0 },
    { "conv2d", "out_channels=4 kernel_size=3,2 stride=2,1 padding=1,0", "3x8x7", 0 },
    { "conv2d", "out_channels=2 kernel_size=3 padding=2,0,1,3", "3x6x6", 0 },
    { "conv2d", "out_channels=2 kernel_size=3 stride=2 padding=same", "3x7x8", 0 },
    { "conv2d", "out_channels=2 kernel_size=2 padding=same", "2x5x6", 0 },
    { "conv2d", "out_channels=2 kernel_size=3 stride=3 padding=valid bias=false", "2x9x8", 0 },
    { "conv2d", "out_channels=3 kernel_size=3 padding=2 dilation=2", "2x7x8", 0 },
    { "conv2d", "out_channels=3 kernel_size=3 stride=2 padding=3,2 dilation=3,2", "2x9x8", 0 },
    { "conv2d", "out_channels=6 kernel_size=3 padding=1 groups=3", "9x5x5", 0 },
    { "conv2d", "out_channels=6 kernel_size=3 padding=1 groups=6", "6x7x9", 0 },
    { "conv2d", "out_channels=6 kernel_size=3 stride=2 padding=1 groups=6", "6x8x9", 0 },
    { "conv2d", "out_channels=4 kernel_size=5 stride=2 padding=same groups=4", "4x9x12", 0 },
    { "conv2d", "out_channels=4 kernel_size=3,5 stride=3,1 padding=4,6 dilation=2,3 groups=4", "4x9x12", 0 },
    { "conv2d", "out_channels=8 kernel_size=3 padding=1 groups=4", "4x6x5", 0 },
    { "conv2d", "out_channels=3 kernel_size=3 stride=4 padding=1", "2x11x9", 0 },
    { "conv2d", "out_channels=3 kernel_size=4 stride=1 padding=6", "2x3x3", 0 },
    { "conv2d", "out_channels=3 kernel_size=11 stride=4 padding=2", "1x21x19", 0 },
    { "conv3d", "out_channels=3 kernel_size=2,3,3 padding=1,0,1", "2x4x5x6", 0 },
    { "conv3d", "out_channels=4 kernel_size=2 stride=2,1,2 padding=same groups=2", "4x3x5x4", 0 },
    { "conv3d", "out_channels=3 kernel_size=2,3,2 padding=1,0,0,1,1,0 dilation=2,1,1 groups=3", "3x3x5x4", 0 },
    { "conv_transpose1d", "out_channels=4 kernel_size=4 stride=2 padding=1", "3x6", 0 },
    { "conv_transpose2d", "out_channels=4 kernel_size=3", "3x4x5", 0 },
    { "conv_transpose2d", "out_channels=4 kernel_size=3 stride=2 padding=1 output_padding=1", "3x4x5", 0 },
    { "conv_transpose2d", "out_channels=4 kernel_size=4,2 stride=2,3 padding=1,0 output_padding=0,2 bias=false",
      "3x4x3", 0 },
    { "conv_transpose2d", "out_channels=4 kernel_size=3 stride=2 padding=2 dilation=2 groups=2", "6x4x5", 0 },
    { "conv_transpose2d", "out_channels=4 kernel_size=3 stride=2 padding=1 groups=4", "4x4x5", 0 },
    { "conv_transpose2d", "out_channels=3 kernel_size=1", "4x4x5", 0 },
    { "conv_transpose3d", "out_channels=2 kernel_size=2,3,2 stride=2,1,2 output_padding=1,0,0", "3x2x3x3", 0 },

    /* matrix products */
    { "linear", "out_features=7", "10", 0 },
    { "linear", "out_features=33 bias=false", "75", 0 },
    { "linear", "out_features=5", "4x6", 0 },
    { "linear", "out_features=3", "2x3x4", 0 },
    { "matmul", "", "4x5 5x3", 0 },
    { "matmul", "transpose_b=true", "4x5 3x5", 0 },
    { "matmul", "transpose_a=true", "5x4 5x3", 0 },
    { "matmul", "transpose_a=true transpose_b=true", "2x5x4 2x3x5", 0 },
    { "matmul", "", "2x1x4x5 3x5x3", 0 },

    /* appended below: normalisation, activations, pools, shapes, merges */
};

#endif
