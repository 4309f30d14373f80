/* SPDX-License-Identifier: MIT */
/* test_onnx_absent.c - a build without ONNX says so. */
#include "program.h"

#define SAID "rayinterp: SRC/tests/fixtures/onnx/small.onnx: built without ONNX (meson setup -Donnx=enabled)"

static void it_is_said(void)
{
    static const program_case cases[] = {
        { "$R import $S/tests/fixtures/onnx/small.onnx", 1, NULL, SAID },
        { "$R show $S/tests/fixtures/onnx/small.onnx", 1, NULL, SAID },
        { "$R check $S/tests/fixtures/onnx/small.onnx", 1, NULL, SAID },
        { "$R $S/tests/fixtures/onnx/small.onnx --rule gradient", 1, NULL, SAID },
    };
    CHECK_PROGRAMS(cases);
}

int main(void)
{
    static const named_test tests[] = { { "it is said", it_is_said }, { 0 } };
    program_prepare();
    return run_tests("onnx_absent", tests);
}
