/* SPDX-License-Identifier: MIT */
/* test_plugins.c - where plugins come from, and which are refused. */
#include <sys/stat.h>

#include "built_plugins.h"

static const char *plugins_folder(void)
{
    return getenv("RAY_BUILD_PLUGINS");
}

/* ---- Files that are refused ---- */

/* Nothing of a refused plugin stays: the set is as large as before. */
static void check_refused(ray_methods *methods, const char *path, const char *pattern)
{
    ray_error error = { "" };
    int before = ray_methods_count(methods);
    CHECK_CASE(ray_methods_load_file(methods, path, &error) != 0, "%s was loaded", path);
    check_message(path, &error, pattern);
    CU_ASSERT_EQUAL(ray_methods_count(methods), before);
}

#define AT "BUILD/tests/plugins_broken/"

static void broken_plugins_are_refused(void)
{
    static const struct { const char *name, *error; } cases[] = {
        { "wrong_major", AT "wrong_major.so: built for plugin interface 2.0; this program has 1.3" },
        { "newer_minor", AT "newer_minor.so: built for plugin interface 1.4; this program has 1.3" },
        { "larger_structs", AT "larger_structs.so: its ray_plugin_entry is not one that RAY_PLUGIN makes" },
        { "null_methods", AT "null_methods.so: its ray_plugin_entry is not one that RAY_PLUGIN makes" },
        { "no_methods", AT "no_methods.so: its ray_plugin_entry is not one that RAY_PLUGIN makes" },
        { "no_entry", AT "no_entry.so: not a rayinterp plugin: it exports no ray_plugin_entry "
                      "(see RAY_PLUGIN in ray_plugin.h)" },
        { "bad_name", AT "bad_name.so: a method's name must be of the letters a-z, 0-9 and _" },
        { "no_name", AT "no_name.so: a method's name must be of the letters a-z, 0-9 and _" },
        { "bad_alias", AT "bad_alias.so: a method's name must be of the letters a-z, 0-9 and _" },
        { "duplicate", AT "duplicate.so: the method \"gradient\" is there already, from BUILD/plugins/gradient.so" },
        { "duplicate_alias", AT "duplicate_alias.so: the method \"gradient\" is there already, from "
                             "BUILD/plugins/gradient.so" },
        { "twice", AT "twice.so: the method \"twin\" is there already, from " AT "twice.so" },
        { "option_outside", AT "option_outside.so: method \"option_outside\": the parameter \"list\" is not well "
                            "declared" },
        { "option_type", AT "option_type.so: method \"option_type\": the parameter \"on\" is not well declared" },
        { "option_help", AT "option_help.so: method \"option_help\": the parameter \"on\" is not well declared" },
        { "undefined_symbol", AT "undefined_symbol.so: it cannot be loaded as a plugin: *nobody_has_this_function*" },
    };
    explaining e = { 0 };
    explaining_load(&e, plugins_folder());
    for (int i = 0; i < COUNT(cases); i++)
        check_refused(e.methods, built("plugins_broken", cases[i].name), cases[i].error);
    explaining_close(&e);
}

static void copy_plugin(const char *from, const char *to, mode_t mode)
{
    size_t n;
    unsigned char *bytes = file_content(from, &n);
    scratch_write(to, bytes, n);
    chmod(scratch_path(to), mode);
    free(bytes);
}

