/* Tests kv_direct on a folder of the test's own, with and without openat2 in the kernel. */
#include <mirage/functor.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
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

/* As long as a file counts as just changed, and the kernel's tick on top of it. */
static void settle(void)
{
    usleep(60 * 1000);
}

/* Whether an open value is `size` times this byte. */
static bool all_are(struct kv_direct_value *value, uint64_t size, char byte)
{
    struct buf *b = NULL;
    bool same = kv_direct_read(value, KV_IDENTITY, 0, size, &b) == OK && buf_len(b) == size;

    for (const struct buf *v = b; v; v = v->next)
        for (uint32_t i = 0; i < v->len; i++)
            same = same && v->data[i] == (uint8_t)byte;
    buf_free(b);
    return same;
}

/* The module's folder is a constant of the module, so the test creates that folder. */
static int setup(void **state)
{
    (void)state;
    without_openat2 = syscall(SYS_openat2, AT_FDCWD, ".", NULL, 0) < 0 && errno == ENOSYS;
    if (!mkdtemp(folder) || chdir(folder) != 0 || make_tree("tree") != 0)
        return -1;
    /* Files must be this old for their tags to be trusted. */
    settle();
    return 0;
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
    struct kv_direct_value *value;
    struct kv_info old, new;
    struct buf *b = NULL;

    TRY(kv_direct_connect(&kv));
    CHECK_EQUAL(system("echo 1 > tree/c; touch -d '2 hours ago' tree/c"), 0);
    settle();
    CHECK_EQUAL(kv_direct_stat(kv, "c", &old), OK);
    CHECK(old.modified > 0);
    CHECK_EQUAL(system("echo 2 > tree/c; touch -d '1 hour ago' tree/c"), 0);
    settle();
    CHECK_EQUAL(kv_direct_stat(kv, "c", &new), OK);
    CHECK(*old.etag && *new.etag &&strcmp(old.etag, new.etag) != 0);
    CHECK_EQUAL(kv_direct_get(kv, "c", &b), OK);
    CHECK(b && b->len == 2 && b->data[0] == '2');
    buf_free(b);
    b = NULL;
    /* The file is shorter than it was at the last look. */
    CHECK_EQUAL(truncate("tree/c", 1), 0);
    CHECK_EQUAL(kv_direct_get(kv, "c", &b), OK);
    CHECK(b && b->len == 1);
    buf_free(b);
    /* The file has just changed, so it may change again without another time stamp. */
    CHECK_EQUAL(system(": > tree/c"), 0);
    IGNORE(kv_direct_stat(kv, "c", &new));
    CHECK_EQUAL(unlink("tree/c"), 0);
    CHECK_EQUAL(kv_direct_stat(kv, "c", &new), ERR_NOT_FOUND);
    /* What may not be read is there, but has no content. */
    CHECK_EQUAL(system("echo 1 > tree/c; chmod 0 tree/c"), 0);
    CHECK_EQUAL(geteuid() == 0 ? seteuid(65534) : 0, 0);
    CHECK_EQUAL(kv_direct_get(kv, "c", &b), ERR_ACCESS);
    CHECK_EQUAL(kv_direct_open(kv, "c", &value, &new), ERR_ACCESS);
    CHECK_EQUAL(kv_direct_stat(kv, "c", &new), OK);
    CHECK(new.size == 2 && *new.etag == '\0');
    CHECK_EQUAL(seteuid(getuid()), 0);
    CHECK_EQUAL(unlink("tree/c"), 0);
    kv_direct_disconnect(kv);
    return OK;
}

