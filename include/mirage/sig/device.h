/*
 * DEVICE: what every module with state has. It is made by
 *
 *     IO err M_connect(struct M **out, struct PARAMETER *parameter, ...);
 *
 * with the functor's parameters in the order of its PARAM lines. That prototype
 * depends on the functor, so the mirage command checks it rather than this header.
 * Connecting allocates the state, may suspend until the device is usable, and on an
 * error leaves nothing behind. The parameters stay connected as long as the module.
 */
#ifndef MIRAGE_SIG_DEVICE_H
#define MIRAGE_SIG_DEVICE_H

/*
 * M_disconnect(dev): stop, free what connect made; never fails. The callers of the
 * device's operations have ended before. May suspend, shielded from cancellation.
 */
#define DEVICE(M) \
    struct M;     \
    IO void M##_disconnect(struct M *dev)

#endif
