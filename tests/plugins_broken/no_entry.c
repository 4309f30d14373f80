/* SPDX-License-Identifier: MIT */
/* A shared object like any other. */
extern __attribute__((visibility("default"))) const int answer;
const int answer = 42;