/* A value keeps the bytes that it had when it was opened, or fails: it never gives those of two versions. */
FIBER_TEST(opened)
{
    struct kv_direct *kv;
    struct kv_direct_value *value;
    struct kv_info info, other;
    struct buf *b = NULL;

    TRY(kv_direct_connect(&kv));
    CHECK_EQUAL(system("printf %5000s | tr ' ' a > tree/o; printf %5000s | tr ' ' b > tree/n;"
                       "touch -r tree/o tree/n"),
                0);
    settle();
    TRY(kv_direct_open(kv, "o", &value, &info));
    CHECK_EQUAL(info.size, 5000);
    /* Renamed over it: another file, of equal size and time. */
    CHECK_EQUAL(rename("tree/n", "tree/o"), 0);
    settle();
    CHECK(all_are(value, 5000, 'a'));
    kv_direct_close(value);
    TRY(kv_direct_open(kv, "o", &value, &other));
    CHECK(all_are(value, 5000, 'b'));
    CHECK_EQUAL(info.modified, other.modified);
    CHECK(*info.etag && *other.etag && strcmp(info.etag, other.etag) != 0);
    /* Overwritten where it lies, with as many bytes. */
    CHECK_EQUAL(system("printf c | dd of=tree/o bs=1 seek=4999 conv=notrunc status=none"), 0);
    CHECK_EQUAL(kv_direct_read(value, KV_IDENTITY, 0, 1, &b), ERR_IO);
    kv_direct_close(value);
    /* Cut, grown, and removed. */
    TRY(kv_direct_open(kv, "o", &value, &info));
    CHECK_EQUAL(truncate("tree/o", 10), 0);
    CHECK_EQUAL(kv_direct_read(value, KV_IDENTITY, 0, 5000, &b), ERR_IO);
    kv_direct_close(value);
    TRY(kv_direct_open(kv, "o", &value, &info));
    CHECK_EQUAL(truncate("tree/o", 20), 0);
    CHECK_EQUAL(kv_direct_read(value, KV_IDENTITY, 0, 10, &b), ERR_IO);
    kv_direct_close(value);
    TRY(kv_direct_open(kv, "o", &value, &info));
    CHECK_EQUAL(unlink("tree/o"), 0);
    CHECK_EQUAL(kv_direct_read(value, KV_IDENTITY, 0, 20, &b), OK);
    buf_free(b);
    kv_direct_close(value);
    kv_direct_disconnect(kv);
    return OK;
}

static err tag_of(struct kv_direct *kv, const char *key, char *tag)
{
    struct kv_info info;

    TRY(kv_direct_stat(kv, key, &info));
    memcpy(tag, info.etag, sizeof info.etag);
    return OK;
}

/* A tag says what the content is: neither which file it is in nor when it was written. */
FIBER_TEST(tags)
{
    char a[KV_ETAG_SIZE], b[KV_ETAG_SIZE];
    struct kv_direct *kv;

    TRY(kv_direct_connect(&kv));
    CHECK_EQUAL(
        system("mkdir tree/t; cd tree/t; head -c 700000 /dev/zero > a; cp a b; touch -d '1 hour ago' b;"
               "head -c 699999 /dev/zero > c; cp a d; printf x | dd of=d bs=1 seek=300000 conv=notrunc "
               "status=none;"
               "touch -r a d"),
        0);
    settle();
    TRY(tag_of(kv, "t/a", a));
    TRY(tag_of(kv, "t/b", b));
    CHECK(*a && strcmp(a, b) == 0);
    TRY(tag_of(kv, "t/c", b));
    CHECK(*b && strcmp(a, b) != 0);
    TRY(tag_of(kv, "t/d", b));
    CHECK(*b && strcmp(a, b) != 0);
    /* The same file, and the same time and size, but other bytes, and then its first bytes again. */
    CHECK_EQUAL(system("cd tree/t; touch -r a time; printf x | dd of=a bs=1 conv=notrunc status=none;"
                       "touch -r time a"),
                0);
    settle();
    TRY(tag_of(kv, "t/a", b));
    CHECK(*b && strcmp(a, b) != 0);
    CHECK_EQUAL(system("cd tree/t; head -c 1 /dev/zero | dd of=a bs=1 conv=notrunc status=none"), 0);
    settle();
    TRY(tag_of(kv, "t/a", b));
    CHECK(strcmp(a, b) == 0);
    kv_direct_disconnect(kv);
    return system("rm -rf tree/t") ? ERR_IO : OK;
}

/* The tag of a large file, which is read in the background. */
static err wait_for_tag(struct kv_direct *kv, const char *key, char *tag)
{
    TRY(tag_of(kv, key, tag));
    for (int i = 0; *tag == '\0' && i < 10000; i++) {
        os_sleep(MILLISECONDS(10));
        TRY(tag_of(kv, key, tag));
    }
    return *tag != '\0' ? OK : ERR_TIMEOUT;
}

