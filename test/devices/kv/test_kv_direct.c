/* Tests kv_direct on a folder of the test's own, with and without openat2 in the kernel. */
#include <mirage/functor.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/support/test.h"
#include "kv_suite.h"
#include "make_tree.h"

MODULE(KV_RO, kv_direct);
err kv_direct_connect(struct kv_direct **out);

static char folder[] = "/tmp/mirage-kv-XXXXXX";
static bool without_openat2; /* the kernel lacks it, a checker does not know it, or the test forbade it */

/* The module's folder is a constant of the module, so the test creates that folder. */
static int setup(void **state)
{
    (void)state;
    without_openat2 = syscall(SYS_openat2, AT_FDCWD, ".", NULL, 0) < 0 && errno == ENOSYS;
    if (!mkdtemp(folder) || chdir(folder) != 0 || make_tree("tree") != 0)
        return -1;
    /* Files must be this old for their tags to be trusted. */
    return system("find tree -type f -exec touch -d '1 hour ago' {} +");
}

static int teardown(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

FIBER_TEST(contract)
{
    struct kv_expect expect = { .etags = true };
    struct kv_direct *kv;

    TRY(kv_direct_connect(&kv));
    CHECK_EQUAL(kv_suite((struct kv *)kv, &expect), 0);
    kv_direct_disconnect(kv);
    return OK;
}

FIBER_TEST(escapes)
{
    static const char *const hidden[] = {
        "out", "absolute", "dangling", "fifo", "up/secret", "within-absolute", "loop", "null", "proc/1",
    };
    struct kv_direct *kv;
    struct kv_info info;
    struct kv_list list;
    struct buf *b = NULL;

    CHECK_EQUAL(system("mkdir -p tree/l; echo s > secret; cd tree/l; ln -s ../../secret out;"
                       "ln -s /etc/passwd absolute; ln -s nowhere dangling; mkfifo fifo;"
                       "ln -s ../.. up; ln -s \"$PWD/../empty\" within-absolute; ln -s loop loop;"
                       "ln -s /dev/null null; ln -s /proc proc; echo ok > real; ln -s real inside;"
                       "ln -s ../css folder"),
                0);
    TRY(kv_direct_connect(&kv));
    for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
        char key[64];
        snprintf(key, sizeof key, "l/%s", hidden[i]);
        CHECK_EQUAL(kv_direct_stat(kv, key, &info), ERR_NOT_FOUND);
        CHECK_EQUAL(kv_direct_get(kv, key, &b), ERR_NOT_FOUND);
        CHECK_EQUAL(kv_direct_list(kv, key, &list), ERR_NOT_FOUND);
    }
    CHECK_EQUAL(kv_direct_stat(kv, "l/inside", &info), without_openat2 ? ERR_NOT_FOUND : OK);
    CHECK_EQUAL(kv_direct_stat(kv, "l/folder/site.css", &info), without_openat2 ? ERR_NOT_FOUND : OK);
    CHECK_EQUAL(kv_direct_list(kv, "l", &list), OK);
    CHECK_EQUAL(list.count, without_openat2 ? 1 : 3);
    kv_list_free(&list);
    kv_direct_disconnect(kv);
    return system("rm -rf tree/l") ? ERR_IO : OK;
}

FIBER_TEST(changes)
{
    struct kv_direct *kv;
    struct kv_info old, new;
    struct buf *b = NULL;

    TRY(kv_direct_connect(&kv));
    CHECK_EQUAL(system("echo 1 > tree/c; touch -d '2 hours ago' tree/c"), 0);
    CHECK_EQUAL(kv_direct_stat(kv, "c", &old), OK);
    CHECK(old.modified > 0);
    CHECK_EQUAL(system("echo 2 > tree/c; touch -d '1 hour ago' tree/c"), 0);
    CHECK_EQUAL(kv_direct_stat(kv, "c", &new), OK);
    CHECK(*old.etag && *new.etag &&strcmp(old.etag, new.etag) != 0);
    CHECK_EQUAL(kv_direct_get(kv, "c", &b), OK);
    CHECK(b && b->len == 2 && b->data[0] == '2');
    buf_free(b);
    b = NULL;
    /* The file is shorter than it was at the last look. */
    CHECK_EQUAL(truncate("tree/c", 1), 0);
    CHECK_EQUAL(kv_direct_read(kv, "c", KV_IDENTITY, 0, 2, &b), ERR_RANGE);
    /* The file has just changed, so it may change again without another time stamp. */
    CHECK_EQUAL(system(": > tree/c"), 0);
    IGNORE(kv_direct_stat(kv, "c", &new));
    CHECK_EQUAL(unlink("tree/c"), 0);
    CHECK_EQUAL(kv_direct_stat(kv, "c", &new), ERR_NOT_FOUND);
    if (geteuid() != 0) {
        CHECK_EQUAL(system("echo 1 > tree/c; chmod 0 tree/c"), 0);
        CHECK_EQUAL(kv_direct_get(kv, "c", &b), ERR_ACCESS);
        CHECK_EQUAL(unlink("tree/c"), 0);
    }
    kv_direct_disconnect(kv);
    return OK;
}

/* A writer rewrites the file again and again while it is read. A read never mixes two sizes. */
FIBER_TEST(rewritten)
{
    struct kv_direct *kv;
    pid_t writer;
    bool torn = false;

    TRY(kv_direct_connect(&kv));
    CHECK_EQUAL(system("echo > tree/w"), 0);
    writer = fork();
    if (writer == 0) {
        static char bytes[200000];
        for (int i = 0;; i++) {
            int fd = open("tree/w.new", O_WRONLY | O_CREAT | O_TRUNC, 0666);
            memset(bytes, 'a' + i % 26, sizeof bytes);
            if (write(fd, bytes, 1000 + (size_t)(i % 100) * 1990) < 0 || close(fd) < 0 ||
                rename("tree/w.new", "tree/w") < 0)
                _exit(1);
        }
    }
    for (int i = 0; i < 300; i++) {
        struct buf *b = NULL;
        CHECK_EQUAL(kv_direct_get(kv, "w", &b), OK);
        for (struct buf *v = b; v; v = v->next)
            torn = torn || v->data[0] != b->data[0] || v->data[v->len - 1] != b->data[0];
        buf_free(b);
    }
    CHECK(!torn);
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    unlink("tree/w");
    unlink("tree/w.new");
    kv_direct_disconnect(kv);
    return OK;
}

/* Forbid openat2 in this process, as an old kernel would. */
static bool forbid_openat2(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { ARRAY_SIZE(filter), filter };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void stepwise_contract(void **state)
{
    without_openat2 = without_openat2 || forbid_openat2();
    if (!without_openat2)
        skip();
    contract(state);
}

static void stepwise_escapes(void **state)
{
    if (!without_openat2)
        skip();
    escapes(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contract),  cmocka_unit_test(escapes),           cmocka_unit_test(changes),
        cmocka_unit_test(rewritten), cmocka_unit_test(stepwise_contract), cmocka_unit_test(stepwise_escapes),
    };

    return cmocka_run_group_tests_name("kv_direct", tests, setup, teardown);
}
