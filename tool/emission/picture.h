/* The composition for people and other programs: what `mirage describe` prints. Kept texts. */
#ifndef TOOL_PICTURE_H
#define TOOL_PICTURE_H

#include "emission/project.h"

char *picture_text(const struct project *project, const struct program *program);
char *picture_dot(const struct project *project, const struct program *program);
char *picture_json(const struct project *project, const struct program *program);

#endif
