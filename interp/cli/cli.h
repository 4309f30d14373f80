/* SPDX-License-Identifier: MIT */
/* cli.h - the command line: one file a command, on the public interface of the library alone.
 *
 * A command takes the words after its name and returns the exit status: 0 done, 1 failed (one line
 * on standard error), 2 wrong usage, 128 + N stopped by signal N.  Results go to standard output,
 * messages to standard error. */
#ifndef RAY_CLI_CLI_H
#define RAY_CLI_CLI_H

#include <argp.h>

#include "rayinterp.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_STOPPED = 128 };

int cli_explain(int argc, char **argv);
int cli_forward(int argc, char **argv);
int cli_show(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_rules(int argc, char **argv);
int cli_layers(int argc, char **argv);
int cli_bench(int argc, char **argv);
int cli_import(int argc, char **argv);

/* Runs an argp parser on a command's words; "rayinterp show" is what its messages call it. */
void cli_parse(const struct argp *argp, const char *name, int argc, char **argv, void *options);

double cli_now(void);       /* seconds from some moment in the past */

/* Says "rayinterp: TEXT" and returns CLI_FAILED. */
int cli_fail(const ray_error *error);
/* Says a notice of the library: "rayinterp: warning: ...". */
void cli_notice(void *context, ray_level level, const char *line);

/* Ends the command with a usage error unless the text is an integer in this range. */
long long cli_parse_int(struct argp_state *state, const char *option, const char *text,
                        long long least, long long most);

/* Where a network comes from, and what it is computed with. */
typedef struct cli_source { const char *graph, *weights, *random_seed, *kernels; } cli_source;
/* Which weights: those asked for, else as `weights` says (RAY_WEIGHTS_FILE, _NONE or _ANY). */
int cli_open(const cli_source *source, ray_weights_from weights, ray_network **network,
             ray_error *error);

/* Every plugin that can be found, then FILE of --plugin (NULL: none). */
int cli_load_methods(ray_methods **methods, const char *const *files, int n_files,
                     const ray_listener *listener, ray_error *error);

/* A list of words, grown one by one; the words are not copied. */
typedef struct cli_words { const char **v; int n; } cli_words;
void cli_words_add(cli_words *words, const char *word);     /* exits without memory */
/* Cuts a text at commas in place. */
void cli_words_split(cli_words *words, char *text);
void cli_words_free(cli_words *words);

/* Which methods, with which parameters. */
typedef struct cli_choice { cli_words rules, settings, plugins; const char *layer; } cli_choice;
void cli_choice_put(const cli_choice *choice, ray_request *request);    /* nothing is copied */
void cli_choice_free(cli_choice *choice);

/* Options that several commands share, to be children of their parsers; what they fill in. */
enum { CLI_WHAT = 1, CLI_RESULT, CLI_HOW };     /* groups of options in --help */
extern const struct argp cli_source_argp;       /* cli_source: --weights, --random-weights, --kernels */
extern const struct argp cli_choice_argp;       /* cli_choice: --rule, --layer, --set, --plugin */
extern const struct argp cli_effort_argp;       /* ray_request: --threads, --memory */

/* Before long work: whether a file could be written there, "--sheet all.png: cannot write there:
 * ...", or any in this folder. */
int cli_check_target(const char *option, const char *path, ray_error *error);
int cli_check_folder(const char *option, const char *path, const char *folder, ray_error *error);
bool cli_ends_with(const char *text, const char *ending);

/* "star" or "class 3". */
void cli_print_class(FILE *out, const ray_network *network, int64_t class_index);
/* One line for each item with its k best classes. */
void cli_print_top(const ray_network *network, const ray_tensor *output, int k);
/* "1x3x64x64" */
const char *cli_shape_text(const ray_tensor *tensor, int from, char buffer[160]);

/* An option table for people: one line an option. */
void cli_print_options(const ray_option *table);

#endif
