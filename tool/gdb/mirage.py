"""Fibers in gdb: `source mirage.py`, then

    fibers            every fiber, oldest first: its name and what it waits in
    fiber N           the backtrace of fiber N of that list
    fiber N COMMAND   any other command in it, such as `bt full`

To look into a fiber that waits, the commands load its registers into the processor for a moment. So they need a running
program, and do not work on a core file.
"""
import gdb

# The offsets of the registers that arch_fiber_switch (platform/arch/) saves, from the saved stack pointer.
LAYOUTS = {
    "i386:x86-64": ({"r15": 0, "r14": 8, "r13": 16, "r12": 24, "rbx": 32, "rbp": 40, "rip": 48}, "rsp", 56),
    "aarch64": (
        {**{f"x{19 + i}": 8 * i for i in range(11)}, "pc": 88},
        "sp",
        160,
    ),
}
STATES = ["ready", "running", "waiting", "ended"]


def all_fibers():
    fiber = gdb.parse_and_eval("runtime.all.first")
    while int(fiber) != 0:
        yield fiber
        fiber = fiber["all"]["next"]


def described(fiber):
    name = fiber["name"].string() if int(fiber["name"]) else str(fiber["entry"])
    state = int(fiber["state"])
    doing = fiber["doing"].string() if STATES[state] == "waiting" else STATES[state]
    return f"{name}: {doing}{', cancelled' if fiber['cancelled'] else ''}"


class InFiber:
    """For a `with` block: the processor stands where the fiber was suspended."""

    def __init__(self, fiber):
        architecture = gdb.newest_frame().architecture().name()
        if architecture not in LAYOUTS:
            raise gdb.GdbError(f"it is not known where fibers keep their registers on {architecture}")
        saved, stack, size = LAYOUTS[architecture]
        sp = int(fiber["context"]["sp"])
        word = gdb.lookup_type("unsigned long").pointer()
        self.registers = {name: int(gdb.Value(sp + offset).cast(word).dereference()) for name, offset in saved.items()}
        self.registers[stack] = sp + size

    def __enter__(self):
        gdb.newest_frame().select()
        self.before = {name: int(gdb.parse_and_eval(f"(unsigned long)${name}")) for name in self.registers}
        self.give(self.registers)

    def __exit__(self, *_):
        gdb.newest_frame().select()
        self.give(self.before)

    @staticmethod
    def give(registers):
        for name, value in registers.items():
            gdb.execute(f"set ${name} = {value}", to_string=True)


class Fibers(gdb.Command):
    """List the fibers, oldest first."""

    def __init__(self):
        super().__init__("fibers", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        for number, fiber in enumerate(all_fibers(), 1):
            print(f"{number:4} {described(fiber)}")


class Fiber(gdb.Command):
    """fiber N [COMMAND]: run a command, `backtrace` when none is given, in fiber N of `fibers`."""

    def __init__(self):
        super().__init__("fiber", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        number, _, command = argument.strip().partition(" ")
        fibers = list(all_fibers())
        if not number.isdigit() or not 1 <= int(number) <= len(fibers):
            raise gdb.GdbError(f"there are fibers 1 to {len(fibers)}; `fibers` lists them")
        fiber = fibers[int(number) - 1]
        if STATES[int(fiber["state"])] == "running":
            gdb.execute(command or "backtrace")
            return
        with InFiber(fiber):
            gdb.execute(command or "backtrace")


Fibers()
Fiber()
