/* Writes the program's main.c: the functor applications, one connect after the other. */
#include <string.h>

#include "base/keep.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/strings.h"
#include "emission/generate.h"
#include "emission/instance.h"

static bool is_job(const struct instance *instance)
{
    return !is_device(instance->description->module);
}

/* The instance's arguments, such as "console_unix" or "tcp__2, kv_crunch". */
static const char *arguments(const struct instance *instance, const char *before)
{
    struct strings s = { 0 };
    for (size_t i = 0; i < instance->description->param_count; i++)
        strings_add(&s, text("%s%s", before, instance->params[i]->name));
    return s.count == 0 ? "" : strings_join(&s, ", ");
}

/* The instance as the configuration would write it: pcap(tap). */
static const char *applied(const struct instance *instance)
{
    return text("%s(%s)", instance->description->module->name, arguments(instance, ""));
}

static const char *where(const struct instance *instance)
{
    return text("%s:%d", path_name(instance->value->place.file), instance->value->place.line);
}

static void print_declarations(struct out *out, const struct program *p)
{
    for (size_t i = 0; i < p->instance_count; i++) {
        const struct instance *instance = &p->instances[i];
        const struct description *d = instance->description;
        struct strings params = { 0 };
        for (size_t k = 0; k < d->param_count; k++)
            strings_add(&params, text("struct %s *%s", instance->params[k]->name, d->params[k].name));
        const char *list = params.count == 0 ? "" : strings_join(&params, ", ");
        out_print(out, "\n/* %s, %s */\n", applied(instance), where(instance));
        if (is_job(instance)) {
            out_print(out, "IO err %s_start(%s);\n", instance->name, params.count == 0 ? "void" : list);
            continue;
        }
        out_print(out, "struct %s;\n", instance->name);
        out_print(out, "IO err %s_connect(struct %s **out%s%s);\n", instance->name, instance->name,
                  params.count == 0 ? "" : ", ", list);
        out_print(out, "IO void %s_disconnect(struct %s *dev);\n", instance->name, instance->name);
    }
}

static void print_composition(struct out *out, const struct program *p)
{
    out_print(out, "\nstruct composition {\n");
    for (size_t i = 0; i < p->instance_count; i++)
        if (!is_job(&p->instances[i]))
            out_print(out, "    struct %s *%s;\n", p->instances[i].name, p->instances[i].name);
    out_print(out, "    struct os_group jobs;\n};\n");
}

/* Jobs are not the same as instances: the configuration may register one application under two names. */
static void print_jobs(struct out *out, const struct program *p)
{
    for (size_t i = 0; i < p->graph->job_count; i++) {
        const struct job *job = &p->graph->jobs[i];
        const struct instance *instance = &p->instances[job->value->id];
        bool used = instance->description->param_count > 0;
        out_print(out, "\n/* the job \"%s\", %s:%d */\n", job->name, path_name(job->place.file),
                  job->place.line);
        out_print(out, "static err job_%zu(void *arg)\n{\n", i + 1);
        out_print(out, used ? "    struct composition *c = arg;\n\n" : "    (void)arg;\n");
        out_print(out, "    err e = %s_start(%s);\n", instance->name, arguments(instance, "c->"));
        out_print(out, "    return e == OK ? OK : main_failed(\"job\", \"%s\", e);\n}\n", job->name);
    }
}

static void print_start(struct out *out, const struct program *p)
{
    struct strings connected = { 0 };

    out_print(out, "\nstatic err start(void)\n{\n    struct composition c = { 0 };\n    err e = OK;\n\n");
    out_print(out, "    os_group_init(&c.jobs);\n");
    for (size_t i = 0; i < p->instance_count; i++) {
        const struct instance *instance = &p->instances[i];
        if (is_job(instance))
            continue;
        const char *args = arguments(instance, "c.");
        out_print(out, "    e = %s_connect(&c.%s%s%s);\n", instance->name, instance->name,
                  *args == '\0' ? "" : ", ", args);
        out_print(out,
                  "    if (e != OK) {\n        e = main_failed(\"connecting\", \"%s\", e);\n        goto "
                  "out;\n    }\n",
                  instance->name);
        strings_add(&connected, instance->name);
    }
    out_print(out, "\n");
    for (size_t i = 0; i < p->graph->job_count; i++)
        out_print(out, "    if (e == OK)\n        e = os_group_spawn(&c.jobs, job_%zu, &c);\n", i + 1);
    out_print(
        out,
        "    if (e == OK)\n        e = os_group_join(&c.jobs);\n    else\n        os_group_end(&c.jobs);\n");
    if (connected.count > 0)
        out_print(out, "\nout:\n");
    for (size_t i = connected.count; i > 0; i--)
        out_print(out, "    if (c.%s != NULL)\n        %s_disconnect(c.%s);\n", connected.items[i - 1],
                  connected.items[i - 1], connected.items[i - 1]);
    out_print(out, "    return e;\n}\n");
}

