// The peers, written as their manuals show: Boost.Context, Boost.Fiber, GNU Pth, libuv.
#include "bench.h"

#include <boost/context/fiber.hpp>
#include <boost/fiber/all.hpp>
#include <chrono>
#include <vector>

extern "C" {
#include <pth.h>
#include <uv.h>
}

double boost_context_switch(size_t n)
{
    boost::context::fiber other([](boost::context::fiber &&back) {
        for (;;)
            back = std::move(back).resume();
        return std::move(back);
    });
    double start = bench_seconds();
    for (size_t i = 0; i < n; i++)
        other = std::move(other).resume();
    return (bench_seconds() - start) / double(n) / 2 * 1e9;
}

double boost_fiber_yield(size_t n)
{
    auto loop = [n] {
        for (size_t i = 0; i < n; i++)
            boost::this_fiber::yield();
    };
    boost::fibers::fiber other(loop);
    double start = bench_seconds();
    loop();
    other.join();
    return (bench_seconds() - start) / double(n) / 2 * 1e9;
}

double boost_fiber_spawn(size_t n)
{
    // With its pooling allocator, as ours are pooled.
    boost::fibers::pooled_fixedsize_stack pool(65536);
    double start = bench_seconds();
    for (size_t i = 0; i < n; i++)
        boost::fibers::fiber(std::allocator_arg, pool, [] {}).join();
    return (bench_seconds() - start) / double(n) * 1e9;
}

double boost_fiber_channel(size_t n)
{
    boost::fibers::buffered_channel<void *> ping(2), pong(2);
    boost::fibers::fiber other([&] {
        void *item;
        while (ping.pop(item) == boost::fibers::channel_op_status::success)
            pong.push(item);
    });
    void *item = nullptr;
    double start = bench_seconds();
    for (size_t i = 0; i < n; i++) {
        ping.push(item);
        pong.pop(item);
    }
    double ns = (bench_seconds() - start) / double(n) * 1e9;
    ping.close();
    other.join();
    return ns;
}

double boost_fiber_memory(size_t n)
{
    // mmap with a guard page; beyond some 30000 the kernel's limit of mappings ends it.
    boost::fibers::protected_fixedsize_stack stack(65536);
    std::vector<boost::fibers::fiber> fibers;
    fibers.reserve(n);
    size_t before = bench_memory();
    for (size_t i = 0; i < n; i++)
        fibers.emplace_back(std::allocator_arg, stack,
                            [] { boost::this_fiber::sleep_for(std::chrono::seconds(1)); });
    boost::this_fiber::yield();
    double each = double(bench_memory() - before) / double(n);
    for (auto &fiber : fibers)
        fiber.join();
    return each;
}

static void *pth_loop(void *arg)
{
    for (size_t i = *(size_t *)arg; i > 0; i--)
        pth_yield(NULL);
    return NULL;
}

double pth_yield_switch(size_t n)
{
    pth_init();
    pth_t other = pth_spawn(PTH_ATTR_DEFAULT, pth_loop, &n);
    double start = bench_seconds();
    pth_loop(&n);
    pth_join(other, NULL);
    // Each yield also passes through Pth's scheduler thread.
    return (bench_seconds() - start) / double(n) / 2 * 1e9;
}

static void *pth_nothing(void *arg)
{
    return arg;
}

double pth_spawn_join(size_t n)
{
    pth_init();
    double start = bench_seconds();
    for (size_t i = 0; i < n; i++)
        pth_join(pth_spawn(PTH_ATTR_DEFAULT, pth_nothing, NULL), NULL);
    return (bench_seconds() - start) / double(n) * 1e9;
}

double uv_timers(size_t n)
{
    uv_loop_t loop;
    uv_loop_init(&loop);
    std::vector<uv_timer_t> timers(n);
    double start = bench_seconds();
    unsigned seed = 1;
    for (auto &timer : timers) {
        seed = seed * 1103515245 + 12345;
        uv_timer_init(&loop, &timer);
        // libuv counts in milliseconds: spread over more of them, so that its heap has work.
        uv_timer_start(&timer, [](uv_timer_t *) {}, 1 + (seed >> 8) % 16, 0);
    }
    double set = bench_seconds() - start;
    // Let all come due first, so that waiting is not in the figure.
    while (bench_seconds() - start < 0.05)
        ;
    start = bench_seconds();
    uv_run(&loop, UV_RUN_DEFAULT);
    return (set + bench_seconds() - start) / double(n) * 1e9;
}