static void files_that_others_may_write_are_refused(void)
{
    explaining e = { 0 };
    explaining_load(&e, plugins_folder());
    mkdir(scratch_path("open"), 0755);
    mkdir(scratch_path("sticky"), 0755);
    chmod(scratch_path("open"), 0777);
    chmod(scratch_path("sticky"), 01777);
    copy_plugin(built("plugins_good", "states"), "writable.so", 0757);
    copy_plugin(built("plugins_good", "states"), "open/states.so", 0755);
    copy_plugin(built("plugins_good", "states"), "sticky/states.so", 0755);
    CU_ASSERT_EQUAL(symlink("writable.so", scratch_path("link.so")), 0);
    check_refused(e.methods, scratch_path("writable.so"),
                  "TMP/writable.so: every user may write to it; take that "
                  "right away with chmod o-w");
    check_refused(e.methods, scratch_path("link.so"),
                  "TMP/writable.so: every user may write to it; *");
    check_refused(e.methods, scratch_path("open/states.so"),
                  "TMP/open: every user may write to it; *");
    CU_ASSERT_EQUAL(ray_methods_load_folder(e.methods, scratch_path("open"), NULL, &e.error), -1);
    check_message("a folder", &e.error, "TMP/open: every user may write to it; *");
    explaining_load(&e, scratch_path("sticky/states.so"));
    explaining_close(&e);
}

/* Only root can give files away. */
static void files_of_others_are_refused(void)
{
    explaining e = { 0 };
    explaining_load(&e, plugins_folder());
    copy_plugin(built("plugins_good", "states"), "foreign.so", 0755);
    if (!geteuid() && !chown(scratch_path("foreign.so"), 12345, 12345))
        check_refused(e.methods, scratch_path("foreign.so"),
                      "TMP/foreign.so: it belongs to another user, who could "
                      "change it; plugins must be yours or root's");
    explaining_close(&e);
}

static void what_is_no_plugin_is_refused(void)
{
    explaining e = { 0 };
    explaining_load(&e, plugins_folder());
    scratch_write("text.so", "this is no code\n", 16);
    scratch_write("empty.so", "", 0);
    mkdir(scratch_path("folder.so"), 0755);
    check_refused(e.methods, scratch_path("text.so"),
                  "TMP/text.so: it cannot be loaded as a plugin: *");
    check_refused(e.methods, scratch_path("empty.so"),
                  "TMP/empty.so: it cannot be loaded as a plugin: *");
    check_refused(e.methods, scratch_path("folder.so"), "TMP/folder.so: not a file");
    check_refused(e.methods, scratch_path("missing.so"), "TMP/missing.so: there is no such plugin");
    check_refused(e.methods, "/dev/null", "/dev/null: not a file");
    explaining_close(&e);
}

/* ---- Folders ---- */

static void folders_are_absolute_and_there(void)
{
    static const struct { const char *folder, *error; } cases[] = {
        { "plugins", "plugin folder \"plugins\": an absolute path is needed" },
        { "", "plugin folder \"\": an absolute path is needed" },
        { "/nonexistent/plugins", "/nonexistent/plugins: there is no such folder" },
        { "/dev/null", "/dev/null: not a folder" },
    };
    ray_methods *methods;
    ray_error error = { "" };
    CU_ASSERT_EQUAL_FATAL(ray_methods_create(&methods, &error), 0);
    for (int i = 0; i < COUNT(cases); i++) {
        error.text[0] = '\0';
        CU_ASSERT_EQUAL(ray_methods_load_folder(methods, cases[i].folder, NULL, &error), -1);
        check_text("folder", error.text, cases[i].error);
    }
    ray_methods_destroy(methods);
}

/* What does not load is said, what is not named like a plugin is left alone, the rest is there. */
static void a_folder_is_loaded_in_spite_of_broken_plugins(void)
{
    heard h = { "" };
    ray_listener listener = { .notice = hear_notice, .context = &h };
    ray_methods *methods;
    ray_error error = { "" };
    mkdir(scratch_path("mixed"), 0755);
    copy_plugin(built("plugins_good", "states"), "mixed/states.so", 0755);
    copy_plugin(built("plugins_broken", "wrong_major"), "mixed/major.so", 0755);
    copy_plugin(built("plugins_good", "services"), "mixed/Services-2.so", 0755);
    scratch_write("mixed/text.so", "no code\n", 8);
    scratch_write("mixed/readme.txt", "no code\n", 8);
    CU_ASSERT_EQUAL_FATAL(ray_methods_create(&methods, &error), 0);
    CU_ASSERT_EQUAL(ray_methods_load_folder(methods, scratch_path("mixed"), &listener, &error), 0);
    CU_ASSERT_EQUAL(ray_methods_count(methods), 1);
    CHECK_CASE(text_matches(plain_text(h.text),
                            "warning: TMP/mixed/major.so: built for plugin interface *\n"
                            "warning: TMP/mixed/text.so: it cannot be loaded as a plugin: *"),
               "%s", h.text);
    ray_methods_destroy(methods);
}

