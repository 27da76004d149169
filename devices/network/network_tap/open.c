/* Opening /dev/net/tun, and explaining what can go wrong. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <platform/linux/error.h>
#include <platform/platform.h>

/* Since Linux 6.2; USO4 and USO6 go together. */
#define TAP_F_USO (0x20 | 0x40)

static err open_driver(int *fd)
{
    *fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (*fd >= 0)
        return OK;
    if (errno == EACCES || errno == EPERM) {
        log_error("/dev/net/tun may not be opened: this user needs to read and write it");
        return ERR_ACCESS;
    }
    log_error(
        "there is no /dev/net/tun (%s): load the kernel's module tun, or give the container that device",
        strerror(errno));
    return ERR_NOT_FOUND;
}

static err attach(int fd, const char *name, bool existed)
{
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

    memcpy(request.ifr_name, name, strlen(name));
    if (ioctl(fd, TUNSETIFF, &request) == 0)
        return OK;
    /* An interface that was made with several queues is opened with the flag of several queues. */
    if (errno == EINVAL && existed) {
        request.ifr_flags |= IFF_MULTI_QUEUE;
        if (ioctl(fd, TUNSETIFF, &request) == 0)
            return OK;
    }
    int number = errno;
    if (number == EBUSY)
        log_error("the interface %s is in use by another program", name);
    else if (number == EINVAL && existed)
        log_error("the interface %s is there already, and no tap", name);
    else if (number == EPERM && existed)
        log_error("the interface %s belongs to another user: run as root, or make it anew with: ip tuntap "
                  "add %s mode tap user USER",
                  name, name);
    else if (number == EPERM)
        log_error("there is no interface %s and this user may not make it: run as root, or make it with: ip "
                  "tuntap add %s mode tap "
                  "user USER",
                  name, name);
    else
        log_error("the interface %s can't be opened: %s", name, strerror(number));
    return number == EINVAL ? ERR_INVALID : linux_error(number);
}

/* What whoever started the program opened has an interface already, whose name may be another. */
static err take_given(struct network_tap *tap, int fd, const char *name)
{
    const short wanted = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    struct ifreq request = { 0 };

    if (ioctl(fd, TUNGETIFF, &request) < 0 || (request.ifr_flags & wanted) != wanted) {
        log_error("the descriptor that was given as network.%s is no tap with IFF_NO_PI and IFF_VNET_HDR: "
                  "open /dev/net/tun with these, or start the program without it",
                  name);
        return ERR_INVALID;
    }
    memcpy(tap->name, request.ifr_name, sizeof tap->name);
    return OK;
}

/* Tell the kernel which work it may leave undone in the frames that it gives to us. */
static uint32_t accept_offloads(int fd)
{
    if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN) == 0 ||
        ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) == 0)
        return NETWORK_CSUM_IN | NETWORK_LRO;
    return ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM) == 0 ? NETWORK_CSUM_IN : 0;
}

/* Read the interface's MTU and whether it is up, through any socket. */
static err ask_interface(struct network_tap *tap, bool existed)
{
    struct ifreq request = { 0 };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    err e = OK;

    if (fd < 0)
        return linux_error(errno);
    memcpy(request.ifr_name, tap->name, sizeof tap->name);
    if (ioctl(fd, SIOCGIFMTU, &request) < 0)
        e = linux_error(errno);
    else
        tap->info.mtu = request.ifr_mtu > 65535 ? 65535 : (uint16_t)request.ifr_mtu;
    /* An interface that existed before is brought up by whoever made it. */
    if (e == OK && ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) == 0) {
        request.ifr_flags |= IFF_UP;
        if (existed || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
            log_warning("the interface %s is down; bring it up with: ip link set %s up", tap->name,
                        tap->name);
    }
    close(fd);
    return e;
}

INTERNAL err tap_open(struct network_tap *tap, const char *name, bool offloads)
{
    bool existed = if_nametoindex(name) != 0;
    intptr_t given;
    int fd;

    if (name[0] == '\0' || strlen(name) >= sizeof tap->name || strpbrk(name, "/: \t%") != NULL) {
        log_error("'%s' can't be the name of an interface: it has 1 to 15 characters, without spaces, "
                  "slashes and colons",
                  name);
        return ERR_INVALID;
    }
    strcpy(tap->name, name);
    err e = platform_device("network", name, &given);
    if (e == OK) {
        fd = (int)given;
        existed = true;
        e = take_given(tap, fd, name);
    } else if (e == ERR_NOT_FOUND) {
        TRY(open_driver(&fd));
        e = attach(fd, name, existed);
    } else {
        log_error(
            "the descriptor that was given as network.%s is not open: whoever starts the program has to "
            "leave it open",
            name);
        return e;
    }
    if (e == OK && offloads) {
        tap->info.offloads = NETWORK_CSUM_OUT | NETWORK_TSO4 | NETWORK_TSO6;
        /* A kernel that accepts unsegmented UDP from us (USO) can also segment it. */
        if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TAP_F_USO) == 0)
            tap->info.offloads |= NETWORK_USO;
        tap->info.offloads |= accept_offloads(fd);
    } else if (e == OK && ioctl(fd, TUNSETOFFLOAD, 0) < 0) {
        e = linux_error(errno);
    }
    if (e == OK)
        e = ask_interface(tap, existed);
    if (e == OK)
        e = linux_fd_open(&tap->fd, fd, LINUX_FD_PACKET);
    if (e != OK)
        close(fd);
    return e;
}
