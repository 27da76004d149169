#include "dhcp_client.h"

KEY_INT(first_wait, 4000, 1, 600000,
        "milliseconds to wait for a first reply, doubled with each further try (RFC 2131, section 4.1)");
KEY_INT(longest_wait, 64000, 1, 3600000, "milliseconds to wait for a reply at most");
KEY_INT(requests, 4, 1, 100, "requests for an offered address before looking for another offer");

/*
 * RFC 2131: the pause after a decline (section 3.1), and the least pause between requests to extend a lease
 * (section 4.4.5).
 */
#define AFTER_DECLINE SECONDS(10)
#define EXTEND_PAUSE SECONDS(60)
/* How long to wait for the answer to such a request. */
#define EXTEND_WAIT SECONDS(10)

/* Returns a wait that doubles with each attempt, varied at random by up to a second. */
static os_time back_off(struct dhcp_client *c, unsigned attempt)
{
    os_time wait = MILLISECONDS(key_first_wait), longest = MILLISECONDS(key_longest_wait);
    while (attempt-- > 0 && wait < longest)
        wait *= 2;
    if (wait > longest)
        wait = longest;
    os_time spread = wait < SECONDS(4) ? wait / 4 : SECONDS(1);
    return wait - spread +
           (os_time)random_below(c->random, (uint32_t)(2 * spread / MICROSECONDS(1))) * MICROSECONDS(1);
}

/* Ask until there is an offer. */
static IO err discover(struct dhcp_client *c, struct dhcp_message *offer)
{
    struct dhcp_asked asked = { .requested = c->wanted };
    dhcp_begin(c);
    for (unsigned attempt = 0;; attempt += attempt < 16) {
        err e = dhcp_send(c, DHCP_DISCOVER, &asked);
        if (e != OK)
            log_debug("the search cannot be sent: %s", err_string(e));
        e = dhcp_await(c, DHCP_OFFER, &IP_ANY, os_now() + back_off(c, attempt), offer);
        if (e == OK)
            return OK;
        TRY(os_check());
        if (e != ERR_TIMEOUT)
            TRY(os_sleep_until(os_now() + SECONDS(1)));
    }
}

/* Tell the server that another host uses the address that it leased (RFC 2131, section 3.1, step 5). */
static IO err decline(struct dhcp_client *c, const struct ip_addr *addr, const struct ip_addr *server)
{
    struct dhcp_asked asked = { .requested = *addr, .server = *server };
    char text[IP_TEXT_SIZE];
    log_warning("another host uses %s", ip_format(addr, text));
    metric_add(&c->conflicts, 1);
    c->wanted = IP_ANY;
    dhcp_begin(c);
    IGNORE(dhcp_send(c, DHCP_DECLINE, &asked));
    return os_sleep_until(os_now() + AFTER_DECLINE);
}

/* Request an address, from an offer or from before, and configure it. */
static IO err request(struct dhcp_client *c, const struct dhcp_asked *asked)
{
    struct dhcp_message ack;
    err e = ERR_TIMEOUT;
    for (unsigned attempt = 0; attempt < key_requests && e == ERR_TIMEOUT; attempt++) {
        os_time since = os_now();
        e = dhcp_send(c, DHCP_REQUEST, asked);
        if (e != OK)
            log_debug("the request cannot be sent: %s", err_string(e));
        e = dhcp_await(c, DHCP_ACK, &asked->server, since + back_off(c, attempt), &ack);
        if (e == OK)
            e = dhcp_configure(c, &ack, since);
        TRY(os_check());
    }
    if (e == ERR_EXISTS)
        TRY(decline(c, &ack.yours, &ack.server));
    return e;
}

/* INIT-REBOOT (section 4.4.2): request the address from before, on a link that may be another one. */
static IO err reboot(struct dhcp_client *c)
{
    struct dhcp_asked asked = { .requested = c->wanted };
    dhcp_begin(c);
    return request(c, &asked);
}

static IO err acquire(struct dhcp_client *c)
{
    struct dhcp_message offer;
    TRY(discover(c, &offer));
    return request(c, &(struct dhcp_asked){ .requested = offer.yours, .server = offer.server });
}

/* Ask once to extend the lease. If there is no answer, a later request may get one. */
static IO err extend(struct dhcp_client *c, bool unicast)
{
    struct dhcp_asked asked = { .by_address = true, .unicast = unicast };
    struct dhcp_message ack;
    os_time since = os_now();
    dhcp_begin(c);
    os_time until = since + EXTEND_WAIT < c->lease.expire ? since + EXTEND_WAIT : c->lease.expire;
    err e = dhcp_send(c, DHCP_REQUEST, &asked);
    /* Only a refusal or its end takes a lease away (section 4.4.5), not an answer about another address. */
    do {
        if (e == OK)
            e = dhcp_await(c, DHCP_ACK, unicast ? &c->lease.server : &IP_ANY, until, &ack);
    } while (e == OK && !ip_equal(&ack.yours, &c->lease.address.addr));
    return e == OK ? dhcp_configure(c, &ack, since) : e;
}

/*
 * When to ask next: half of what is left until the end of this state, but not before a minute (section
 * 4.4.5).
 */
static os_time next_try(os_time now, os_time end)
{
    os_time pause = (end - now) / 2;
    if (pause < EXTEND_PAUSE)
        pause = EXTEND_PAUSE;
    return now + pause < end ? now + pause : end;
}

/* The states BOUND, RENEWING and REBINDING. Returns when the lease is lost, with the reason. */
static IO err hold(struct dhcp_client *c)
{
    struct lease *l = &c->lease;
    os_time when = l->renew;
    for (;;) {
        err e = os_wait_until(&c->woken, when);
        TRY(os_check());
        if (c->conflict) {
            struct lease lost = *l;
            dhcp_unconfigure(c);
            TRY(decline(c, &lost.address.addr, &lost.server));
            return ERR_EXISTS;
        }
        os_time now = os_now();
        if (now >= l->expire)
            return ERR_TIMEOUT;
        if (e == OK || now < when)
            continue;
        c->began = when == l->renew ? now : c->began;
        e = extend(c, now < l->rebind);
        TRY(os_check());
        if (e == ERR_REFUSED)
            return e;
        now = os_now();
        when = e == OK ? l->renew : next_try(now, now < l->rebind ? l->rebind : l->expire);
    }
}

INTERNAL IO err dhcp_run(void *arg)
{
    struct dhcp_client *c = arg;
    err e = OK;
    c->began = os_now();
    if (!ip_is_any(&c->wanted))
        e = reboot(c);
    while (os_check() == OK) {
        if (!c->bound) {
            e = acquire(c);
            /* Pause, in case the server offers an address and then refuses it again and again. */
            if (e != OK)
                TRY(os_sleep_until(os_now() + SECONDS(1)));
            continue;
        }
        e = hold(c);
        TRY(os_check());
        if (c->bound) {
            log_warning("the lease is lost: %s", err_string(e));
            /* Ask for the same address again, unless the server has refused it. */
            c->wanted = e == ERR_TIMEOUT ? c->lease.address.addr : IP_ANY;
            dhcp_unconfigure(c);
        }
        c->began = os_now();
    }
    return os_check();
}
