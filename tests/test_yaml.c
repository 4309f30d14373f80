/* SPDX-License-Identifier: MIT */
/* What a YAML document becomes, and which documents are refused with what words. */
#include "base/memory.h"
#include "check_text.h"
#include "read/yaml.h"

/* ---- Documents that are read, and what they are in flow style: 'quoted', plain ---- */

typedef struct row { const char *text, *tree; } row;

static const row accepted[] = {
    { "a", "a" },
    { "--- a\n...\n", "a" },
    { "%YAML 1.1\n---\na", "a" },
    { "\xef\xbb\xbf" "a: 1", "{a: 1}" },
    { "# only this\na: 1 # and that\n", "{a: 1}" },
    { "a: 1\nb: two words\nc: \"3\"\nd: '4'\n", "{a: 1, b: two words, c: '3', d: '4'}" },
    { "[1, [2, 3], {a: 4}, []]", "[1, [2, 3], {a: 4}, []]" },
    { "- 1\n-\n- ~\n- null\n", "[1, , ~, null]" },
    { "{}", "{}" },
    { "a:\n  b:\n    - c: 1\n      d: 2\n", "{a: {b: [{c: 1, d: 2}]}}" },
    { "a: |\n  one\n  two\n", "{a: 'one\ntwo\n'}" },
    { "\"a\": caf\xc3\xa9", "{'a': caf\xc3\xa9}" },
    { "a: \"\\u00e9\\x41\"", "{a: '\xc3\xa9" "A'}" },
    /* anchors and aliases */
    { "a: &x 1\nb: *x\n", "{a: 1, b: 1}" },
    { "a: &x [1, 2]\nb: [*x, *x]\n", "{a: [1, 2], b: [[1, 2], [1, 2]]}" },
    { "a: &x 1\nb: &x 2\nc: *x\n", "{a: 1, b: 2, c: 2}" },
    { "a: &x k\n*x : 2\n", "{a: k, k: 2}" },
    { "a: &x {b: &y 1, c: *y}\nd: *x\n", "{a: {b: 1, c: 1}, d: {b: 1, c: 1}}" },
    { "a: &x ''\nb: *x\n", "{a: '', b: ''}" },
    /* merge keys */
    { "a: &x {p: 1, q: 2}\nb: {<<: *x, r: 3}\n", "{a: {p: 1, q: 2}, b: {r: 3, p: 1, q: 2}}" },
    { "a: &x {p: 1, q: 2}\nb: {p: 9, <<: *x}\n", "{a: {p: 1, q: 2}, b: {p: 9, q: 2}}" },
    { "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 9}\n", "{a: {p: 1, q: 2}, b: {q: 9, p: 1}}" },
    { "- &x {p: 1}\n- &y {p: 2, q: 3}\n- {<<: [*x, *y]}\n", 
      "[{p: 1}, {p: 2, q: 3}, {p: 1, q: 3}]" },
    { "- &x {p: 1}\n- &y {<<: *x, q: 2}\n- {<<: *y, r: 3}\n",
      "[{p: 1}, {q: 2, p: 1}, {r: 3, q: 2, p: 1}]" },
    { "{<<: {p: 1}, q: 2}", "{q: 2, p: 1}" },
    { "{<<: []}", "{}" },
    { "{\"<<\": 1}", "{'<<': 1}" },
    /* tags */
    { "[!!str 1, ! 2, !!int 3, !!float 4, !!bool true, !!null ~]",
      "['1', '2', 3, 4, true, ~]" },
    { "!!map {a: !!seq [1]}", "{a: [1]}" },
    { "!!int '3'", "3" },
};

static void append(char *buffer, size_t size, const char *text)
{
    size_t used = strlen(buffer);
    snprintf(buffer + used, size - used, "%s", text);
}

static void print(const ray_node *node, char *buffer, size_t size)
{
    if (node->type == RAY_SCALAR) {
        append(buffer, size, node->quoted ? "'" : "");
        append(buffer, size, node->text);
        append(buffer, size, node->quoted ? "'" : "");
        return;
    }
    append(buffer, size, node->type == RAY_MAPPING ? "{" : "[");
    for (int32_t i = 0; i < node->n; i++) {
        append(buffer, size, i == 0 ? "" : ", ");
        if (node->type == RAY_MAPPING) {
            print(node->keys[i], buffer, size);
            append(buffer, size, ": ");
        }
        print(node->values[i], buffer, size);
    }
    append(buffer, size, node->type == RAY_MAPPING ? "}" : "]");
}

