/* The services that every server of this bench has. */
#ifndef BENCH_NET_PORTS_H
#define BENCH_NET_PORTS_H

enum {
    PORT_DISCARD = 5001, /* TCP: reads everything */
    PORT_SOURCE = 5002,  /* TCP: writes without end */
    PORT_ECHO = 5003,    /* TCP and UDP: sends back what it receives */
    PORT_CLOSE = 5004,   /* TCP: closes each connection as soon as it is open */
};

#endif
