#!/usr/bin/env python3
"""freebsd.py FROM TO: translate the scripts of FreeBSD's TCP test suite (github.com/freebsd-net/tcp-testsuite).

They are written for that system's packetdrill and that system's TCP. The translation keeps what TCP has to do, and
leaves out what only FreeBSD can: its settings that the stack has no counterpart of, the sizes of its buffers and the
windows that follow from them. Options of a SYN stand in the order that the stack writes them in. Where a script has
one course for the standard and one for FreeBSD, it takes the standard's. README.md gives the reason for each change.
"""
import pathlib
import re
import sys


def receive_buffer(largest):
    """On both systems the window scale follows from the largest buffer. The usual one keeps the window at 65535."""
    return f'net.ipv4.tcp_rmem="4096 {min(largest, 131072)} {largest}"'


SETTINGS = {
    'net.inet.tcp.rfc1323': lambda v: [f'net.ipv4.tcp_timestamps={v}', f'net.ipv4.tcp_window_scaling={v}'],
    'net.inet.tcp.sack.enable': lambda v: [f'net.ipv4.tcp_sack={v}'],
    'net.inet.tcp.ecn.enable': lambda v: [f'net.ipv4.tcp_ecn={v}'],
    'net.inet.tcp.syncookies_only': lambda v: [f'net.ipv4.tcp_syncookies={1 + int(v)}'],
    'net.inet.tcp.keepidle': lambda v: [f'net.ipv4.tcp_keepalive_time={int(v) // 1000}'],
    'net.inet.tcp.keepintvl': lambda v: [f'net.ipv4.tcp_keepalive_intvl={int(v) // 1000}'],
    'net.inet.tcp.keepcnt': lambda v: [f'net.ipv4.tcp_keepalive_probes={v}'],
    # FreeBSD gives a handshake so long; the stack counts its SYNs, sent after 1, 2, 4, ... seconds.
    'net.inet.tcp.keepinit': lambda v: [f'net.ipv4.tcp_syn_retries={max(1, (int(v) // 1000 + 1).bit_length() - 1)}'],
    'net.inet.tcp.fastopen.client_enable': lambda v: [f'net.ipv4.tcp_fastopen={v}'],
    'net.inet.tcp.recvspace': lambda v: [receive_buffer(2097152)],
    'kern.ipc.maxsockbuf': lambda v: [receive_buffer(int(v))],
}
CONSTANTS = {
    'TCPI_SYN_RECEIVED': 'TCP_SYN_RECV', 'TCPI_ESTABLISHED': 'TCP_ESTABLISHED', 'TCPI_TIME_WAIT': 'TCP_TIME_WAIT',
    'TCPI_SYN_SENT': 'TCP_SYN_SENT', 'TCPI_CLOSE_WAIT': 'TCP_CLOSE_WAIT', 'TCPI_CLOSED': 'TCP_CLOSE',
    'TCPI_LISTEN': 'TCP_LISTEN', 'TCPI_LAST_ACK': 'TCP_LAST_ACK', 'TCPI_FIN_WAIT_1': 'TCP_FIN_WAIT1',
    'TCPI_FIN_WAIT_2': 'TCP_FIN_WAIT2', 'TCPI_CLOSING': 'TCP_CLOSING',
}
TIME = re.compile(r'^(\s*)(\+?)\s*(\d*\.?\d+)?(\s+)')


def chosen(lines):
    """The lines that remain when STANDARD is defined."""
    keep = [True]
    for line in lines:
        word = line.split()
        if line.startswith('#ifdef'):
            keep.append(keep[-1] and word[1] == 'STANDARD')
        elif line.startswith('#endif'):
            keep.pop()
        elif keep[-1]:
            yield line


def syn_options(text):
    """The options of a SYN that the stack sends, in its order and with its padding."""
    parts = [p.strip() for p in text.split(',')]
    by = {p.split()[0]: p for p in parts if p.split()[0] not in ('nop', 'eol')}
    out = [by['mss']] if 'mss' in by else []
    if 'TS' in by:
        out += ['sackOK', by['TS']] if 'sackOK' in by else ['nop', 'nop', by['TS']]
    elif 'sackOK' in by:
        out += ['nop', 'nop', 'sackOK']
    if 'wscale' in by:
        out += ['nop', by['wscale']]
    for name in ('FO', 'FOEXP'):
        if name in by:
            cookie = (by[name].split() + [''])[1]
            size = 2 + len(cookie) // 2 + (2 if name == 'FOEXP' else 0)
            out += [by[name]] + ['nop'] * (-size % 4)
    return ','.join(out)


def inside(m):
    """A number near the right edge of FreeBSD's window, as it lies to the stack's, which is of 65535 bytes."""
    by = next((w - 65535 for w in (65700, 66240) if w <= int(m.group(1)) <= w + 2), 0)
    return f'{int(m.group(1)) - by}:{int(m.group(2)) - by}('


def both_close(lines):
    """When both ends close, FreeBSD repeats its FIN with the acknowledgement; RFC 9293, figure 13, does not."""
    sent = closing = False
    for line in lines:
        finish = re.search(r'([<>])\s*F\.\s*1:1\(0\)\s*ack\s*([12])', line)
        if finish and finish.groups() == ('>', '1'):
            sent = True
        elif finish and finish.groups() == ('<', '1'):
            closing = sent
        elif finish and finish.groups() == ('>', '2') and closing:
            line = re.sub(r'>\s*F\.\s*1:1\(0\)', '> . 2:2(0)', line)
        elif re.search(r'\bsocket\(', line):
            sent = closing = False
        yield line


