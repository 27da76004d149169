/*
 * The modules that are shipped, as values of the configuration language: a type for each signature, a
 * function for each module, and some that choose between modules. Their declarations are made by the build,
 * from the signatures' headers and the modules' sources, and lie beside libmirage-config.so. `mirage help
 * modules` and docs/modules.md tell what they are, with their constants and runtime arguments. Relative paths
 * start at the folder of config.c.
 */
/* That includes this header in turn, where its macros are defined. */
#include <mirage/config.h>

#ifndef MIRAGE_CATALOG_H
#define MIRAGE_CATALOG_H

/* The catalogue is read before it is made. */
#ifndef MIRAGE_DESCRIBE
#include <mirage-modules.h>
#endif

#endif
