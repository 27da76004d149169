/*
 * The composition for people and other programs, as `mirage describe` prints it. The texts are kept until the
 * tool exits.
 */
#ifndef TOOL_PICTURE_H
#define TOOL_PICTURE_H

#include "emission/project.h"

char *picture_text(const struct project *project, const struct program *program);
char *picture_dot(const struct project *project, const struct program *program);
char *picture_json(const struct project *project, const struct program *program);

#endif
