/*
 * JOB: what an application is. A module of this signature defines
 *
 *     IO err M_start(struct PARAMETER *parameter, ...);
 *
 * with the functor's parameters in the order of its PARAM lines. It is called once, on
 * a fiber of its own, when every parameter is connected; several jobs run
 * concurrently. The program ends when all have returned OK, or when one returns an
 * error: the others are then cancelled, the devices disconnected, and the program
 * ends with status 1 and a log line that names the job and the error.
 *
 * The parameter list is left open here because it depends on the functor; the mirage
 * command checks it against the PARAM lines.
 */
#ifndef MIRAGE_SIG_JOB_H
#define MIRAGE_SIG_JOB_H

#define JOB(M) IO err M##_start()

#endif