static void the_program_looks_where_it_is_told(void)
{
    static const program_case cases[] = {
        { "RAYINTERP_PLUGIN_PATH=plugins $R rules", 1, NULL,
          "rayinterp: plugin folder \"plugins\": an absolute path is needed" },
        { "RAYINTERP_PLUGIN_PATH=$B/plugins:. $R rules", 1, NULL,
          "rayinterp: plugin folder \".\": an absolute path is needed" },
        { "RAYINTERP_PLUGIN_PATH=/nonexistent $R rules", 1, NULL,
          "rayinterp: /nonexistent: there is no such folder" },
        { "RAYINTERP_PLUGIN_PATH=:$B/plugins: $R rules ebp", 0, "ebp - **", NULL },
        { "RAYINTERP_PLUGIN_PATH=$PWD/mixed $R rules", 0, "states *", "rayinterp: warning: TMP/mixed/major.so: *\n"
          "rayinterp: warning: TMP/mixed/text.so: *" },
        { "RAYINTERP_PLUGIN_PATH=$PWD/mixed $R $S/tests/graphs/labelled.yaml --rule states --format npy --quiet", 0,
          NULL, "rayinterp: warning: *\nrayinterp: warning: *" },
        { "RAYINTERP_PLUGIN_PATH=$PWD/mixed $R $S/tests/graphs/labelled.yaml --rule states --strict", 1, NULL,
          "rayinterp: warning: *\nrayinterp: warning: *\n"
          "rayinterp: TMP/mixed/major.so: * (an error because of --strict)" },
        { "$R rules --plugin $B/tests/plugins_good/services.so bare", 0,
          "bare - the gradient, summed over channels\nalso called without_callbacks\n"
          "plugin: BUILD/tests/plugins_good/services.so", NULL },
        { "cp $B/tests/plugins_good/states.so mine.so && $R rules --plugin mine.so states", 0,
          "states - \nplugin: TMP/mine.so\nparameters (--set KEY=VALUE):\n"
          "  fail                 fail after the memory is taken\n"
          "                       true or false; default false", NULL },
        { "$R rules --plugin $B/tests/plugins_broken/duplicate.so", 1, NULL,
          "rayinterp: " AT "duplicate.so: the method \"gradient\" is there already, from BUILD/plugins/gradient.so" },
        { "$R $S/tests/graphs/labelled.yaml --rule bare --plugin $B/tests/plugins_good/states.so "
          "--plugin $B/tests/plugins_good/services.so --format npy --output given", 0,
          "**method     bare: the gradient, summed over channels**wrote      given/bare.npy**", NULL },
    };
    CHECK_PROGRAMS(cases);
}

int main(void)
{
    static const named_test tests[] = {
        { "broken plugins are refused", broken_plugins_are_refused },
        { "files that others may write are refused", files_that_others_may_write_are_refused },
        { "files of others are refused", files_of_others_are_refused },
        { "what is no plugin is refused", what_is_no_plugin_is_refused },
        { "folders are absolute and there", folders_are_absolute_and_there },
        { "a folder is loaded in spite of broken plugins", a_folder_is_loaded_in_spite_of_broken_plugins },
        { "the program looks where it is told", the_program_looks_where_it_is_told },
        { 0 }
    };
    program_prepare();
    return run_tests("plugins", tests);
}
