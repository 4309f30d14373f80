/* SPDX-License-Identifier: MIT */
/* test_onnx_translate.c - what becomes of nodes: orders of dimensions, constants, names, refusals. */
#include "onnx_text.h"

static void transpositions_meet(void)
{
    static const translation rows[] = {
        { "Transpose:x>t Transpose:t>u Relu:u>y", 1, "y:relu" },
        { "Transpose:x>t Relu:t>r Transpose:r>y", 1, "r:relu" },
        { "Transpose:x>t Relu:t>r Exp:r>y", 1, "r:relu y:exp y.permute:permute" },
        { "Transpose:x>t Exp:x>e Transpose:e>u Add:t,u>a Transpose:a>y", 1, "e:exp a:add" },
        { "Sigmoid:x>s Transpose:s>t Transpose:x>u Mul:u,t>v Transpose:v>y", 1, "v:silu" },
        { "Transpose:x>t Add:t,W4x1x1>y", 1, "y.constant:parameter y:add y.permute:permute" },
        { "Transpose:x>t Pad:t,L1x0x0x0x2x0>p Transpose:p>y", 1, "p:pad" },
        { "Transpose:x>t Pad:t,L1x0x0x0x2x0>y", 1, "y:pad y.permute:permute" },
        /* x in two orders */
        { "MatMul:x,W4x3>m Sigmoid:m>s Transpose:s>t Mul:m,t>y", 1,
          "m:linear s:sigmoid t:permute y.view:reshape y.view_2:reshape y:mul" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void pictures_have_their_channels_first(void)
{
    static const translation rows[] = {
        { "Transpose/0312:x>t Relu:t>y", 1, "3x5x4 y:relu" },
        { "Mul:x,2>m Add:m,W3>a Transpose/0312:a>t Relu:t>y", 1,
          "3x5x4 m:mul a.constant:parameter a:add y:relu" },
        { "Transpose/0312:x>t Relu:t>r Transpose/0231:r>y", 1, "3x5x4 r:relu y:permute" },
        { "Flatten:x>f Reshape:f,L1x5x4x3>r Transpose/0312:r>t Relu:t>y", 1, "3x5x4 y:relu" },
        /* stays as it is: read in both orders, and this one before layers; without channels */
        { "Transpose/0312:x>t Flatten:t>f Flatten:x>g Add:f,g>y", 1,
          "5x4x3 t:permute f:flatten g:flatten y:add" },
        { "Transpose/0312:x>t Relu:t>a Flatten:a>f Flatten:x>g Add:f,g>y", 1,
          "5x4x3 t:permute a:relu f:flatten g:flatten y:add" },
        { "Relu:x>y", 1, "5x4x3 y:relu" },
        { "Reshape:x,L1x5x4x3x1>r " CENTRED("L1x2x4") "Mul:q,W3x1>f Mul:r,f>g Mul:n,f>h "
          "Add:h,W3x1>i Add:g,i>j Reshape:j,L1x5x4x3>k Transpose/0312:k>l Relu:l>y", 1,
          "3x5x4 j:group_norm y:relu" },
        { NULL, 0, NULL }
    };
    picture = true;
    check(rows);
    picture = false;
}

static void constants_keep_their_type(void)
{
    static const translation rows[] = {
        { "Add:J2,J1>a Unsqueeze:a,0>b Unsqueeze:J4,0>c Concat:b,c>d Squeeze:d,0>e Reshape:x,e>f "
          "Relu:f>y", 1, "y:relu" },
        { "ReduceProd:J3x1>a Unsqueeze:J4,0>c Concat:a,c>d Relu:x>y", 1, "y:relu" },
        { "Tile:x,L1x1x2>y", 1, "y:concat" },
        { "Unsqueeze:x,2>u Tile:u,L1x1x5x1>y", 1, "u:reshape y:expand" },
        { "Tile:x,L1x2>y", 1, "m.onnx: Tile (node \"y\"): repeats: 2 numbers for 3 dimensions" },
        { "Tile:x,L1x1x0>y", 1, "m.onnx: Tile (node \"y\"): repeats: 0 is not possible" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void what_tf2onnx_adds_is_called_by_its_type(void)
{
    static const translation rows[] = {
        { "Relu@model/conv/Relu:x>p Exp@model/conv/Relu__12:p>q Sin@transpose__7:q>y", 1,
          "conv:relu conv.exp:exp sin:sin" },
        { "Relu@model/Relu:x>p Exp@model/a/Exp:p>q Sin@model/Exp__7:q>y", 1,
          "relu:relu a:exp sin:sin" },
        { "Sigmoid@model/a/sigmoid:x>s Mul@model/a/mul_1:x,s>p Exp@model/b/Exp:p>y", 1,
          "a:silu b:exp" },
        { NULL, 0, NULL }
    };
    producer = "tf2onnx 1.16.1";
    check(rows);
    producer = "";
}

static void layers_are_called_as_in_the_model(void)
{
    static const translation rows[] = {
        { "Relu@/a/a.0/relu/Relu:x>497 Add@/a/a.0/Add:497,x>y", 1, "a.0.relu:relu a.0.add:add" },
        { "Relu@M/net/one/Relu:x>p Exp@M/net/two/Exp:p>y", 1, "one:relu two:exp" },
        { "Relu@Relu_0:x>497 Relu@Relu_0:497>y", 1, "relu_0:relu relu_0_2:relu" },
        { "Relu:x>497 Exp:497>pool5_1", 1, "relu:relu pool5_1:exp" },
        { "Sigmoid@/a/S:x>1s Mul@/a/Mul:1s,x>2s Relu@/b/Relu:2s>y", 1, "a:silu b:relu" },
        { "Sigmoid@/a/S:x>1s Mul@/a/Mul_1:1s,x>2s Exp@/a/Exp:2s>y", 1, "a.silu:silu a.exp:exp" },
        { "Relu:x>497 Relu:497>498", 1, "relu:relu relu_2:relu" },
        { "Relu@node_relu%b.0.act:x>relu Exp@node_exp_1%b.0:relu>exp_1 Relu@node_add%b:exp_1>add", 1,
          "b.0.act:relu b.0.exp:exp b.relu:relu" },
        { "Relu@node_relu%b.act:x>p Exp@node_exp%b:p>q Relu@node_relu_1%b.act:q>r", 1,
          "b.act:relu b.exp:exp b.act_2:relu" },
        { "Relu@node_relu%act:x>p Exp@node_exp%act:p>q Relu@node_relu_1%act:q>r", 1,
          "act.relu:relu act.exp:exp act.relu_2:relu" },
        { "Relu@node_cat:x>cat Exp@node_Split_1:cat>s", 1, "cat:relu Split_1:exp" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void what_needs_no_layer_has_none(void)
{
    static const translation rows[] = {
        { "Identity:x>a Relu:a>y", 1, "y:relu" },
        { "Shape:x>a Reshape:x,a>b Relu:b>y", 1, "y:relu" },
        { "Identity:x>y", 1, "y:identity" },
        { "Relu:x>y Exp:x>z Relu:y>w", 1, "y:relu w:relu" },
        { "Clip:x,0,6>y", 1, "y:relu6" },
        { "Clip:7,0,2>a Mul:x,a>b Clip:2,2>c Sub:b,c>y", 1, "b:mul y:sub" },
        { "Tile:W4,1>a Add:x,a>y", 1, "W4:parameter y:add" },
        { "Sub:1,x>y", 1, "y.negative:mul y:add" },
        { NULL, 0, NULL }
    };
    check(rows);
}

static void what_cannot_be_said_is_refused(void)
{
    static const translation rows[] = {
        { "Relu:x>a Foo@one:a>b Bar:b>c Relu:c>y", 1,
          "m.onnx: 2 operators are not supported: Foo (node \"one\"), Bar (node \"c\")" },
        { "Range:x,x,x>y", 1, "m.onnx: 1 operator is not supported: Range (node \"y\")" },
        { "Relu:W4>y", 1, "m.onnx: the output does not depend on an input" },
        { "ReduceSum:x,0>y", 2, "m.onnx: ReduceSum (node \"y\"): it mixes the 2 items of the batch; "
          "export the model with a batch of one or a free one" },
        { "Add:x,W5>y", 1, "m.onnx: Add (node \"y\"): its operands do not broadcast" },
        { "Conv:x,W2x3x5>y", 1, "m.onnx: Conv (node \"y\"): conv1d: kernel_size: a kernel of 5 does "
          "not fit in the padded length of 4" },
        { "Conv:x,W2x3>y", 1, "m.onnx: Conv (node \"y\"): its weight has 2 dimensions, its input 3" },
        { "Reshape:x,7>y", 1, "m.onnx: Reshape (node \"y\"): shape: it does not hold 12 numbers" },
        { "Gather:x,9>y", 1, "m.onnx: Gather (node \"y\"): index 9 is out of range; the dimension is 1" },
        { "Pow:x>y", 1, "m.onnx: Pow (node \"y\"): input 2 is missing" },
        { "Add:x,z>y", 1, "m.onnx: it reads 2 inputs, \"x\", \"z\"; one is possible, the others must "
          "be constants" },
        /* results that no node makes */
        { "Sqrt:W4>p,q Add:x,q>y", 1, "m.onnx: Add (node \"y\"): it reads \"q\", which is neither a "
          "constant nor made of the input \"x\"" },
        { "Sqrt:W4>p,q Relu:q>h Add:x,h>y", 1, "m.onnx: Relu (node \"h\"): it reads \"q\", which is "
          "neither a constant nor made of the input \"x\"" },
        /* constants that are too large, or none */
        { "Range:0,1e18,1>r Add:x,r>y", 1, "m.onnx: Range (node \"r\"): from 0 to 1e+18 in steps of 1 "
          "are too many numbers" },
        { "Range:0,4,0>r Add:x,r>y", 1, "m.onnx: Range (node \"r\"): from 0 to 4 in steps of 0 are too "
          "many numbers" },
        { "Range:0,4e8,1>r Add:x,r>y", 1, "m.onnx: Range (node \"r\"): the constants that it "
          "reads and makes are too large" },
        { "ConstantOfShape:3000000000>w Add:x,w>y", 1, "m.onnx: ConstantOfShape (node \"w\"): the "
          "constants that it reads and makes are too large" },
        { "Neg:1>n ConstantOfShape:n>w Add:x,w>y", 1, "m.onnx: ConstantOfShape (node \"w\"): a "
          "constant with a dimension of size -1" },
        { "Neg:1>n Expand:2,n>w Add:x,w>y", 1, "m.onnx: Expand (node \"w\"): a constant with a "
          "dimension of size -1" },
        { "ConstantOfShape:1e8>w Size:w>a Size:w>b Size:w>c Add:a,b>d Add:c,d>e Add:x,e>y", 1,
          "m.onnx: Size (node \"c\"): the constants that it reads and makes are too large" },
        { NULL, 0, NULL }
    };
    check(rows);
}

/* As many as have room, and how many have none. */
static void many_operators_are_counted(void)
{
    enum { NODES = 30 };
    char text[NODES * 100], *at = text;
    int named = 0, more = 0;
    for (int i = 0; i < NODES; i++)
        at += sprintf(at, "Foo@a_name_of_a_node_that_takes_some_of_the_room_of_a_line_%d:%c%d>v%d ", i,
                      i ? 'v' : 'W', i ? i - 1 : 4, i);
    strcpy(at, "Add:x,v29>y");
    const char *found = translated(text, 1);
    CHECK_CASE(!strncmp(found, "m.onnx: 30 operators are not supported: Foo (", 45), "%s", found);
    for (const char *next = found; (next = strstr(next, "Foo ")) != NULL; next++)
        named++;
    const char *end = strstr(found, ", and ");
    CHECK_CASE(end && sscanf(end, ", and %d more", &more) == 1, "%s", found);
    CU_ASSERT_EQUAL(named + more, NODES);
}

/* Names that are equal, and those that numbering makes of others. */
static void equal_names_are_numbered(void)
{
    static const translation rows[] = {
        { "Relu@a:x>p Relu@a_2:p>q Relu@a:q>r Relu@a:r>s Relu@a_2:s>y", 1,
          "a:relu a_2:relu a_3:relu a_4:relu a_2_2:relu" },
        { "Relu@a:x>p Relu@a:p>q Relu@a_2:q>r Relu@a:r>y", 1, "a:relu a_2:relu a_2_2:relu a_3:relu" },
        { "Attention:x,x,x>y", 1, "m.onnx: Attention (node \"y\"): q_num_heads: 0 does not divide its "
          "input" },
        { "Unsqueeze:x,1>a Attention:a,a,a,W5x3>y", 1, "m.onnx: Attention (node \"y\"): its mask does "
          "not fit the scores" },
        { NULL, 0, NULL }
    };
    check(rows);
}

int main(void)
{
    static const named_test tests[] = {
        { "transpositions meet", transpositions_meet },
        { "pictures have their channels first", pictures_have_their_channels_first },
        { "constants keep their type, repetition", constants_keep_their_type },
        { "what tf2onnx adds is called by its type", what_tf2onnx_adds_is_called_by_its_type },
        { "layers are called as in the model", layers_are_called_as_in_the_model },
        { "what needs no layer has none", what_needs_no_layer_has_none },
        { "what cannot be said is refused", what_cannot_be_said_is_refused },
        { "many operators are counted", many_operators_are_counted },
        { "equal names are numbered", equal_names_are_numbered },
        { NULL, NULL }
    };
    return run_tests("onnx translate", tests);
}
