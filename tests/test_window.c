/* SPDX-License-Identifier: MIT */
/* test_window.c - the padding of convolutions and pools in its forms.  The figures of `same` are
 * those of TensorFlow's SAME. */
#include "layers/window.h"
#include "testing.h"

typedef struct window_case {
    int      axes;
    int64_t  in[RAY_MAX_AXES];
    ray_ints kernel, stride, dilation, padding;
    int64_t  before[RAY_MAX_AXES], after[RAY_MAX_AXES];
} window_case;

#define ONE(a) { 1, { a } }
#define TWO(a, b) { 2, { a, b } }
#define SAME ONE(RAY_PADDING_SAME)

static const window_case cases[] = {
    /* one number, one per axis, two per axis */
    { 2, { 9, 9 }, ONE(3), ONE(1), ONE(1), ONE(2), { 2, 2 }, { 2, 2 } },
    { 2, { 9, 9 }, ONE(3), ONE(1), ONE(1), TWO(1, 2), { 1, 2 }, { 1, 2 } },
    { 2, { 9, 9 }, ONE(3), ONE(1), ONE(1), { 4, { 1, 2, 3, 4 } }, { 1, 3 }, { 2, 4 } },
    { 1, { 9 }, ONE(3), ONE(1), ONE(1), TWO(1, 2), { 1 }, { 2 } },
    { 3, { 9, 9, 9 }, ONE(3), ONE(1), ONE(1), { 6, { 1, 2, 3, 4, 5, 6 } }, { 1, 3, 5 },
      { 2, 4, 6 } },
    { 2, { 9, 9 }, ONE(3), ONE(1), ONE(1), ONE(RAY_PADDING_VALID), { 0, 0 }, { 0, 0 } },
    /* same: the smaller half before; nothing where the stride skips it */
    { 2, { 224, 224 }, ONE(3), ONE(2), ONE(1), SAME, { 0, 0 }, { 1, 1 } },
    { 2, { 225, 7 }, ONE(3), ONE(2), ONE(1), SAME, { 1, 1 }, { 1, 1 } },
    { 2, { 112, 56 }, ONE(5), ONE(2), ONE(1), SAME, { 1, 1 }, { 2, 2 } },
    { 2, { 5, 6 }, TWO(2, 3), ONE(1), ONE(1), SAME, { 0, 1 }, { 1, 1 } },
    { 2, { 8, 8 }, TWO(3, 4), ONE(1), TWO(2, 3), SAME, { 2, 4 }, { 2, 5 } },
    { 2, { 8, 9 }, ONE(1), ONE(2), ONE(1), SAME, { 0, 0 }, { 0, 0 } },
    { 2, { 10, 11 }, ONE(2), ONE(4), ONE(1), SAME, { 0, 0 }, { 0, 0 } },
    { 1, { 1 }, ONE(7), ONE(3), ONE(1), SAME, { 3 }, { 3 } },
};

static void test_padding(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const window_case *c = &cases[i];
        ray_window_options options = { &c->kernel, &c->stride, &c->padding, &c->dilation };
        ray_window w = { .stride = { 0 } };
        CU_ASSERT_EQUAL(ray_window_read(&w, &options, c->axes, c->in, NULL), 0);
        for (int a = 0; a < c->axes; a++)
            CHECK_CASE(w.before[a] == c->before[a] && w.after[a] == c->after[a],
                       "case %d, axis %d: %d and %d", (int)i, a, (int)w.before[a], (int)w.after[a]);
    }
}

/* An empty stride is the kernel, no dilation is 1. */
static void test_defaults(void)
{
    static const ray_ints kernel = TWO(3, 2), none = { .n = 0 }, zero = ONE(0);
    static const int64_t in[] = { 9, 9 };
    ray_window_options options = { &kernel, &none, &zero, NULL };
    ray_window w;
    CU_ASSERT_EQUAL(ray_window_read(&w, &options, 2, in, NULL), 0);
    CU_ASSERT(w.stride[0] == 3 && w.stride[1] == 2 && w.dilation[0] == 1 && w.dilation[1] == 1);
    CU_ASSERT(ray_window_padded(&w, 0, 9) == 9 && ray_window_extent(&w, 1) == 2);
}

int main(void)
{
    static const named_test tests[] = {
        { "padding in every form", test_padding },
        { "defaults", test_defaults },
        { NULL, NULL },
    };
    return run_tests("windows", tests);
}