def packet(line):
    out = re.match(r'^[\s+\d.*~-]*>', line) is not None
    line = re.sub(r'<([^<>]*)>', lambda m: '<' + re.sub(r'\beol\b', 'nop' if out else 'eol', m.group(1)) + '>', line)
    if not out:
        return re.sub(r'(?<=[RS. ])(\d+):(\d+)\((?=\d+\))', inside, line, count=1)
    if not re.search(r'>\s*S', line):
        line = re.sub(r'\bwin\s+[1-9]\d*', '', line)
    else:
        line = re.sub(r'<([^<>.]+)>', lambda m: '<' + syn_options(m.group(1)) + '>', line)
    return line


def unhurried(line):
    """FreeBSD delays the first acknowledgements too."""
    opened = re.search(r'\b(?:accept\(.*\) = (\d+)|connect\((\d+),.*)', line)
    fd = opened and (opened.group(1) or opened.group(2))
    return [f'+0 setsockopt({fd}, SOL_TCP, TCP_QUICKACK, [0], 4) = 0'] if fd else []


def closed(lines):
    """
    packetdrill has no packets for a socket that is bound and does not listen. A listener that is closed again is as
    closed. Where the script makes it listen later, another one does.
    """
    bound = next((i for i, line in enumerate(lines) if ' bind(3' in line), None)
    if bound is None:
        return lines
    uses = re.compile(r'[^/]*(listen\(|[<>] |connect\()')
    later = next((i for i, line in enumerate(lines[bound + 1:], bound + 1) if uses.match(line)), None)
    if later is None or '<' not in lines[later].split('(')[0]:
        return lines
    made = lines[:bound + 1] + ['+0.00 listen(3, 1) = 0', '+0.00 close(3) = 0']
    rest = lines[bound + 1:]
    listens = next((i for i, line in enumerate(rest) if ' listen(' in line), None)
    if listens is None:
        return made + [line for line in rest if ' close(3)' not in line]
    calls = re.compile(r'(socket|setsockopt|bind)\(')
    again = [re.sub(r'^[\s+]*[\d.]+', '+0.00', line) for line in lines[:bound + 1] if calls.search(line)]
    return made + rest[:listens] + again + rest[listens:]


def arrival(lines):
    """How long until the next packet arrives."""
    total = 0.0
    for line in lines:
        m = TIME.match(line)
        if m and m.group(2) == '+' and m.group(3):
            total += float(m.group(3))
        if re.match(r'^[\s+\d.*]*<', line):
            return total
    return 0.0


def settings(line):
    """The stack's settings for one of FreeBSD's: lines in the script's place."""
    at = TIME.match(line)
    m = re.search(r'`sysctl -w ([\w.]+)=(\S+?)`', line)
    if '`sysctl' not in line:
        return [line]
    made = SETTINGS.get(m.group(1), lambda v: [])(m.group(2)) if m else []
    if not made:
        return [f'{at.group(0)}`true`'] if at and at.group(3) and float(at.group(3)) > 0 else []
    return [f'{at.group(0) if at else "+0 "}`sysctl -q {" ".join(made)}`']


def translate(text):
    text = re.sub(r'`[^`]*`', lambda m: m.group(0).replace('\n', ' '), text)
    lines = closed(list(both_close(chosen(text.split('\n')))))
    out, begun = [], False
    if '--mtu=' not in text:
        out.append('// stack: mtu=1500')
    for i, line in enumerate(lines):
        line = re.sub(r'\s*//.*', '', line)
        if not line.strip():
            continue
        if line.startswith('--'):
            # packetdrill does not tell the stack what its own --mtu is: run.sh does.
            out.append(re.sub(r'^--mtu=', '// stack: mtu=', line))
            continue
        if '`' in line:
            made = settings(line)
        elif re.search(r'[sg]etsockopt\(\d, SOL_SOCKET, SO_(RCV|SND)BUF', line) and 'getsockopt' in line:
            at = TIME.match(line)
            made = [f'{at.group(0)}`true`'] if at and at.group(3) and float(at.group(3)) > 0 else []
        elif re.match(r'^[\s+\d.*~-]*[<>]', line):
            made = [packet(line)]
        elif 'TCP_FASTOPEN' in line:
            made = []
        elif 'sendto(' in line and 'fastopen' in text:
            line = re.sub(r'(sendto\(\d+, \.\.\., \d+), 0,', r'\1, MSG_FASTOPEN,', line)
            # It waits for the handshake here.
            if '= -1' not in line:
                line = re.sub(r'^(\+[\d.]+)', rf'\1...{arrival(lines[i + 1:]):.2f}', line)
            made = [line]
        else:
            for a, b in CONSTANTS.items():
                line = re.sub(rf'\b{a}\b', b, line)
            made = [line]
            made += unhurried(line)
        for m in made:
            if not begun and m.lstrip().startswith('+'):
                m = re.sub(r'^\s*\+', ' ', m)
            begun = True
            out.append(m)
    return '\n'.join(out) + '\n'


def main():
    source, target = (pathlib.Path(p) for p in sys.argv[1:3])
    for path in sorted(source.rglob('*.pkt')):
        to = target / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(translate(path.read_text(errors='replace')))


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit('usage: freebsd.py FROM TO: the folder of the test suite, and the one for its translation')
    main()
