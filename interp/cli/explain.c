/* SPDX-License-Identifier: MIT */
/* explain.c - rayinterp GRAPH --rule NAME: the command the program is for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report.h"

typedef struct explanation {
    cli_request  request;
    ray_network *network;
    ray_methods *methods;
    ray_result  *result;
    cli_files    files;
    cli_words    warnings;          /* copies, ours */
    double       start;
} explanation;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Notes are left out with --quiet; warnings are said always and kept for the report. */
static void take_notice(void *context, ray_level level, const char *line)
{
    explanation *e = context;
    if (level == RAY_WARNING) {
        char *copy = strdup(line);
        if (copy)
            cli_words_add(&e->warnings, copy);
    }
    if (level == RAY_WARNING || !e->request.quiet)
        cli_notice(NULL, level, line);
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

static int compute(explanation *e, ray_error *error)
{
    cli_request *r = &e->request;
    r->request.listener = (ray_listener){ .notice = take_notice, .context = e };
    return cli_open(&r->source, true, &e->network, error)
           || cli_load_methods(&e->methods, r->plugins.v, r->plugins.n, &r->request.listener, error)
           || (r->request.strict && refuse_warnings(e, error))
           || cli_request_complete(r, e->network, error)
           || ray_explain(e->network, e->methods, &r->request, &e->result, error)
           || cli_save(r, e->network, e->result, &e->files, error);
}

static int report(const explanation *e)
{
    cli_report about = { &e->request, e->network, e->methods, e->result, &e->files, &e->warnings,
                         now() - e->start };
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

int cli_explain(int argc, char **argv)
{
    explanation e = { .start = now() };
    ray_error error = { "" };
    cli_request_parse(&e.request, argc, argv);
    int status = compute(&e, &error) ? cli_fail(&error) : CLI_DONE;
    if (status == CLI_DONE)
        status = report(&e);
    finish(&e);
    return status;
}
