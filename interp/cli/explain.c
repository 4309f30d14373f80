/* SPDX-License-Identifier: MIT */
/* explain.c - rayinterp GRAPH --rule NAME: the command the program is for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"
#include "report.h"
#include "stop.h"

typedef struct explanation {
    cli_request  request;
    ray_network *network;
    ray_methods *methods;
    ray_result  *result;
    cli_files    files;
    cli_words    warnings;          /* copies, ours */
    cli_progress progress;
    double       start;
} explanation;

/* Notes are left out with --quiet; warnings are said always and kept for the report. */
static void take_notice(void *context, ray_level level, const char *line)
{
    explanation *e = context;
    cli_progress_clear(&e->progress);
    if (level == RAY_WARNING) {
        char *copy = strdup(line);
        if (copy)
            cli_words_add(&e->warnings, copy);
    }
    if (level == RAY_WARNING || !e->request.quiet)
        cli_notice(NULL, level, line);
}

static int take_progress(void *context, const ray_progress *progress)
{
    explanation *e = context;
    cli_progress_take(&e->progress, progress);
    return cli_stop_signal();
}

/* The library itself makes warnings of methods errors; this is for plugins that do not load. */
static int refuse_warnings(const explanation *e, ray_error *error)
{
    if (!e->warnings.n)
        return 0;
    snprintf(error->text, sizeof error->text, "%s (an error because of --strict)",
             e->warnings.v[0]);
    return -1;
}

static int open_all(explanation *e, ray_error *error)
{
    cli_request *r = &e->request;
    r->request.listener = (ray_listener){ take_notice, take_progress, e };
    return cli_open(&r->source, RAY_WEIGHTS_FILE, &e->network, error)
           || cli_load_methods(&e->methods, r->choice.plugins.v, r->choice.plugins.n,
                               &r->request.listener, error)
           || (r->request.strict && refuse_warnings(e, error))
           || cli_request_complete(r, e->network, error);
}

static int compute(explanation *e, ray_error *error)
{
    cli_request *r = &e->request;
    const char *part_name = r->request.input.dim[0] > 1 ? "item" : "target";
    e->progress = cli_progress_start(r->quiet, r->json, part_name);
    cli_stop_prepare();
    int failed = ray_explain(e->network, e->methods, &r->request, &e->result, error);
    cli_progress_clear(&e->progress);
    return failed;
}

/* The folder is there before long work begins, and gone again when nothing came to lie in it. */
static int compute_and_save(explanation *e, ray_error *error)
{
    bool made;
    int failed = cli_save_prepare(&e->request, &made, error) || compute(e, error)
                 || cli_save(&e->request, e->network, e->result, &e->files, error);
    if (made)
        rmdir(e->request.output);
    return failed;
}

static int report(const explanation *e)
{
    cli_report about = { &e->request, e->network, e->methods, e->result, &e->files, &e->warnings,
                         cli_now() - e->start };
    if (e->request.json)
        return cli_report_json(&about) ? CLI_FAILED : CLI_DONE;
    if (!e->request.quiet)
        cli_report_text(&about);
    return CLI_DONE;
}

static void finish(explanation *e)
{
    ray_result_free(e->result);
    ray_methods_destroy(e->methods);
    ray_network_close(e->network);
    cli_request_free(&e->request);
    cli_files_free(&e->files);
    for (int i = 0; i < e->warnings.n; i++)
        free((char *)e->warnings.v[i]);
    cli_words_free(&e->warnings);
}

/* The checkpoint has served when all results are on disk; a run that was stopped needs it still. */
static int end(const explanation *e)
{
    const char *checkpoint = e->request.request.checkpoint;
    if (!e->result->stopped) {
        if (checkpoint && e->result->checkpointed)
            unlink(checkpoint);
        return CLI_DONE;
    }
    int signal_number = cli_stop_signal();
    fprintf(stderr, "rayinterp: stopped by %s", cli_stop_name(signal_number));
    if (checkpoint && e->result->checkpointed)
        fprintf(stderr, "; the same command goes on from %s", checkpoint);
    fprintf(stderr, "\n");
    return CLI_STOPPED + signal_number;
}

int cli_explain(int argc, char **argv)
{
    explanation e = { .start = cli_now() };
    ray_error error = { "" };
    cli_request_parse(&e.request, argc, argv);
    int failed = open_all(&e, &error) || compute_and_save(&e, &error);
    int status = failed ? cli_fail(&error) : report(&e);
    if (status == CLI_DONE)
        status = end(&e);
    finish(&e);
    return status;
}
