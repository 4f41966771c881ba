/* in_fiber.h: a test's body in a fiber, on a loop of its own. */
#pragma once

#include "loop/fiber.h"
#include "loop/loop.h"

/* Runs run(argument) in a fiber on a new loop, waits until every fiber on it has ended, and
 * destroys the loop. A failed assertion in a fiber ends the program, with its message. */
void in_fiber(fiber_fn run, void *argument);

/* The same with an argument of so many bytes, zeroed, which is freed afterwards: what is too large
 * for a stack. */
void in_fiber_with(fiber_fn run, size_t bytes);
