/* SPDX-License-Identifier: MIT */
/* request.h - a request checked before any work is done. */
#ifndef RAY_HOST_REQUEST_H
#define RAY_HOST_REQUEST_H

#include "session.h"

/* Input, targets and seed against the network. */
int ray_request_check(const ray_network *network, const ray_request *request, ray_error *error);

/* Each setting without a method's name means something to at least one of the methods asked for. */
int ray_request_check_settings(const ray_session *sessions, const ray_request *request,
                               ray_error *error);

/* A layer that is named means something to at least one of the methods asked for. */
int ray_request_check_layer(const ray_session *sessions, const ray_request *request,
                            ray_error *error);
/* Warns of names under `defaults:` that look like a slip for a method's; with strict an error. */
int ray_request_check_defaults(const ray_network *network, const ray_methods *methods,
                               const ray_request *request, ray_error *error);

#endif
