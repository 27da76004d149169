/* Groups. A member is linked through its fiber, and frees itself when it ends. */
#include "runtime.h"

void os_group_init(struct os_group *group)
{
    *group = (struct os_group){ 0 };
}

err(os_group_spawn)(struct os_group *group, os_entry entry, void *arg)
{
    return os_group_spawn_named(group, entry, arg, NULL);
}

err os_group_spawn_named(struct os_group *group, os_entry entry, void *arg, const char *name)
{
    struct os_fiber *fiber;
    TRY(fiber_new(&fiber, entry, arg, name, false));
    fiber->group = group;
    os_list_prepend(&group->members, fiber, member);
    group->count++;
    fiber->cancelled = group->cancelled;
    return OK;
}

void group_member_ended(struct os_fiber *fiber)
{
    struct os_group *group = fiber->group;
    os_list_remove(&group->members, fiber, member);
    group->count--;
    if (fiber->result != OK && group->first_error == OK)
        group->first_error = fiber->result;
    if (!group->any_ended) {
        group->any_ended = true;
        group->picked = fiber->result;
        group->picked_arg = fiber->arg;
    }
    while (waitq_pop(&group->changed, OK) != NULL)
        continue;
}

void os_group_cancel(struct os_group *group)
{
    group->cancelled = true;
    for (struct os_fiber *f = group->members.first; f != NULL; f = f->member.next)
        os_cancel(f);
}

/* Cancel the members that still run, wait for them, and reset the group. */
static void finish(struct os_group *group)
{
    if (group->count > 0) {
        os_group_cancel(group);
        OS_SHIELD
        {
            while (group->count > 0)
                IGNORE(fiber_wait(&group->changed, OS_NEVER, "os_group_end"));
        }
    }
    os_group_init(group);
}

err os_group_join(struct os_group *group)
{
    err error = OK;
    while (error == OK && group->count > 0 && group->first_error == OK)
        error = fiber_wait(&group->changed, OS_NEVER, "os_group_join");
    if (error == OK)
        error = group->first_error;
    finish(group);
    return error;
}

err os_group_pick(struct os_group *group, void **arg)
{
    err error = OK;
    void *picked;
    if (group->count == 0 && !group->any_ended)
        return ERR_INVALID;
    while (error == OK && !group->any_ended)
        error = fiber_wait(&group->changed, OS_NEVER, "os_group_pick");
    picked = group->picked_arg;
    if (error == OK) {
        error = group->picked;
        if (arg != NULL)
            *arg = picked;
    }
    finish(group);
    return error;
}

void os_group_end(struct os_group *group)
{
    finish(group);
}
