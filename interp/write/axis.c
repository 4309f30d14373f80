/* SPDX-License-Identifier: MIT */
#include "axis.h"

#include <math.h>

/* Rounding may not move a tick off its place. */
static const double slack = 1e-9;

double ray_round_above(double x)
{
    static const double digit[] = { 1, 2, 2.5, 5 };
    double unit = pow(10, floor(log10(x)));
    for (int i = 0; i < 4; i++)
        if (digit[i] * unit > x * (1 + slack))
            return digit[i] * unit;
    return 10 * unit;
}

double ray_round_whole(double x)
{
    double round = ray_round_above(x < 0.5 ? 0.5 : x);
    return round == 2.5 ? 5 : round;
}

static double larger_magnitude(double low, double high)
{
    return fmax(fabs(low), fabs(high));
}

/* Steps of an axis of this step around low ... high. */
static double count_steps(double low, double high, double step)
{
    return ceil(high / step - slack) - floor(low / step + slack);
}

ray_axis ray_axis_around(double low, double high, int most)
{
    double largest = larger_magnitude(low, high);
    if (high - low <= largest * 1e-5) {
        double half = largest > 0 ? largest * 0.05 : 1;
        low -= half;
        high += half;
    }
    double step = ray_round_above((high - low) / (most + 1));
    while (count_steps(low, high, step) > most)
        step = ray_round_above(step);
    int64_t first = (int64_t)floor(low / step + slack), last = (int64_t)ceil(high / step - slack);
    return (ray_axis){ step * (double)first, step * (double)last, step, first, last };
}

ray_axis ray_axis_count(int64_t n, int most)
{
    double high = n > 1 ? (double)n : 1, step = ray_round_whole(high / (most + 1));
    return (ray_axis){ 0, high, step, 0, (int64_t)floor(high / step + slack) };
}

double ray_axis_position(const ray_axis *axis, double value)
{
    return (value - axis->low) / (axis->high - axis->low);
}

/* The power of ten of a step's last digit. */
static int last_digit(double step)
{
    int exponent = (int)floor(log10(step) + slack);
    double digit = step / pow(10, exponent);
    return fabs(digit - 2.5) < 0.1 ? exponent - 1 : exponent;
}

const char *ray_axis_text(const ray_axis *axis, int64_t i, char text[RAY_NUMBER_SIZE])
{
    double value = (double)i * axis->step, largest = larger_magnitude(axis->low, axis->high);
    int last = last_digit(axis->step);
    if (largest >= 1e-3 && largest < 1e7)
        return ray_number_fixed(value, last < 0 ? -last : 0, text);
    int exponent = value != 0 ? (int)floor(log10(fabs(value)) + slack) : last;
    return ray_number_digits(value, exponent - last + 1, text);
}