static size_t open_descriptors(void)
{
    DIR *open = opendir("/proc/self/fd");
    size_t count = 0;

    while (open && readdir(open))
        count++;
    if (open)
        closedir(open);
    return count;
}

/* Nobody waits for a large file to be read, but the next who ask have its tag. */
FIBER_TEST(large)
{
    char a[KV_ETAG_SIZE], b[KV_ETAG_SIZE];
    struct kv_direct *kv;
    size_t descriptors;

    TRY(kv_direct_connect(&kv));
    CHECK_EQUAL(system("mkdir tree/b; cd tree/b; truncate -s 17000000 a; printf x >> a; cp a b;"
                       "touch -d '1 hour ago' b; truncate -s 17000001 c"),
                0);
    settle();
    TRY(tag_of(kv, "b/a", a));
    CHECK(*a == '\0');
    TRY(wait_for_tag(kv, "b/a", a));
    TRY(tag_of(kv, "b/b", b));
    CHECK(*b == '\0');
    TRY(wait_for_tag(kv, "b/b", b));
    CHECK(strcmp(a, b) == 0);
    TRY(wait_for_tag(kv, "b/c", b));
    CHECK(strcmp(a, b) != 0);
    /* A change makes it another, also one while it is read. */
    CHECK_EQUAL(system("cd tree/b; printf y | dd of=b bs=1 seek=300000 conv=notrunc status=none"), 0);
    settle();
    TRY(tag_of(kv, "b/b", b));
    CHECK(*b == '\0');
    os_sleep(MILLISECONDS(3));
    CHECK_EQUAL(system("cd tree/b; printf z | dd of=b bs=1 conv=notrunc status=none; cp b a"), 0);
    settle();
    TRY(wait_for_tag(kv, "b/b", b));
    CHECK(strcmp(a, b) != 0);
    TRY(wait_for_tag(kv, "b/a", a));
    CHECK(strcmp(a, b) == 0);
    kv_direct_disconnect(kv);
    /* The end of the program does not wait for the reading, which leaves nothing open. */
    descriptors = open_descriptors();
    TRY(kv_direct_connect(&kv));
    TRY(tag_of(kv, "b/a", a));
    os_sleep(MILLISECONDS(3));
    kv_direct_disconnect(kv);
    CHECK_EQUAL(open_descriptors(), descriptors);
    return system("rm -rf tree/b") ? ERR_IO : OK;
}

/* Times that nanoseconds in 64 bits can't tell become the nearest that they can. */
FIBER_TEST(times)
{
    static const struct {
        int64_t seconds, expected;
    } cases[] = {
        { 0, 0 },
        { -1, -1000000000 },
        { 9223372035, 9223372035000000000 },
        { 9223372037, INT64_MAX },
        { 10413792000, INT64_MAX }, /* the year 2300 */
        { -9223372038, INT64_MIN },
    };
    struct kv_direct *kv;
    struct kv_info info;

    TRY(kv_direct_connect(&kv));
    CHECK_EQUAL(system(": > tree/time"), 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct timespec times[2] = { { .tv_sec = cases[i].seconds }, { .tv_sec = cases[i].seconds } };
        struct stat st;
        CHECK_EQUAL(utimensat(AT_FDCWD, "tree/time", times, 0), 0);
        CHECK_EQUAL(kv_direct_stat(kv, "time", &info), OK);
        /* Not every filesystem keeps every time. */
        if (stat("tree/time", &st) == 0 && st.st_mtim.tv_sec == cases[i].seconds)
            CHECK_EQUAL(info.modified, cases[i].expected);
    }
    unlink("tree/time");
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
        cmocka_unit_test(contract),
        cmocka_unit_test(escapes),
        cmocka_unit_test(changes),
        cmocka_unit_test(opened),
        cmocka_unit_test(tags),
        cmocka_unit_test(large),
        cmocka_unit_test(times),
        cmocka_unit_test(rewritten),
        cmocka_unit_test(stepwise_contract),
        cmocka_unit_test(stepwise_escapes),
    };

    return cmocka_run_group_tests_name("kv_direct", tests, setup, teardown);
}