static void test_accepted(void)
{
    for (int i = 0; i < COUNT(accepted); i++) {
        const char *text = accepted[i].text;
        char tree[1000] = "";
        ray_error error = { "" };
        ray_yaml yaml;
        if (ray_yaml_parse(&yaml, "t.yaml", text, strlen(text), &error) == 0)
            print(yaml.root, tree, sizeof tree);
        check_text(text, error.text[0] != '\0' ? error.text : tree, accepted[i].tree);
        ray_yaml_free(&yaml);
    }
}

/* ---- Documents that are refused ---- */

static const row refused[] = {
    { "", "t.yaml: the file is empty" },
    { "# nothing\n", "t.yaml: the file is empty" },
    { "a: 1\n---\nb: 2\n", "t.yaml:2:1: a second document begins here; only one is read" },
    { "a: [1, 2\nb: 3\n", "t.yaml:2:2: did not find expected ',' or ']', while parsing a flow "
      "sequence from line 1" },
    { "a: {b: 1\n", "t.yaml:2:1: did not find expected ',' or '}', while parsing a flow mapping "
      "from line 1" },
    { "a: \"b\nc: 1\n", "t.yaml:3:1: found unexpected end of stream, while scanning a quoted "
      "scalar from line 1" },
    { "a: 1\n b: 2\n", "t.yaml:2:3: mapping values are not allowed in this context" },
    { "a:\n  - b\n - c\n", "t.yaml:3:2: did not find expected key, while parsing a block mapping "
      "from line 1" },
    { "a:\n\tb: 1\n", "t.yaml:2:1: found character that cannot start any token; indent with "
      "spaces, not with tabs" },
    { "a: @b\n", "t.yaml:1:4: found character that cannot start any token, while scanning for the "
      "next token from line 1" },
    { "%YAML 2.0\n---\na\n", "t.yaml:1:1: found incompatible YAML document" },
    { "a: \"\\q\"\n", "t.yaml:1:5: found unknown escape character, while parsing a quoted scalar "
      "from line 1" },
    /* not text */
    { "a: \xff\xfe\n", "t.yaml:1:4: not UTF-8 text: invalid leading UTF-8 octet (0xff)" },
    { "a: 1\nb: x\xc3\n", "t.yaml:2:6: not UTF-8 text: invalid trailing UTF-8 octet (0x0a)" },
    { "\x93NUMPY\x01", "t.yaml:1:1: not UTF-8 text: invalid leading UTF-8 octet (0x93)" },
    { "a: x\xc3", "t.yaml:1:5: not UTF-8 text: incomplete UTF-8 octet sequence" },
    { "a\x01" "b", "t.yaml:1:2: control characters are not allowed (0x01)" },
    { "a: \"\\0\"", "t.yaml:1:4: a zero byte in a text" },
    /* keys */
    { "a: 1\nb: 2\na: 3\n", "t.yaml:3:1: duplicate key \"a\"; it is given at line 1, column 1 "
      "already" },
    { "{a: 1, \"a\": 2}", "t.yaml:1:8: duplicate key \"a\"; it is given at line 1, column 2 "
      "already" },
    { "{[1]: 2}", "t.yaml:1:2: a key must be a single word, not a list" },
    { "{{a: 1}: 2}", "t.yaml:1:2: a key must be a single word, not a mapping" },
    { "a: &x [1]\n*x : 2\n", "t.yaml:1:4: a key must be a single word, not a list" },
    /* anchors */
    { "a: *x\n", "t.yaml:1:4: alias *x: no anchor &x stands before it" },
    { "a: [*x, &x 1]\n", "t.yaml:1:5: alias *x: no anchor &x stands before it" },
    { "a: &x [1, *x]\n", "t.yaml:1:11: alias *x stands inside its own anchor" },
    { "&x {a: {b: *x}}\n", "t.yaml:1:12: alias *x stands inside its own anchor" },
    { "a: &x {<<: *x}\n", "t.yaml:1:12: alias *x stands inside its own anchor" },
    /* merge keys */
    { "{<<: 1}", "t.yaml:1:6: << merges a mapping, or a list of mappings" },
    { "{<<: }", "t.yaml:1:6: << merges a mapping, or a list of mappings" },
    { "{<<: [{a: 1}, [b]]}", "t.yaml:1:15: << merges a mapping, or a list of mappings" },
    { "{<<: {a: 1}, <<: {b: 1}}", "t.yaml:1:14: duplicate key \"<<\"; it is given at line 1, "
      "column 2 already" },
    /* tags */
    { "a: !python/object 1\n", "t.yaml:1:4: tag !python/object has no meaning here" },
    { "a: !!binary aGVsbG8=\n", "t.yaml:1:4: tag tag:yaml.org,2002:binary has no meaning here" },
    { "a: !!map 1\n", "t.yaml:1:4: tag tag:yaml.org,2002:map has no meaning here" },
    { "!!set {a, b}\n", "t.yaml:1:1: tag tag:yaml.org,2002:set has no meaning here" },
};

