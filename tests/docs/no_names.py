"""The recursive resolver of a plain page, on 127.0.0.153: no name exists that no page serves.

It returns when it answers, and goes on in the background. Without it, everything outside of a
page's own zones would be unknown.
"""

from __future__ import annotations

import os
import socket

import dns.flags
import dns.message
import dns.rcode


def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.153", 53))
        if os.fork() == 0:
            while True:
                question, asker = udp.recvfrom(4096)
                answer = dns.message.make_response(dns.message.from_wire(question))
                answer.flags |= dns.flags.RA
                answer.set_rcode(dns.rcode.NXDOMAIN)
                udp.sendto(answer.to_wire(), asker)


if __name__ == "__main__":
    main()
