/* SPDX-License-Identifier: MIT */
/* words.c - what a method says: failures, notes, cautions. */
#include <stdarg.h>
#include <stdio.h>

#include "services.h"

int ray_service_fail(ray_run *run, const char *format, ...)
{
    char text[sizeof(ray_error)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return ray_fail(ray_session_of(run)->error, "%s: %s", ray_session_of(run)->asked, text);
}

int ray_service_note(ray_run *run, const char *format, ...)
{
    const ray_session *session = ray_session_of(run);
    const ray_listener *listener = &session->request->listener;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int n = snprintf(text, sizeof text, "%s: ", session->asked);
    vsnprintf(text + n, sizeof text - (size_t)n, format, arguments);
    va_end(arguments);
    if (listener->notice)
        listener->notice(listener->context, RAY_NOTE, text);
    return 0;
}

int ray_service_caution(ray_run *run, const ray_layer *layer, const char *text)
{
    return ray_session_caution(ray_session_of(run), layer, text);
}
