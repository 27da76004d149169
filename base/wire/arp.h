/* ARP packets of IPv4 over Ethernet (RFC 826). Pure. */
#ifndef BASE_WIRE_ARP_H
#define BASE_WIRE_ARP_H

#include <mirage/sig/ethernet.h>
#include <base/wire/wire.h>

enum {
    ARP_HARDWARE = 0,
    ARP_PROTOCOL = 2,
    ARP_LENGTHS = 4,
    ARP_OPERATION = 6,
    ARP_SENDER_MAC = 8,
    ARP_SENDER_IP = 14,
    ARP_TARGET_MAC = 18,
    ARP_TARGET_IP = 24,
    ARP_PACKET = 28,
};

enum arp_operation { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp_packet {
    enum arp_operation operation;
    struct ethernet_address sender_mac, target_mac;
    uint32_t sender_ip, target_ip; /* host order */
};

/*
 * ERR_FORMAT when the bytes are not a request or reply of IPv4 over Ethernet, or the sender's link address is
 * one that no host can have. The bytes behind the packet are padding.
 */
static inline err arp_parse(struct arp_packet *out, const uint8_t *p, size_t len)
{
    if (len < ARP_PACKET || wire_get16(p + ARP_HARDWARE) != 1 ||
        wire_get16(p + ARP_PROTOCOL) != ETHERNET_IPV4 || wire_get16(p + ARP_LENGTHS) != 0x0604)
        return ERR_FORMAT;
    uint16_t operation = wire_get16(p + ARP_OPERATION);
    if ((operation != ARP_REQUEST && operation != ARP_REPLY) || (p[ARP_SENDER_MAC] & 1) != 0)
        return ERR_FORMAT;
    out->operation = (enum arp_operation)operation;
    memcpy(out->sender_mac.bytes, p + ARP_SENDER_MAC, 6);
    memcpy(out->target_mac.bytes, p + ARP_TARGET_MAC, 6);
    out->sender_ip = wire_get32(p + ARP_SENDER_IP);
    out->target_ip = wire_get32(p + ARP_TARGET_IP);
    return OK;
}

/* Writes ARP_PACKET bytes. */
static inline void arp_emit(uint8_t *p, const struct arp_packet *packet)
{
    wire_put16(p + ARP_HARDWARE, 1);
    wire_put16(p + ARP_PROTOCOL, ETHERNET_IPV4);
    wire_put16(p + ARP_LENGTHS, 0x0604);
    wire_put16(p + ARP_OPERATION, packet->operation);
    memcpy(p + ARP_SENDER_MAC, packet->sender_mac.bytes, 6);
    wire_put32(p + ARP_SENDER_IP, packet->sender_ip);
    memcpy(p + ARP_TARGET_MAC, packet->target_mac.bytes, 6);
    wire_put32(p + ARP_TARGET_IP, packet->target_ip);
}

#endif
