#include "composition/evaluate.h"

#include "base/files.h"
#include "base/paths.h"
#include "base/report.h"

bool evaluate(const struct evaluation *evaluation, struct graph *out)
{
    size_t len;
    if (!file_exists(evaluation->config)) {
        error("there is no %s: is this the application's folder? (mirage new makes one)",
              path_shown(evaluation->config));
        return false;
    }
    const char *config = path_absolute(evaluation->config);
    const char *object = config_compile(evaluation, config);
    if (object == NULL)
        return false;
    const char *record = config_run(evaluation, config, object, &len);
    if (record == NULL)
        return false;
    return graph_read(config, record, len, evaluation->given, evaluation->given_count, out);
}
