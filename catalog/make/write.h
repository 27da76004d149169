/* The three files of the catalogue: its header, its table, and its functions. */
#ifndef CATALOG_WRITE_H
#define CATALOG_WRITE_H

#include "composition/signatures.h"
#include "modules.h"

/*
 * A type for each signature; prototypes, documentation and macros of the functions: what <mirage/catalog.h>
 * includes. The text is kept.
 */
char *header_text(const struct signatures *signatures, const struct functions *functions);

/* The table catalog_entries of catalog.h. */
char *table_text(const struct functions *functions);

/* The functions of modules. Those of choices are in catalog/choices.c. */
char *functions_text(const struct functions *functions);

#endif
