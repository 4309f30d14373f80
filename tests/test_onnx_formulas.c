/* SPDX-License-Identifier: MIT */
/* test_onnx_formulas.c - several nodes that become one layer, and one that becomes several. */
#include "onnx_text.h"

static void formulas_become_layers(void)
{
    static const translation rows[] = {
        { "Sigmoid:x>s Mul:s,x>y", 1, "y:silu" },
        { "Softplus:x>s Tanh:s>t Mul:x,t>y", 1, "y:mish" },
        { "Div:x,1.4142135>a Erf:a>b Add:b,1>c Mul:x,c>d Mul:d,0.5>y", 1, "y:gelu" },
        { "Mul:x,0.70710678>a Erf:a>b Add:1,b>c Mul:0.5,x>d Mul:d,c>y", 1, "y:gelu" },
        { "Add:x,3>a Clip:a,0,6>b Mul:x,b>c Div:c,6>y", 1, "y:hardswish" },
        { "MatMul:x,W4x2>a Add:a,W2>y", 1, "y:linear" },
        { "MatMul:x,W4x2>a Add:W2,a>y", 1, "y:linear" },
        { "MatMul:x,W4x2>y", 1, "y:linear" },
        { "Min:x,1>a Max:a,0>y", 1, "y:clamp" },
        { "Add:x,3>a Clip:a,0,6>b Mul:b,0.16666667>y", 1, "y:hardsigmoid" },
        { "Add:x,3>a Clip:a,0,6>b Div:b,6>y", 1, "y:hardsigmoid" },
        { "Swish:x>y", 1, "y:silu" },
        { "PRelu:x,W1x3x1>y", 1, "y:prelu" },
        /* an inner value is read by another node */
        { "Sigmoid:x>s Mul:s,x>p Add:p,s>y", 1, "s:sigmoid p:mul y:add" },
        /* another number */
        { "Div:x,1.5>a Erf:a>b Add:b,1>c Mul:x,c>d Mul:d,0.5>y", 1,
          "a:div b:erf c:add d:mul y:mul" },
        { NULL, 0, NULL }
    };
    check(rows);
}

#define NORM(mean, variance) \
    "ReduceMean:x," mean ">m Sub:x,m>c Mul:c,c>s ReduceMean:s," variance ">v Add:v,0.001>a " \
    "Sqrt:a>d Div:c,d>n "
#define FUSED(n) \
    "Unsqueeze:x,3>r ReduceMean:r,L0x2x3>m Sub:r,m>c ReduceSumSquare:c,L0x2x3>q " \
    "Squeeze:m,L0x2x3>n Div:q," n ">v BatchNormalization:r,I3,O3,n,v>b Reshape:b,L1x3x4>e "