static void test_refused(void)
{
    for (int i = 0; i < COUNT(refused); i++) {
        const char *text = refused[i].text;
        ray_error error = { "" };
        ray_yaml yaml;
        CU_ASSERT_EQUAL(ray_yaml_parse(&yaml, "t.yaml", text, strlen(text), &error), -1);
        check_text(text, error.text, refused[i].tree);
        CU_ASSERT_PTR_NULL(yaml.root);
        ray_yaml_free(&yaml);
    }
}

/* ---- Limits ---- */

typedef struct buffer { char *text; size_t used, size; } buffer;

static void put(buffer *b, const char *text)
{
    size_t n = strlen(text);
    if (b->used + n + 1 > b->size) {
        b->size = 2 * b->size + n + 1;
        b->text = ray_grow(b->text, b->size, 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(b->text);
    }
    memcpy(b->text + b->used, text, n + 1);
    b->used += n;
}

static void put_often(buffer *b, const char *text, int times)
{
    for (int i = 0; i < times; i++)
        put(b, text);
}

/* Parses and frees the text; the message is "" where it is read. */
static void check_limit(const char *what, buffer *b, const char *message)
{
    ray_error error = { "" };
    ray_yaml yaml;
    int failed = ray_yaml_parse(&yaml, "t.yaml", b->text, b->used, &error);
    check_text(what, error.text, message);
    CU_ASSERT_EQUAL(failed != 0, message[0] != '\0');
    ray_yaml_free(&yaml);
    free(b->text);
}

static void test_depth(void)
{
    buffer deep = { 0 }, deeper = { 0 }, blocks = { 0 };
    put_often(&deep, "[", 64);
    put_often(&deep, "]", 64);
    check_limit("64 deep", &deep, "");
    put_often(&deeper, "[", 100000);
    check_limit("100000 deep", &deeper, "t.yaml:1:65: nested more than 64 deep");
    for (int i = 0; i < 70; i++) {
        put_often(&blocks, " ", i);
        put(&blocks, "a:\n");
    }
    check_limit("70 blocks", &blocks, "t.yaml:65:65: nested more than 64 deep");
}

/* Each anchor holds the one before ten times. */
static void test_alias_bomb(void)
{
    buffer bomb = { 0 };
    char line[100];
    put(&bomb, "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
    for (int i = 1; i < 10; i++) {
        snprintf(line, sizeof line, "a%d: &a%d [", i, i);
        put(&bomb, line);
        snprintf(line, sizeof line, "*a%d, ", i - 1);
        put_often(&bomb, line, 10);
        put(&bomb, "]\n");
    }
    check_limit("alias bomb", &bomb, "t.yaml:6:45: more than 1000000 values, those of aliases "
      "counted each time");
}

/* The same with merge keys, which would make one huge mapping. */
static void test_merge_bomb(void)
{
    buffer bomb = { 0 };
    put(&bomb, "- &a {a: 1, b: 2, c: 3, d: 4, e: 5}\n- <<: [");
    put_often(&bomb, "*a,\n", 100000);
    put(&bomb, "]\n");
    check_limit("merge bomb", &bomb, "t.yaml:90909:1: more than 1000000 values, those of aliases "
                "counted each time");
}

static void test_many_values(void)
{
    buffer many = { 0 }, more = { 0 };
    put(&many, "[");
    put_often(&many, "1,", 999999);
    put(&many, "]");
    check_limit("a million values", &many, "");
    put(&more, "[");
    put_often(&more, "1,", 1000000);
    put(&more, "]");
    check_limit("more than a million", &more, "t.yaml:1:2000000: more than 1000000 values, those "
      "of aliases counted each time");
}

/* Names by the hundred thousand take no time that grows with their square. */
static void test_many_names(void)
{
    buffer keys = { 0 }, anchors = { 0 };
    char line[100];
    for (int i = 0; i < 200000; i++) {
        snprintf(line, sizeof line, "key%d: 1\n", i);
        put(&keys, line);
        snprintf(line, sizeof line, "- &a%d 1\n- *a%d\n", i, i / 2);
        put(&anchors, line);
    }
    check_limit("many keys", &keys, "");
    check_limit("many anchors", &anchors, "");
}

static void test_size(void)
{
    ray_error error = { "" };
    ray_yaml yaml;
    CU_ASSERT_EQUAL(ray_yaml_parse(&yaml, "t.yaml", "", (64u << 20) + 1, &error), -1);
    CU_ASSERT_STRING_EQUAL(error.text, "t.yaml: larger than 64 MiB");
}

/* ---- Places ---- */

static void test_marks(void)
{
    static const char text[] = "a: &x {p: 1}\n"
                               "b:\n"
                               "  - \xc3\xa9\xc3\xa9: two\n"
                               "  - {<<: *x, q: [1, 2]}\n";
    ray_yaml yaml;
    ray_error error = { "" };
    CU_ASSERT_EQUAL_FATAL(ray_yaml_parse(&yaml, "t.yaml", text, strlen(text), &error), 0);
    const ray_node *list = ray_node_find(yaml.root, "b");
    const ray_node *two = list->values[0]->values[0], *last = list->values[1];
    CU_ASSERT(two->mark.line == 3 && two->mark.column == 9);        /* characters, not bytes */
    CU_ASSERT(last->mark.line == 4 && last->mark.column == 5);
    const ray_node *merged = ray_node_find(last, "p"), *q = ray_node_find(last, "q");
    CU_ASSERT(merged->mark.line == 1 && merged->mark.column == 11);
    CU_ASSERT(q->mark.line == 4 && q->mark.column == 17);
    CU_ASSERT_PTR_EQUAL(merged, ray_node_find(ray_node_find(yaml.root, "a"), "p"));
    CU_ASSERT_PTR_NULL(ray_node_find(yaml.root, "c"));
    ray_yaml_free(&yaml);
}

static void test_null(void)
{
    static const char text[] = "- ~\n- null\n- NULL\n- Null\n-\n"           /* are null */
                               "- ''\n- 'null'\n- nil\n- 0\n- []\n- {}\n";   /* are not */
    ray_yaml yaml;
    ray_error error = { "" };
    CU_ASSERT_EQUAL_FATAL(ray_yaml_parse(&yaml, "t.yaml", text, strlen(text), &error), 0);
    CU_ASSERT_EQUAL(yaml.root->n, 11);
    for (int32_t i = 0; i < yaml.root->n; i++)
        CU_ASSERT_EQUAL(ray_node_is_null(yaml.root->values[i]), i < 5);
    ray_yaml_free(&yaml);
}

static void test_file(void)
{
    ray_yaml yaml;
    ray_error error = { "" };
    const char *path = source_path("tests/fixtures/plain/graph.yaml");
    CU_ASSERT_EQUAL(ray_yaml_read(&yaml, path, &error), 0);
    ray_yaml_free(&yaml);
    CU_ASSERT_EQUAL(ray_yaml_read(&yaml, "/nonexistent/g.yaml", &error), -1);
    CU_ASSERT_STRING_EQUAL(error.text, "cannot read /nonexistent/g.yaml: No such file or "
      "directory");
    ray_yaml_free(&yaml);
}

int main(void)
{
    static const named_test tests[] = {
        { "documents that are read", test_accepted },
        { "documents that are refused", test_refused },
        { "nested too deep", test_depth },
        { "an alias bomb", test_alias_bomb },
        { "a bomb of merge keys", test_merge_bomb },
        { "very many values", test_many_values },
        { "very many names", test_many_names },
        { "too large", test_size },
        { "places of nodes", test_marks },
        { "null", test_null },
        { "files", test_file },
        { NULL, NULL }
    };
    return run_tests("yaml", tests);
}