static size_t print_arguments(struct out *out, const struct program *p, const struct target *target)
{
    struct out table = { 0 };
    size_t count = 0;
    for (const char *const *name = target->arguments; name != NULL && *name != NULL; name++, count++) {
        out_print(out, "%sextern const struct arg mirage_arg_%s;\n", count == 0 ? "\n" : "", *name);
        out_print(&table, "    { &mirage_arg_%s, NULL },\n", *name);
    }
    for (size_t i = 0; i < p->instance_count; i++) {
        const struct instance *instance = &p->instances[i];
        for (size_t k = 0; k < instance->description->arg_count; k++) {
            const char *symbol = text("%s_arg_%s", instance->name, instance->description->args[k].name);
            out_print(out, "%sextern const struct arg %s;\n", count == 0 ? "\n" : "", symbol);
            out_print(&table, "    { &%s, \"%s\" },\n", symbol, instance_shown(instance));
            count++;
        }
    }
    if (count > 0)
        out_print(out, "\nstatic const struct arg_entry program_arguments[] = {\n%s};\n", table.data);
    out_free(&table);
    return count;
}

/* The path of the source, relative to the project's root or the application's folder. */
static const char *source_name(const struct project *project, const char *source)
{
    const char *const folders[] = { project->folder, project->installation.root };
    for (int i = 0; i < 2; i++) {
        size_t len = strlen(folders[i]);
        if (strncmp(source, folders[i], len) == 0 && source[len] == '/')
            return source + len + 1;
    }
    return path_name(source);
}

/* Print the data of mirage/program.h. */
static void print_info(struct out *out, const struct project *project, const struct program *p)
{
    out_print(out, "\nstatic const struct program_module program_modules[] = {\n");
    for (size_t i = 0; i < p->instance_count; i++) {
        const struct instance *instance = &p->instances[i];
        out_print(out, "    { \"%s\", \"%s\", \"%s\", \"%s\" },\n", instance->name,
                  instance->description->module->signature, applied(instance),
                  source_name(project, instance->value->functor->source));
    }
    out_print(out,
              "};\n\nconst struct program_info program_info = {\n    .name = \"%s\",\n    .target = "
              "\"%s\",\n    .release = %s,\n"
              "    .module_count = %zu,\n    .modules = program_modules,\n    .arguments = &program,\n};\n",
              project->name, project->target->name, project->release ? "true" : "false", p->instance_count);
}

char *main_source(const struct project *project, const struct program *program)
{
    struct out out = { 0 };
    out_print(&out,
              "/*\n * %s for the target %s, made by mirage from %s: the functor application\n"
              " * spelled out. Devices are connected before what takes them and disconnected in\n"
              " * reverse; jobs run concurrently.\n */\n",
              project->name, project->target->name, path_name(project->config));
    out_print(&out, "#include <mirage/main.h>\n#include <mirage/program.h>\n"
                    "#include <platform/platform.h>\n");
    print_declarations(&out, program);
    print_composition(&out, program);
    print_jobs(&out, program);
    print_start(&out, program);
    size_t count = print_arguments(&out, program, project->target);
    out_print(&out,
              "\nstatic const struct arg_program program = {\n    .name = \"%s\",\n    .summary = \"%s, "
              "built by mirage for the target %s\",\n",
              project->name, project->name, project->target->name);
    if (count > 0)
        out_print(&out, "    .count = %zu,\n    .entries = program_arguments,\n", count);
    out_print(&out, "};\n");
    print_info(&out, project, program);
    out_print(&out, "\n/* The platform enters here. */\nint program_main(int argc, char *argv[])\n{\n    "
                    "return main_run(&program, argc, argv, start);\n}\n");
    return out_keep(&out);
}