static void formulas_that_normalise(void)
{
    static const translation rows[] = {
        { NORM("2", "2") "Mul:n,W4>p Add:p,W4>y", 1, "y:layer_norm" },
        { NORM("L1x2", "L2x1") "Mul:n,W3x4>p Add:p,W3x4>y", 1, "y:layer_norm" },
        { NORM("1", "1") "Mul:n,W3x1>p Add:p,W3x1>y", 1,
          "y.axis_last:permute y:layer_norm y.axis_back:permute" },
        /* TensorFlow's: the mean over positions, a shape that changes nothing */
        { "GlobalAveragePool:x>m Reshape:m,L1x3x1>k Sub:x,k>c Mul:c,c>s GlobalAveragePool:s>v "
          "Add:v,0.001>a Sqrt:a>d Reciprocal:d>r Mul:r,W4>f Mul:m,f>g Sub:W4,g>h Mul:x,f>i "
          "Add:i,h>y", 1, "y:layer_norm" },
        { "Relu:x>r " CENTRED("2") "Mul:q,W4>f Mul:r,f>g Mul:n,f>h Add:h,W4>i Add:g,i>y", 1,
          "r:relu y:layer_norm" },
        { "Relu:x>r " CENTRED("2") "Mul:r,q>g Mul:n,q>h Add:g,h>y", 1, "r:relu y:layer_norm" },
        { FUSED("4") "Mul:e,W4>f Add:f,W4>y", 1, "y:layer_norm" },
        { FUSED("4") "Mul:e,W4>y", 1, "y:layer_norm" },
        { FUSED("4") "Add:e,W4>y", 1, "y:layer_norm" },
        { FUSED("4") "Exp:e>y", 1, "b:layer_norm y:exp" },
        { "Mul:x,W3x1>m Add:m,W3x1>y", 1, "y:batch_norm1d" },
        /* the axes differ; another count; numbers for another axis, or for more */
        { NORM("2", "1") "Exp:n>y", 1,
          "m:mean c:sub s:mul v:mean a:add d:sqrt n:div y:exp" },
        { FUSED("5") "Exp:e>y", 1, "m.onnx: BatchNormalization (node \"b\"): its input 4 is computed "
          "or missing; a constant is needed" },
        { "Mul:x,W4>m Add:m,W4>y", 1, "W4:parameter m:mul W4_2:parameter y:add" },
        { "Mul:x,W1x1x3x1>m Add:m,W3x1>y", 1,
          "W1x1x3x1:parameter m:mul W3x1:parameter y:add" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void operators_become_several_layers(void)
{
    static const translation rows[] = {
        { "Unsqueeze:x,1>a Attention:a,a,a>y", 1,
          "a:reshape y.scores:matmul y.scaled:mul y.weights:softmax y:matmul" },
        { "Unsqueeze:x,1>a Attention:a,a,a,W1x3x3>y", 1,
          "a:reshape y.scores:matmul y.scaled:mul y.constant:parameter y.masked:add "
          "y.weights:softmax y:matmul" },
        { "RMSNormalization:x,W4>y", 1, "y.square:mul y.mean:mean y.shifted:add y.rms:sqrt "
          "y.normalised:div W4:parameter y:mul" },
        /* rows of one item where a batch would be: a convolution that does not look across them */
        { "Transpose@T:x>a Conv@C:a,W2x3x1>y", 1,
          "T:permute C.view:reshape C.stacked:permute C:conv2d C.unstacked:permute" },
        { "Transpose@T:x>a BatchNormalization@N:a,W3,W3,W3,W3>y", 1,
          "T:permute N.view:reshape N.stacked:permute N:batch_norm2d N.unstacked:permute" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void products_of_rows_are_linear(void)
{
    static const translation rows[] = {
        { "Reshape:x,L3x4>r MatMul:r,W4x2>m Reshape:m,L1x3x2>n Add:n,W2>y", 1, "y:linear" },
        { "Reshape:x,L3x4>r MatMul:r,W4x2>m Reshape:m,L1x3x2>y", 1, "m:linear" },
        { "Reshape:x,L3x4>r Gemm:r,W4x6>g Reshape:g,L1x3x3x2x1>n Squeeze:n,4>s Add:s,W3x2>y", 1,
          "y:linear y.view:reshape" },
        /* the product is read by another node; not one number for each output */
        { "MatMul:x,W4x2>m Add:m,W2>a Add:m,a>y", 1,
          "m:linear W2:parameter a:add y:add" },
        { "MatMul:x,W4x3>m Add:m,W3x1>y", 1, "m:linear W3x1:parameter y:add" },
        { "MatMul:x,W4x2>m Add:m,W1x1x1x2>y", 1,
          "m:linear W1x1x1x2:parameter y:add" },
        { NULL, 0, NULL }
    };
    check(rows);
}

int main(void)
{
    static const named_test tests[] = {
        { "formulas become layers", formulas_become_layers },
        { "formulas that normalise", formulas_that_normalise },
        { "operators become several layers", operators_become_several_layers },
        { "products of rows are linear", products_of_rows_are_linear },
        { NULL, NULL }
    };
    return run_tests("onnx formulas", tests);
}
